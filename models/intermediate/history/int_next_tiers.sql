{{ config(materialized='table') }}  -- read twice by the customers' marts

{%- set table = decision_table('tier_rules') %}
{%- set measures = measures_of(table) %}
{%- set orders = ['lifetime_orders', 'orders_12m'] %}
{%- set revenues = ['lifetime_net_revenue', 'net_revenue_12m'] %}

with

customers as (
    select
        scores.*,
        final_tiers.tier_rank,
        final_tiers.is_held_down
    from {{ ref('strata', 'int_customer_scores') }} as scores
    inner join {{ ref('strata', 'int_evaluation_dates') }} as dates
        on scores.evaluation_date = dates.evaluation_date and dates.is_current
    inner join {{ ref('strata', 'int_final_tiers') }} as final_tiers
        on
            scores.customer_id = final_tiers.customer_id
            and scores.evaluation_date = final_tiers.evaluation_date
),

{{ range_bounds('tier_rules', table, ref('strata', 'int_rule_ranges')) }},

placed as (
    select
        customers.customer_id,
        customers.market,
        customers.tier_rank,
        customers.is_held_down,
        {{ each('customers.{}', orders + revenues) }},
        {{ each(by_range('customers.{}', 'bounds.{}') ~ ' as {}_step', measures) }}
    from customers
    inner join tier_rules_bounds as bounds
        on
            customers.evaluation_date = bounds.evaluation_date
            and customers.market = bounds.market
            and bounds.rule_set = '{{ var("tier_rule_set") }}'
),

ways as (
    select
        placed.*,
        tier_steps.tier_code as next_tier_code,
        tier_steps.tier_rank as next_tier_rank,
        tier_steps.blockers,
        {{ each('tier_steps.{}_to', orders + revenues) }},
        greatest(
            0,
            {{ each('coalesce(tier_steps.{}_from - placed.{}, 0)', orders) }}
        ) as further_orders,
        greatest(
            cast(0 as decimal(18, 2)),
            {{ each('coalesce(cast(tier_steps.{}_from - placed.{} as decimal(18, 2)), 0)', revenues) }}
        ) as further_revenue
    from placed
    inner join {{ ref('strata', 'int_tier_steps') }} as tier_steps
        on
            placed.market = tier_steps.market
            and {{ each('placed.{}_step = tier_steps.{}_step', measures, ' and') }}
            and placed.tier_rank < tier_steps.tier_rank
),

-- A way is open if what it takes does not overshoot the cell. Whom an expert holds down, no order lifts.
open_ways as (
    select
        ways.*,
        row_number() over (
            partition by ways.customer_id
            order by ways.next_tier_rank, ways.further_orders, ways.further_revenue, ways.next_tier_code
        ) as preference
    from ways
    where
        ways.blockers = ''
        and not ways.is_held_down
        and {{ each('(ways.{}_to is null or ways.{} + ways.further_orders < ways.{}_to)', orders, ' and') }}
        and {{ each('(ways.{}_to is null or ways.{} + ways.further_revenue < ways.{}_to)', revenues, ' and') }}
),

tiers as (
    select
        tier_code,
        tier_rank,
        lead(tier_code) over (order by tier_rank) as tier_above_code
    from {{ ref('tiers') }}
),

next_tiers as (
    select
        placed.customer_id,
        coalesce(open_ways.next_tier_code, tiers.tier_above_code) as next_tier_code,
        cast(open_ways.further_revenue as decimal(18, 2)) as revenue_to_next_tier,
        cast(open_ways.further_orders as integer) as orders_to_next_tier,
        case
            when tiers.tier_above_code is null then null
            when placed.is_held_down then 'override'
            when open_ways.customer_id is null
                then coalesce(substring(blocked_ways.blockers, 3), 'no rule leads there')
        end as next_tier_blocker
    from placed
    inner join tiers on placed.tier_rank = tiers.tier_rank
    left join open_ways
        on placed.customer_id = open_ways.customer_id and open_ways.preference = 1
    left join ways as blocked_ways
        on
            placed.customer_id = blocked_ways.customer_id
            and tiers.tier_above_code = blocked_ways.next_tier_code
            and blocked_ways.blockers <> ''
)

select * from next_tiers
