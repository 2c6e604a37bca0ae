with

history as (
    select
        customer_id,
        lifetime_orders,
        lifetime_net_revenue
    from {{ ref('strata', 'customer_tier_history') }}
    where is_current
),

milestones as (
    {{ seed_in_reporting_currency('milestones', [
        'milestone_id', 'milestone_rank', 'measure', 'threshold', 'within_days',
    ]) }}
),

longest as (
    select max(within_days) as within_days
    from milestones
),

recent_days as (
    select
        customer_days.customer_id,
        customer_days.orders,
        customer_days.net_revenue,
        {{ days_between('customer_days.known_date', as_of_date()) }} as days_ago
    from {{ ref('strata', 'int_customer_days') }} as customer_days
    cross join longest
    where
        customer_days.known_date <= {{ as_of_date() }}
        and {{ days_between('customer_days.known_date', as_of_date()) }} < longest.within_days
),

-- What the days since have added; a refund takes away.
added as (
    select
        recent_days.customer_id,
        milestones.milestone_id,
        sum(
            case
                when recent_days.days_ago >= milestones.within_days then 0
                when milestones.measure = 'lifetime_orders' then recent_days.orders
                else recent_days.net_revenue
            end
        ) as added_value
    from recent_days
    cross join milestones
    group by
        recent_days.customer_id,
        milestones.milestone_id
),

milestone_values as (
    select
        added.customer_id,
        added.milestone_id,
        milestones.milestone_rank,
        milestones.threshold,
        added.added_value,
        case
            when milestones.measure = 'lifetime_orders' then history.lifetime_orders
            else history.lifetime_net_revenue
        end as current_value
    from added
    inner join milestones on added.milestone_id = milestones.milestone_id
    inner join history on added.customer_id = history.customer_id
),

milestones_reached as (
    select
        customer_id,
        milestone_id,
        milestone_rank
    from milestone_values
    where current_value >= threshold and current_value - added_value < threshold
)

select * from milestones_reached
