with

evaluations as (
    select * from {{ ref('strata', 'int_customer_measures') }}
),

clv_fits as (
    select * from {{ ref('strata', 'int_clv_fits') }}
),

summarised as (
    select
        evaluations.*,
        {{ clv_parameter_columns('clv_fits') }},
        {{ bgnbd_inputs('evaluations') }}
    from evaluations
    left join clv_fits
        on
            evaluations.evaluation_date = clv_fits.evaluation_date
            and evaluations.market = clv_fits.market
),

{{ bgnbd_expectations('summarised', [90, 365], terms=32) }},

alive as (
    select
        summarised.*,
        {{ bgnbd_p_alive() }} as p_alive,
        {{ gamma_gamma_value() }} as expected_order_value
    from summarised
),

predicted as (
    select
        alive.*,
        alive.p_alive * expected.by_p_alive_90d as expected_orders_90d,
        alive.p_alive * expected.by_p_alive_365d as expected_orders_365d
    from alive
    {{ join_expectations('alive') }}
)

select * from predicted
