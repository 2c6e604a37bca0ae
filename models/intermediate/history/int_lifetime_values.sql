{{ config(materialized='table') }}  -- the dearest expression; read twice by the customers' marts
{%- set months = [30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 330, 360] %}

with

history as (
    select * from {{ ref('strata', 'customer_tier_history') }}
    where is_current
),

clv_fits as (
    select * from {{ ref('strata', 'int_clv_fits') }}
),

retention_rates as (
    {{ retention_rates() }}
),

summarised as (
    select
        history.customer_id,
        history.market,
        history.lifetime_net_revenue as historic_revenue,
        history.lifetime_margin as historic_margin,
        {{ clv_parameter_columns('clv_fits') }},
        clv_fits.monthly_discount_rate,
        {{ bgnbd_inputs('history') }},
        -- Refunds may leave a loss on next to no revenue: no share to predict from.
        case
            when history.lifetime_costed_revenue > 0 and history.lifetime_margin >= 0
                then
                    cast(history.lifetime_margin as {{ type_double() }})
                    / cast(history.lifetime_costed_revenue as {{ type_double() }})
            else clv_fits.margin_rate
        end as margin_rate,
        {{ clv_baseline('history', 'retention_rates.retention_rate') }} as clv_baseline,
        history.evaluation_date
    from history
    left join clv_fits
        on
            history.evaluation_date = clv_fits.evaluation_date
            and history.market = clv_fits.market
    left join retention_rates
        on
            history.evaluation_date = retention_rates.evaluation_date
            and history.market = retention_rates.market
    where history.lifetime_orders > 0
),

{{ clv_predictions('summarised', months + [365], terms=64) }},

lifetime_values as (
    select
        predicted.*,
        {{ discounted_value('expected_order_value', 'monthly_discount_rate') }} as clv_12m
    from predicted
),

typed as (
    select
        customer_id,
        market,
        cast(bgnbd_frequency as integer) as bgnbd_frequency,
        cast(bgnbd_recency_days as integer) as bgnbd_recency_days,
        cast(bgnbd_age_days as integer) as bgnbd_age_days,
        bgnbd_monetary,
        historic_revenue,
        historic_margin,
        p_alive,
        expected_orders_90d,
        expected_orders_365d,
        expected_order_value,
        clv_12m,
        clv_12m * margin_rate as clv_12m_margin,
        clv_baseline,
        evaluation_date
    from lifetime_values
)

select * from typed
