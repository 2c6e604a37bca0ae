{%- set table = decision_table('tier_rules') %}

with

evaluations as (
    select * from {{ ref('int_evaluations_rated') }}
),

{{ match_rules(
    'evaluations',
    table,
    ref('int_tier_rule_cells'),
    {'rule_id': 'rule_id', 'outcome_rank': 'computed_tier_rank'},
    rule_set="'" ~ var('tier_rule_set') ~ "'",
) }}

select * from matched
