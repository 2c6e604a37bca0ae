-- The bodies of the loops below are indented as they are read.
-- noqa: disable=LT02
{#- What if the rules, the score or the refunds were those of the evaluation before? Beside it what the
    rules of now say, which need not be what was stored. -#}
{%- set table = decision_table('tier_rules') %}
{%- set cases = {
    'old_rules': {},
    'new_rules': {},
    'old_score': {'composite_score': 'changes.previous_composite_score'},
    'no_refunds': {
        'net_revenue_12m': 'history.net_revenue_12m + changes.refunded_12m',
        'lifetime_net_revenue': 'history.lifetime_net_revenue + changes.refunded',
    },
} %}

with

changes as (
    select * from {{ ref('strata', 'int_tier_changes') }}
    where previous_evaluation_date is not null
),

variants as (
    {%- for name, changed in cases.items() %}
    select
        history.customer_id,
        history.market,
        '{{ name }}' as variant,
        {%- for measure in table.measures %}
        {{ changed.get(measure, 'history.' ~ measure) }} as {{ measure }},
        {%- endfor %}
        changes.evaluation_date as change_date,
        changes.{{ 'previous_' if name == 'old_rules' }}evaluation_date as evaluation_date
    from changes
    inner join {{ ref('strata', 'customer_tier_history') }} as history
        on
            changes.customer_id = history.customer_id
            and changes.evaluation_date = history.evaluation_date
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

{{ match_rules(
    'variants',
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
        {%- for name in cases %}
        max(case when matched.variant = '{{ name }}' then tiers.tier_rank end) as {{ name }}_tier_rank,
        {%- endfor %}
        matched.change_date as evaluation_date
    from tier_rules_matched as matched
    left join tiers on matched.tier_code = tiers.tier_code
    group by
        matched.customer_id,
        matched.change_date
)

select * from counterfactuals
