{%- set table = decision_table('tier_rules') %}

with

-- Only what the rules ask for: the rows are windowed next, and narrow rows are cheap to sort.
evaluations as (
    select
        customer_id,
        market,
        {%- for measure in table.measures %}
        {{ measure }},
        {%- endfor %}
        {%- for code in table.codes %}
        {{ code }},
        {%- endfor %}
        evaluation_date
    from {{ ref('int_evaluations_rated') }}
),

{{ match_rules(
    'evaluations',
    table,
    ref('int_tier_rule_cells'),
    {'rule_id': 'rule_id', 'outcome_rank': 'computed_tier_rank'},
    rule_set="'" ~ var('tier_rule_set') ~ "'",
) }},

tiered as (
    select
        customer_id,
        market,
        rule_id,
        computed_tier_rank,
        evaluation_date
    from matched
)

select * from tiered
