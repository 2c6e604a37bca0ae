with

evaluations as (
    select * from {{ ref('int_customer_measures') }}
),

clv_fits as (
    select * from {{ ref('int_clv_fits') }}
),

summarised as (
    select
        evaluations.*,
        {{ clv_parameter_columns('clv_fits', terms=32) }},
        {{ bgnbd_inputs('evaluations') }}
    from evaluations
    left join clv_fits
        on
            evaluations.evaluation_date = clv_fits.evaluation_date
            and evaluations.market = clv_fits.market
),

alive as (
    select
        summarised.*,
        {{ bgnbd_p_alive() }} as p_alive
    from summarised
),

predicted as (
    select
        alive.*,
        {{ bgnbd_expected_orders(90, terms=32) }} as expected_orders_90d,
        {{ bgnbd_expected_orders(365, terms=32) }} as expected_orders_365d,
        {{ gamma_gamma_value() }} as expected_order_value
    from alive
)

select * from predicted
