with

-- Left, to keep a planner from comparing what they bought and browsed with the policies of all markets.
recommendation_customers as (
    select
        history.customer_id,
        history.market,
        history.rfm_segment,
        policies.min_browse_events,
        policies.max_recommendations,
        policies.window_start_date,
        history.evaluation_date
    from {{ ref('strata', 'customer_tier_history') }} as history
    left join {{ ref('strata', 'int_recommendation_policies') }} as policies
        on history.market = policies.market
    where history.is_current
)

select * from recommendation_customers
