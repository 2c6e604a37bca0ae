{#- What a run has done to the project: how it ended, and the marts that it made. -#}

{#- {'outcome': ..., 'reason': ...}: complete only where everything of the project was made and
    tested, with real rows and rules. Unit tests are not in the graph, so the arguments are looked at too. -#}
{% macro run_outcome(results) -%}
    {%- set sound = [] -%}
    {%- set unsound = [] -%}
    {%- for result in results -%}
        {%- if result.status in ['success', 'pass', 'warn', 'no-op'] -%}
            {%- do sound.append(result.node.unique_id) -%}
        {%- else -%}
            {%- do unsound.append(result.node.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set absent = [] -%}
    {%- for node in nodes_of_strata()
        if node.resource_type in ['model', 'seed', 'snapshot', 'test']
        and node.config.materialized != 'ephemeral' and node.unique_id not in sound -%}
        {%- do absent.append(node.unique_id) -%}
    {%- endfor -%}
    {%- set narrowed = [] -%}
    {%- for argument in ['select', 'exclude', 'selector', 'resource_types',
                         'exclude_resource_types', 'empty', 'sample'] -%}
        {%- if invocation_args_dict.get(argument) -%}
            {%- do narrowed.append('--' ~ argument | replace('_', '-')) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if unsound -%}
        {{ return({
            'outcome': 'failed',
            'reason': unsound | length ~ ' nodes failed or were skipped, first '
                ~ unsound[0]}) }}
    {%- elif flags.WHICH != 'build' or narrowed or absent -%}
        {{ return({
            'outcome': 'partial',
            'reason': 'it was dbt ' ~ flags.WHICH ~ (' with ' if narrowed) ~ narrowed | join(', ')}) }}
    {%- elif placeholders('tier_rules') -%}
        {{ return({
            'outcome': 'placeholder',
            'reason': 'it has placeholders for rules (seed tier_rules)'}) }}
    {%- endif -%}
    {{ return({'outcome': 'complete', 'reason': sound | length ~ ' nodes'}) }}
{%- endmacro %}

{#- Each mart as a row ('name', ['key column', ...]): the columns of its grain test. Null where its
    key may be null, which a test says by its `where`. -#}
{% macro duckdb__built_marts() -%}
    {%- set keys = {} -%}
    {%- for test in nodes_of_strata() | selectattr('resource_type', 'equalto', 'test')
        | sort(attribute='name', reverse=true)
        if test.attached_node and not test.config.where -%}
        {%- set key = test.config.meta.key
            or (test.test_metadata.kwargs.columns if test.test_metadata.name == 'grain') -%}
        {%- if key -%}
            {%- do keys.update({test.attached_node: "['" ~ key | join("', '") ~ "']"}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set rows = [] -%}
    {%- for node in nodes_of_strata()
        if node.resource_type == 'model' and node.schema == generate_schema_name('marts', node) -%}
        {%- do rows.append(
            "('" ~ node.alias ~ "', cast(" ~ keys.get(node.unique_id, 'null') ~ ' as text[]))') -%}
    {%- endfor -%}
    {{ return(rows) }}
{%- endmacro %}
