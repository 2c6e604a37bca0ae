{% macro demo_seeds() -%}
    {{ return({
        'tier_rules': 'fcb47d6558bcb18dd86a9a0fec83d037184d0820264e8f054862df4cb42804f8',
        'tier_overrides': '4eaed7b7d0f84d197f41036735eab47bd061cd796e6617324d01ef95a74352e2',
        'rfm_bands': 'f5289d0dfc06c64f840e054ee94ad26e057a91d7c11af3302285087c183770ae',
        'rfm_clusters': 'b63c8327a9c52b84d1e41db67e41677916f9191e419bfc89c24aa16504cc5db2',
        'score_components': 'e085fcf021a6f466a743691dc038154d4ec1ed4e4bac97e88d737ffaea0559bc',
        'clv_parameters': '8d23b75e024a6eedaa940472b0cdf1ff85cc7bfbc0a7b8424226dd5bc7523873',
        'purchase_cycles': 'b77b498779aa2bfe668770f3cf9f285888d8c50b535b02f4abc6e0407134435d',
        'markets': 'a211da67ae4c742e376e2b94ced478004d818ae57454b1e886da6f56bec0972a',
        'exchange_rates': 'c7948e6e70b6aa9934d2b2b228e58228ba7cf51a4934173fdd11bc2bd9e7660a',
        'campaigns': '0a12a6c2fbe742251534b34fabb021f03dfc5bf19e8b5004ee96ebd2d9a242be',
        'milestones': 'd75e19edfc79c6dbfe1562dd3910dcb890abe227df2d2be5be3ee1c400587dba',
        'action_rules': 'b8be2609ec527fa32d20c734117428cbe6786ace44e2caea10f854cef52f778e'
    }) }}
{%- endmacro %}

{#- The rows of a seed in force on as_of_date that nobody has decided: `strata init` writes them, and their
    note begins with the word. -#}
{% macro placeholders(seed_name) -%}
    {%- set relation = relation_of(seed_name) -%}
    {%- if not relation -%}
        {{ return(0) }}
    {%- endif -%}
    {{ return(run_query(
        'select count(*) from ' ~ relation ~ " where lower(note) like 'placeholder%' and valid_from <= " ~ as_of_date()
        ~ ' and (valid_to is null or valid_to > ' ~ as_of_date() ~ ')'
        ~ (" and rule_set = '" ~ var('tier_rule_set') ~ "'" if seed_name == 'tier_rules')).rows[0][0] | int) }}
{%- endmacro %}
