{{ config(materialized='table') }}  -- read by the history, the ranks and the cut points
{%- set measures = score_measures() %}
{%- set columns = [
    'customer_id', 'market', 'cycle_basis', 'lifetime_orders', 'orders_12m', 'orders_previous_12m',
    'purchase_days', 'active_months_12m', 'tenure_days', 'days_since_registration',
    'days_since_first_order', 'days_since_last_order', 'days_since_last_interaction', 'mean_gap_days',
    'median_gap_days', 'typical_gap_days', 'longest_gap_ended_90d_days', 'overdue_ratio', 'revenue_trend',
    'lifetime_net_revenue', 'net_revenue_12m', 'net_revenue_6m', 'lifetime_margin',
    'lifetime_costed_revenue', 'margin_12m', 'lifetime_refunded', 'first_day_net_revenue', 'rfm_orders',
    'rfm_revenue', 'views_90d', 'carts_90d', 'inquiries_90d', 'response_count', 'satisfaction', 'p_alive',
    'expected_orders_90d', 'expected_orders_365d', 'expected_order_value', 'potential_12m',
    'score_coverage', 'first_order_date', 'last_order_date', 'last_interaction_date', 'evaluation_date',
] %}

with

sales as (
    select * from {{ ref('strata', 'int_sales_as_of') }}
),

engagement as (
    select * from {{ ref('strata', 'int_engagement_as_of') }}
),

clv_fits as (
    select * from {{ ref('strata', 'int_clv_fits') }}
),

parameters as (
    select * from {{ ref('strata', 'int_market_parameters') }}
),

summarised as (
    select
        sales.*,
        {{ days_between('engagement.last_interaction_date', 'sales.evaluation_date') }}
            as days_since_last_interaction,
        sales.days_since_last_order / nullif(sales.typical_gap_days, 0) as overdue_ratio,
        case
            when sales.net_revenue_12m > sales.net_revenue_6m
                then
                    cast(sales.net_revenue_6m as {{ type_double() }})
                    / cast(sales.net_revenue_12m - sales.net_revenue_6m as {{ type_double() }})
        end as revenue_trend,
        {{ unless_missing('engagement.views_90d', 'web_events') }} as views_90d,
        {{ unless_missing('engagement.carts_90d', 'web_events') }} as carts_90d,
        {{ unless_missing('engagement.inquiries_90d', 'interactions') }} as inquiries_90d,
        {{ unless_missing('engagement.response_count', 'feedback') }} as response_count,
        engagement.satisfaction,
        engagement.last_interaction_date,
        {{ clv_parameter_columns('clv_fits') }},
        {{ bgnbd_inputs('sales') }}
    from sales
    left join engagement
        on
            sales.customer_id = engagement.customer_id
            and sales.evaluation_date = engagement.evaluation_date
    left join clv_fits
        on
            sales.evaluation_date = clv_fits.evaluation_date
            and sales.market = clv_fits.market
),

{{ clv_predictions('summarised', [90, 365], terms=32) }},

evaluations as (
    select
        predicted.*,
        predicted.expected_orders_365d * predicted.expected_order_value as potential_12m
    from predicted
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

scores as (
    select
        {{ each('{}', columns) }},
        -- rounding must not lift a score above 100
        case when score_coverage > 0 then least(score_points / score_coverage, 100) end as composite_score
    from weighed
)

select * from scores
