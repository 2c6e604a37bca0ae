-- The bodies of the loops below are indented as they are read.
-- noqa: disable=LT02
with

evaluations as (
    select * from {{ ref('int_evaluations_cycled') }}
),

clv_parameters as (
    select * from {{ ref('int_clv_parameters') }}
),

summarised as (
    select
        evaluations.*,
        clv_parameters.bgnbd_r,
        clv_parameters.bgnbd_alpha,
        clv_parameters.bgnbd_a,
        clv_parameters.bgnbd_b,
        {%- for k in range(1, 34) %}
        clv_parameters.bgnbd_term_{{ k }},
        {%- endfor %}
        clv_parameters.gamma_gamma_p,
        clv_parameters.gamma_gamma_q,
        clv_parameters.gamma_gamma_v,
        {{ bgnbd_inputs('evaluations') }}
    from evaluations
    left join clv_parameters
        on
            evaluations.evaluation_date = clv_parameters.evaluation_date
            and evaluations.market = clv_parameters.market
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
