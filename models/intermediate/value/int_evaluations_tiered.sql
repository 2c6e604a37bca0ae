with

evaluations as (
    select * from {{ ref('int_customer_evaluations') }}
),

{{ match_rules(
    'evaluations',
    'tier_rules',
    'int_tier_rule_cells',
    {'rule_id': 'rule_id', 'outcome_rank': 'computed_tier_rank'},
    rule_set="'" ~ var('tier_rule_set') ~ "'",
) }}

select * from matched
