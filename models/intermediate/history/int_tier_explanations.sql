{%- set text = dbt.type_string() %}

with

history as (
    select * from {{ ref('strata', 'customer_tier_history') }}
    where is_current
),

rules as (
    select
        rule_id,
        min(sentence) as sentence
    from {{ ref('strata', 'int_rules_in_force') }}
    where decision_table = 'tier_rules'
    group by rule_id
),

tiers as (
    select
        tier_code,
        label_en
    from {{ ref('tiers') }}
),

overrides as (
    select
        override_id,
        mode,
        tier_code,
        coalesce(reason, '') as reason,
        coalesce(approved_by, '') as approved_by
    from {{ ref('tier_overrides') }}
),

next_tiers as (
    select * from {{ ref('strata', 'int_next_tiers') }}
),

parts as (
    select
        history.customer_id,
        tiers.label_en || ': ' || cast(history.orders_12m as {{ text }})
        || case when history.orders_12m = 1 then ' order' else ' orders' end
        || ' and {{ var("reporting_currency") }} '
        || cast(history.net_revenue_12m as {{ text }}) || ' net revenue in 12 months'
        || coalesce(
            ' (score ' || {{ rounded('history.composite_score') }} || ')', ''
        ) as figures,
        case
            when history.computed_tier_code = history.tier_code
                then ' match rule ' || history.rule_id || ': ' || rules.sentence
            else
                ' give ' || computed_tiers.label_en || ' by rule ' || history.rule_id
                || ': ' || rules.sentence
        end
        || case history.tier_basis
            when 'held' then '; the higher tier earned before is still held'
            when 'override'
                then
                    '; override ' || overrides.override_id || ' (' || overrides.mode || ' '
                    || override_tiers.label_en || ', approved by ' || overrides.approved_by || ': '
                    || overrides.reason || ') decides'
            else ''
        end as basis,
        case
            when next_tiers.next_tier_code is null then '; no tier is higher.'
            when next_tiers.next_tier_blocker = 'override'
                then '; ' || above_tiers.label_en || ' is not reached while the override is in force.'
            when next_tiers.next_tier_blocker is not null
                then
                    '; ' || above_tiers.label_en || ' is not reached by ordering more: '
                    || next_tiers.next_tier_blocker || '.'
            else
                '; ' || above_tiers.label_en || ' takes '
                || cast(next_tiers.orders_to_next_tier as {{ text }})
                || case when next_tiers.orders_to_next_tier = 1 then ' more order' else ' more orders' end
                || ' and {{ var("reporting_currency") }} '
                || cast(next_tiers.revenue_to_next_tier as {{ text }}) || ' more net revenue.'
        end as next_step
    from history
    inner join tiers on history.tier_code = tiers.tier_code
    inner join tiers as computed_tiers on history.computed_tier_code = computed_tiers.tier_code
    inner join rules on history.rule_id = rules.rule_id
    left join overrides on history.override_id = overrides.override_id
    left join tiers as override_tiers on overrides.tier_code = override_tiers.tier_code
    left join next_tiers on history.customer_id = next_tiers.customer_id
    left join tiers as above_tiers on next_tiers.next_tier_code = above_tiers.tier_code
),

explanations as (
    select
        customer_id,
        figures || basis || next_step as explanation
    from parts
)

select * from explanations
