{{ config(materialized='table') }}  -- small, and read for every customer
{%- set values = ['gamma_gamma_p', 'gamma_gamma_q', 'gamma_gamma_v'] %}
{%- set purchases = ['bgnbd_r', 'bgnbd_alpha', 'bgnbd_a', 'bgnbd_b'] %}
{%- for k in range(1, 66) %}{% do purchases.append('bgnbd_term_' ~ k) %}{% endfor %}

with

clv_parameters as (
    select * from {{ ref('strata', 'int_clv_parameters') }}
),

policies as (
    {{ rows_in_force(ref('clv_policies'), ['min_customers', 'max_value_ratio']) }}
),

customers as (
    select
        customer_id,
        market
    from {{ ref('strata', 'int_customers') }}
),

-- What is known from a day on: a customer with their first purchase day.
days as (
    select
        customers.market,
        sum(
            case when days.purchase_days = 1 and days.gap_days is null then 1 else 0 end
        ) as customers,
        sum(days.purchase_days) as purchase_days,
        sum(days.net_revenue) as net_revenue,
        days.known_date
    from {{ ref('strata', 'int_customer_days') }} as days
    inner join customers on days.customer_id = customers.customer_id
    group by
        customers.market,
        days.known_date
),

observed as (
    select
        policies.market,
        policies.min_customers,
        policies.max_value_ratio,
        cast(coalesce(sum(days.customers), 0) as integer) as customers,
        coalesce(sum(days.purchase_days), 0) as purchase_days,
        coalesce(sum(days.net_revenue), 0) as net_revenue,
        policies.evaluation_date
    from policies
    left join days
        on
            policies.market = days.market
            and policies.evaluation_date >= days.known_date
    group by
        policies.market,
        policies.min_customers,
        policies.max_value_ratio,
        policies.evaluation_date
),

shared as (
    select
        *,
        case when is_own then market else '*' end as parameters_market
    from clv_parameters
),

-- Beside each market all those that share its parameters.
compared as (
    select
        observed.market,
        observed.min_customers,
        observed.max_value_ratio,
        observed.customers,
        observed.purchase_days,
        observed.net_revenue,
        shared.parameters_market,
        {%- for measure in ['customers', 'purchase_days', 'net_revenue'] %}
        sum(observed.{{ measure }}) over (
            partition by
                observed.evaluation_date,
                shared.parameters_market
        ) as all_{{ measure }},
        {%- endfor %}
        {%- for column in purchases + values %}
        shared.{{ column }},
        {%- endfor %}
        shared.monthly_discount_rate,
        shared.margin_rate,
        shared.fitted_on,
        shared.fitted_at,
        observed.evaluation_date
    from observed
    left join shared
        on
            observed.evaluation_date = shared.evaluation_date
            and observed.market = shared.market
),

measured as (
    select
        *,
        gamma_gamma_p * gamma_gamma_v / (gamma_gamma_q - 1) as expected_value,
        case
            when customers >= min_customers
                then cast(net_revenue as {{ type_double() }}) / nullif(purchase_days, 0)
            when all_customers >= min_customers
                then cast(all_net_revenue as {{ type_double() }}) / nullif(all_purchase_days, 0)
        end as observed_value
    from compared
),

judged as (
    select
        *,
        case
            when parameters_market is null then 'no_parameters'
            when observed_value is null then 'not_judged'
            when
                observed_value * max_value_ratio >= expected_value
                and observed_value <= expected_value * max_value_ratio
                then 'borne_out'
            else 'not_borne_out'
        end as finding
    from measured
),

fits as (
    select
        market,
        finding,
        parameters_market,
        fitted_on,
        customers,
        observed_value,
        expected_value,
        {%- for column in purchases %}
        {{ column }},
        {%- endfor %}
        {%- for column in values %}
        case when finding in ('borne_out', 'not_judged') then {{ column }} end as {{ column }},
        {%- endfor %}
        monthly_discount_rate,
        margin_rate,
        finding in ('borne_out', 'not_judged') as is_used,
        fitted_at,
        evaluation_date
    from judged
)

select * from fits
