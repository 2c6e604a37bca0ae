{{ config(materialized='table') }}  -- joins the history with itself, and is read three times

with

months as (
    select
        month,
        start_date,
        evaluation_date
    from {{ ref('strata', 'int_covered_months') }}
),

evaluated as (
    select
        customer_id,
        orders_12m,
        orders_previous_12m,
        evaluation_date
    from {{ ref('strata', 'customer_tier_history') }}
),

evaluated_before as (
    select
        customer_id,
        tier_code,
        lifetime_orders,
        evaluation_date
    from {{ ref('strata', 'customer_tier_history') }}
),

tiers_at_month_start as (
    select
        evaluated.customer_id,
        coalesce(evaluated_before.tier_code, 'none') as tier_code,
        coalesce(evaluated_before.lifetime_orders, 0) > 0 as is_prior_buyer,
        evaluated.orders_previous_12m > 0 as is_previous_12m_buyer,
        evaluated.orders_previous_12m > 0 and evaluated.orders_12m > 0 as is_retained_buyer,
        months.month
    from evaluated
    inner join months on evaluated.evaluation_date = months.evaluation_date
    left join evaluated_before
        on
            evaluated.customer_id = evaluated_before.customer_id
            and months.start_date = evaluated_before.evaluation_date
)

select * from tiers_at_month_start
