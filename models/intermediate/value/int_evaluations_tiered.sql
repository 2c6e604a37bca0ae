with

evaluations as (
    select * from {{ ref('int_evaluations_segmented') }}
),

{{ match_rules(
    'evaluations',
    'tier_rules',
    'int_tier_rule_cells',
    {'rule_id': 'rule_id', 'outcome': 'computed_tier_code'},
    rule_set="'" ~ var('tier_rule_set') ~ "'",
) }},

tiers as (
    select
        tier_code,
        tier_rank
    from {{ ref('tiers') }}
),

tiered as (
    select
        matched.*,
        tiers.tier_rank as computed_tier_rank
    from matched
    left join tiers on matched.computed_tier_code = tiers.tier_code
)

select * from tiered
