{{ config(materialized='table') }}  -- small, and read for every order
{%- set double = type_double() %}
{%- set reporting_currency = var('reporting_currency') %}

with

exchange_rates as (
    select
        currency,
        to_currency,
        rate,
        valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to
    from {{ ref('exchange_rates') }}
    where rate > 0 and rate < {{ rate_limit() }} and currency <> to_currency
),

-- Each row both ways: as it says, and its inverse.
legs as (
    select
        currency,
        to_currency,
        cast(rate as {{ rate_type() }}) as stated_rate,
        cast(rate as {{ double }}) as rate,
        valid_from,
        valid_to
    from exchange_rates
    union all
    select
        to_currency as currency,
        currency as to_currency,
        null as stated_rate,
        1 / cast(rate as {{ double }}) as rate,
        valid_from,
        valid_to
    from exchange_rates
),

days as (
    select valid_from as day
    from exchange_rates
    union
    select valid_to as day
    from exchange_rates
),

periods as (
    select
        day as valid_from,
        lead(day) over (order by day nulls last) as valid_to
    from days
),

legs_in_force as (
    select
        legs.currency,
        legs.to_currency,
        legs.stated_rate,
        legs.rate,
        periods.valid_from,
        periods.valid_to,
        row_number() over (
            partition by
                legs.currency,
                legs.to_currency,
                periods.valid_from
            order by
                -- what the seed says goes before an inverse
                legs.stated_rate desc nulls last,
                legs.rate desc nulls last
        ) as place
    from periods
    inner join legs
        on
            periods.valid_from >= legs.valid_from
            and periods.valid_from < legs.valid_to
),

best_legs as (
    select
        currency,
        to_currency,
        stated_rate,
        rate,
        valid_from,
        valid_to
    from legs_in_force
    where place = 1
),

routes as (
    select
        currency,
        '' as via_currency,
        stated_rate,
        rate,
        valid_from,
        valid_to
    from best_legs
    where to_currency = '{{ reporting_currency }}' and currency <> '{{ reporting_currency }}'
    union all
    select
        best_legs.currency,
        best_legs.to_currency as via_currency,
        null as stated_rate,
        best_legs.rate * second_legs.rate as rate,
        best_legs.valid_from,
        best_legs.valid_to
    from best_legs
    inner join best_legs as second_legs
        on
            best_legs.to_currency = second_legs.currency
            and best_legs.valid_from = second_legs.valid_from
    where
        second_legs.to_currency = '{{ reporting_currency }}'
        and best_legs.currency <> '{{ reporting_currency }}'
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
