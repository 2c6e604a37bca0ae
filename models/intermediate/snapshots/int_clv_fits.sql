{{ config(materialized='table') }}  -- small, and read for every customer

with

parameters as (
    select
        *,
        case when has_own_clv then market when not has_own_clv then '*' end as parameters_market,
        gamma_gamma_p * gamma_gamma_v / (gamma_gamma_q - 1) as expected_value
    from {{ ref('strata', 'int_market_parameters') }}
),

policies as (
    {{ rows_in_force(ref('clv_policies'), ['min_customers', 'max_value_ratio']) }}
),

-- What is known from a day on: a customer with their first purchase day.
days as (
    select
        customers.market,
        sum(case when days.purchase_days = 1 and days.gap_days is null then 1 else 0 end) as customers,
        sum(days.purchase_days) as purchase_days,
        sum(days.net_revenue) as net_revenue,
        days.known_date
    from {{ ref('strata', 'int_customer_days') }} as days
    inner join {{ ref('strata', 'int_customers') }} as customers
        on days.customer_id = customers.customer_id
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
        on policies.market = days.market and policies.evaluation_date >= days.known_date
    group by
        policies.market,
        policies.min_customers,
        policies.max_value_ratio,
        policies.evaluation_date
),

-- Beside each market all those that share its parameters.
compared as (
    select
        observed.*,
        parameters.parameters_market,
        parameters.expected_value,
        sum(observed.customers) over (partition by observed.evaluation_date, parameters.parameters_market)
            as all_customers,
        sum(observed.purchase_days) over (partition by observed.evaluation_date, parameters.parameters_market)
            as all_purchase_days,
        sum(observed.net_revenue) over (partition by observed.evaluation_date, parameters.parameters_market)
            as all_net_revenue
    from observed
    left join parameters
        on observed.evaluation_date = parameters.evaluation_date and observed.market = parameters.market
),

measured as (
    select
        *,
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
        judged.market,
        judged.finding,
        judged.parameters_market,
        parameters.fitted_on,
        judged.customers,
        judged.observed_value,
        judged.expected_value,
        {{ each('parameters.{}', ['bgnbd_r', 'bgnbd_alpha', 'bgnbd_a', 'bgnbd_b']) }},
        case when judged.finding <> 'not_borne_out' then parameters.gamma_gamma_p end as gamma_gamma_p,
        case when judged.finding <> 'not_borne_out' then parameters.gamma_gamma_q end as gamma_gamma_q,
        case when judged.finding <> 'not_borne_out' then parameters.gamma_gamma_v end as gamma_gamma_v,
        parameters.monthly_discount_rate,
        parameters.margin_rate,
        judged.finding in ('borne_out', 'not_judged') as is_used,
        parameters.fitted_at,
        judged.evaluation_date
    from judged
    left join parameters
        on judged.evaluation_date = parameters.evaluation_date and judged.market = parameters.market
)

select * from fits
