with

history as (
    select * from {{ ref('customer_tier_history') }}
    where is_current
),

rules as (
    select
        rule_id,
        note
    from {{ ref('int_tier_rules') }}
),

tiers as (
    select
        tier_code,
        label_en
    from {{ ref('tiers') }}
),

next_tiers as (
    select * from {{ ref('int_next_tiers') }}
),

sentences as (
    select
        history.customer_id,
        tiers.label_en
        || ': ' || cast(history.orders_12m as {{ dbt.type_string() }})
        || ' orders and {{ var("reporting_currency") }} '
        || cast(history.net_revenue_12m as {{ dbt.type_string() }})
        || ' net revenue in 12 months'
        || case
            when history.tier_basis = 'held'
                then ' give ' || computed_tiers.label_en || ' by rule ' || history.rule_id
                    || ' (' || coalesce(rules.note, 'no note') || '); the higher tier earned '
                    || 'before is still held'
            else ' match rule ' || history.rule_id || ' (' || coalesce(rules.note, 'no note') || ')'
        end
        || case
            when next_tiers.next_tier_code is null then '; no tier is higher.'
            when next_tiers.next_tier_blocker is not null
                then '; ' || above_tiers.label_en || ' is not reached by ordering more, because of '
                    || next_tiers.next_tier_blocker || '.'
            else '; ' || above_tiers.label_en || ' takes '
                || cast(next_tiers.orders_to_next_tier as {{ dbt.type_string() }})
                || ' more orders and {{ var("reporting_currency") }} '
                || cast(next_tiers.revenue_to_next_tier as {{ dbt.type_string() }})
                || ' more net revenue.'
        end as explanation
    from history
    inner join tiers on history.tier_code = tiers.tier_code
    inner join tiers as computed_tiers on history.computed_tier_code = computed_tiers.tier_code
    left join rules on history.rule_id = rules.rule_id
    left join next_tiers on history.customer_id = next_tiers.customer_id
    left join tiers as above_tiers on next_tiers.next_tier_code = above_tiers.tier_code
)

select * from sentences
