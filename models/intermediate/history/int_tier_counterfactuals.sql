{#- What if the rules, the score or the refunds were those of the evaluation before? Beside it what the
    rules of now say, which need not be what was stored. -#}
{%- set table = decision_table('tier_rules') %}
{%- set supposed = {
    'composite_score': "case when variants.variant = 'old_score' then changes.previous_composite_score"
        ~ " else history.composite_score end",
    'net_revenue_12m': "history.net_revenue_12m"
        ~ " + case when variants.variant = 'no_refunds' then changes.refunded_12m else 0 end",
    'lifetime_net_revenue': "history.lifetime_net_revenue"
        ~ " + case when variants.variant = 'no_refunds' then changes.refunded else 0 end",
} %}

with

changes as (
    select * from {{ ref('strata', 'int_tier_changes') }}
    where previous_evaluation_date is not null
),

variants as (
    select 'old_rules' as variant
    union all
    select 'new_rules' as variant
    union all
    select 'old_score' as variant
    union all
    select 'no_refunds' as variant
),

evaluations as (
    select
        history.customer_id,
        history.market,
        variants.variant,
        {{ measure_columns(table, 'history', supposed) }},
        changes.evaluation_date as change_date,
        case
            when variants.variant = 'old_rules' then changes.previous_evaluation_date
            else changes.evaluation_date
        end as evaluation_date
    from changes
    inner join {{ ref('strata', 'customer_tier_history') }} as history
        on
            changes.customer_id = history.customer_id
            and changes.evaluation_date = history.evaluation_date
    cross join variants
),

{{ match_rules(
    'evaluations',
    'tier_rules',
    table,
    ref('strata', 'int_rules_in_force'),
    ref('strata', 'int_rule_ranges'),
    {'outcome': 'tier_code'},
) }},

tiers as (
    select
        tier_code,
        tier_rank
    from {{ ref('tiers') }}
),

counterfactuals as (
    select
        matched.customer_id,
        {{ each(
            "max(case when matched.variant = '{}' then tiers.tier_rank end) as {}_tier_rank",
            ['old_rules', 'new_rules', 'old_score', 'no_refunds'],
        ) }},
        matched.change_date as evaluation_date
    from tier_rules_matched as matched
    left join tiers on matched.tier_code = tiers.tier_code
    group by
        matched.customer_id,
        matched.change_date
)

select * from counterfactuals
