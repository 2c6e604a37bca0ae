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
    from {{ ref('strata', 'int_milestones_reached') }}
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
        history.customer_id,
        history.market,
        history.tier_code,
        history.lifecycle_stage,
        history.behaviour_status,
        history.rfm_segment,
        history.churn_risk,
        milestones.milestone_id,
        coalesce(milestones.milestones_reached, 0) as milestones_reached,
        coalesce(browsed.browse_events, 0) as browse_events,
        history.days_since_registration,
        history.days_since_last_order,
        history.days_since_last_activity,
        history.potential_12m,
        history.evaluation_date
    from history
    left join milestones
        on history.customer_id = milestones.customer_id and milestones.place = 1
    left join browsed on history.customer_id = browsed.customer_id
)

select * from happenings
