{#- One row per exchange rate that converts nothing, or not what it says. -#}
{% test exchange_rates(model) %}

{{ config(meta={'reports_rules': true}) }}
{%- set text = dbt.type_string() %}

with

rates as (
    select * from {{ model }}
),

currencies as (
    select currency
    from {{ ref('currencies') }}
),

defects as (
    select
        rates.currency,
        rates.to_currency,
        rates.valid_from,
        case
            when
                rates.currency is null
                or rates.to_currency is null
                or rates.valid_from is null
                or rates.rate is null
                then 'currency, to_currency, valid_from and rate must not be blank'
            when currencies.currency is null
                then 'the currency ' || rates.currency || ' is not in currencies'
            when to_currencies.currency is null
                then 'the to_currency ' || rates.to_currency || ' is not in currencies'
            when rates.currency = rates.to_currency then 'a currency needs no rate to itself'
            when rates.rate <= 0
                then 'the rate is ' || cast(rates.rate as {{ text }}) || ', it must be above 0'
            when rates.rate >= {{ rate_limit() }}
                then
                    'the rate is ' || cast(rates.rate as {{ text }}) || ', it must be below {{ rate_limit() }}'
        end as defect
    from rates
    left join currencies on rates.currency = currencies.currency
    left join currencies as to_currencies on rates.to_currency = to_currencies.currency
)

select
    '{{ model.identifier }}' as seed_name,
    coalesce(currency, '(blank)') || ' to ' || coalesce(to_currency, '(blank)') || ' from '
    || coalesce(cast(valid_from as {{ text }}), '(blank)') as rule_id,
    defect
from defects
where defect is not null

{% endtest %}
