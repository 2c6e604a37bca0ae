{{ config(materialized='table') }}  -- small, and read for every customer
{%- set parameters = [
    'bgnbd_r', 'bgnbd_alpha', 'bgnbd_a', 'bgnbd_b', 'gamma_gamma_p', 'gamma_gamma_q',
    'gamma_gamma_v', 'monthly_discount_rate', 'margin_rate', 'fitted_at', 'fitted_on',
] %}

with

clv_parameters as (
    {{ seed_in_reporting_currency('clv_parameters', parameters + ['market', 'valid_from', 'valid_to']) }}
),

in_force as (
    {{ rows_in_force('clv_parameters', parameters) }}
)

select * from in_force
