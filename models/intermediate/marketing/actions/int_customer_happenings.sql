with

history as (
    select
        customer_id,
        market,
        tier_code,
        lifecycle_stage,
        behaviour_status,
        rfm_segment,
        churn_risk,
        lifetime_orders,
        lifetime_net_revenue,
        days_since_registration,
        days_since_last_order,
        least(
            tenure_days,
            coalesce(days_since_last_order, tenure_days),
            coalesce(days_since_last_interaction, tenure_days)
        ) as days_since_last_activity,
        {{ to_decimal('potential_12m') }} as potential_12m,
        evaluation_date
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
        customer_days.*,
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

measured as (
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

-- Reached lately: at the threshold now, and below it before.
reached as (
    select
        customer_id,
        milestone_id,
        row_number() over (
            partition by customer_id
            order by
                milestone_rank desc nulls last,
                milestone_id asc nulls last
        ) as place,
        cast(count(*) over (partition by customer_id) as integer) as milestones_reached
    from measured
    where current_value >= threshold and current_value - added_value < threshold
),

browsed as (
    select
        customer_id,
        max(browse_events) as browse_events
    from {{ ref('strata', 'int_browsed_products') }}
    group by customer_id
),

happenings as (
    select
        history.*,
        reached.milestone_id,
        coalesce(reached.milestones_reached, 0) as milestones_reached,
        coalesce(browsed.browse_events, 0) as browse_events
    from history
    left join reached
        on history.customer_id = reached.customer_id and reached.place = 1
    left join browsed on history.customer_id = browsed.customer_id
)

select * from happenings
