{{ config(materialized='table') }}  -- read by the history, the ranks and the cut points
{%- set measures = score_measures() %}

with

evaluations as (
    select
        evaluations.*,
        evaluations.expected_orders_365d * evaluations.expected_order_value as potential_12m
    from {{ ref('strata', 'int_customer_predictions') }} as evaluations
),

parameters as (
    select * from {{ ref('strata', 'int_score_parameters') }}
),

-- A measure that is null is left out, and the weights of the others stand for all.
weighed as (
    select
        evaluations.*,
        {{ score_points('evaluations', measures, 'parameters') }} as score_points,
        {{ score_coverage('evaluations', measures, 'parameters') }} as score_coverage
    from evaluations
    left join parameters
        on
            evaluations.evaluation_date = parameters.evaluation_date
            and evaluations.market = parameters.market
),

rated as (
    select
        customer_id,
        market,
        cycle_basis,
        lifetime_orders,
        orders_12m,
        orders_previous_12m,
        purchase_days,
        active_months_12m,
        tenure_days,
        days_since_registration,
        days_since_first_order,
        days_since_last_order,
        days_since_last_interaction,
        mean_gap_days,
        median_gap_days,
        typical_gap_days,
        longest_gap_ended_90d_days,
        overdue_ratio,
        revenue_trend,
        lifetime_net_revenue,
        net_revenue_12m,
        net_revenue_6m,
        lifetime_margin,
        lifetime_costed_revenue,
        margin_12m,
        lifetime_refunded,
        first_day_net_revenue,
        rfm_orders,
        rfm_revenue,
        views_90d,
        carts_90d,
        inquiries_90d,
        response_count,
        satisfaction,
        p_alive,
        expected_orders_90d,
        expected_orders_365d,
        expected_order_value,
        potential_12m,
        -- rounding must not lift a score above 100
        case when score_coverage > 0 then least(score_points / score_coverage, 100) end
            as composite_score,
        score_coverage,
        first_order_date,
        last_order_date,
        last_interaction_date,
        evaluation_date
    from weighed
)

select * from rated
