{{ config(materialized='table') }}  -- small, and read for every order
{%- set reporting_currency = var('reporting_currency') %}

with

{{ pair_rates() }},

-- To the reporting currency, or to another that has a rate to it.
routes as (
    select
        pair_rates.currency,
        case when second_rates.currency is null then '' else pair_rates.to_currency end as via_currency,
        case when second_rates.currency is null then pair_rates.stated_rate end as stated_rate,
        pair_rates.rate * coalesce(second_rates.rate, 1) as rate,
        pair_rates.valid_from,
        pair_rates.valid_to
    from pair_rates
    left join pair_rates as second_rates
        on
            pair_rates.to_currency = second_rates.currency
            and pair_rates.valid_from = second_rates.valid_from
            and second_rates.to_currency = '{{ reporting_currency }}'
    where
        pair_rates.currency <> '{{ reporting_currency }}'
        and (
            pair_rates.to_currency = '{{ reporting_currency }}'
            or second_rates.to_currency = '{{ reporting_currency }}'
        )
),

rounded_routes as (
    select
        currency,
        via_currency,
        case when via_currency <> '' then 'crossed' when stated_rate is null then 'inverse' else 'direct' end
            as basis,
        coalesce(stated_rate, {{ as_rate('rate') }}) as rate,
        valid_from,
        valid_to
    from routes
),

-- Without a route of one leg, that through the first currency by code.
ranked as (
    select
        *,
        row_number() over (
            partition by
                currency,
                valid_from
            order by via_currency nulls last
        ) as place
    from rounded_routes
    where rate > 0
),

rates as (
    select
        currency,
        basis,
        nullif(via_currency, '') as via_currency,
        rate,
        valid_from,
        valid_to,
        min(valid_from) over (partition by currency) as first_valid_from
    from ranked
    where place = 1
)

select * from rates
