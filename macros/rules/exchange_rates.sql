{#- CTEs up to `pair_rates`: what one unit of a currency is worth in another, for each pair that the seed has a
    row of, and in periods that begin and end on the same days for all of them. -#}
{% macro pair_rates() -%}
    {%- set double = type_double() -%}
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
    rates_both_ways as (
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

    ranked_rates as (
        select
            rates.currency,
            rates.to_currency,
            rates.stated_rate,
            rates.rate,
            periods.valid_from,
            periods.valid_to,
            row_number() over (
                partition by
                    rates.currency,
                    rates.to_currency,
                    periods.valid_from
                order by
                    -- what the seed says goes before an inverse
                    rates.stated_rate desc nulls last,
                    rates.rate desc nulls last
            ) as place
        from periods
        inner join rates_both_ways as rates
            on
                periods.valid_from >= rates.valid_from
                and periods.valid_from < rates.valid_to
    ),

    pair_rates as (
        select
            currency,
            to_currency,
            stated_rate,
            rate,
            valid_from,
            valid_to
        from ranked_rates
        where place = 1
    )
{%- endmacro %}
