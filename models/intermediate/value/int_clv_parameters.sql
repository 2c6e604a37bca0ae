{{ config(materialized='table') }}  -- small, and read for every customer
{%- set parameters = [
    'bgnbd_r', 'bgnbd_alpha', 'bgnbd_a', 'bgnbd_b', 'gamma_gamma_p', 'gamma_gamma_q',
    'gamma_gamma_v', 'monthly_discount_rate', 'margin_rate', 'fitted_at', 'fitted_on',
] %}

with

clv_parameters as (
    {{ rows_in_force(ref('clv_parameters'), parameters) }}
),

prepared as (
    select
        clv_parameters.*,
        {{ bgnbd_terms(64) }}
    from clv_parameters
)

select * from prepared
