{%- set table = decision_table('tier_rules') %}

with

-- Only what the rules ask for: the rows are windowed next, and narrow rows are cheap to sort.
evaluations as (
    select
        customer_id,
        market,
        {{ each('{}', table.measures) }},
        evaluation_date
    from {{ ref('strata', 'int_customer_scores') }}
),

{{ match_rules(
    'evaluations',
    'tier_rules',
    table,
    ref('strata', 'int_rules_in_force'),
    ref('strata', 'int_rule_ranges'),
    {'rule_id': 'rule_id', 'outcome': 'computed_tier_code'},
) }},

tiers as (
    select
        tier_code,
        tier_rank
    from {{ ref('tiers') }}
),

tiered as (
    select
        matched.customer_id,
        matched.market,
        matched.rule_id,
        tiers.tier_rank as computed_tier_rank,
        matched.evaluation_date
    from tier_rules_matched as matched
    left join tiers on matched.computed_tier_code = tiers.tier_code
)

select * from tiered
