{#- Money of a seed that is in no known currency, that the build may not convert (var
    convert_seed_money), or for which there is no rate. What may not be converted is one line a seed. -#}
{% test seed_money(model, key) %}

{{ config(meta={'reports_rules': true}) }}
{%- set text = dbt.type_string() %}
{%- set double = type_double() %}
{%- set seed_name = model.identifier %}
{%- set money = seed_money(seed_name) %}
{%- set reporting_currency = var('reporting_currency') %}
{%- set mend = 'give the money of ' ~ seed_name ~ ' in ' ~ reporting_currency %}

with

-- Of each row with money the largest amount.
amounts as (
    {%- set amounts = [] %}
    {%- for column in money.columns %}
        {%- if money.are_conditions %}
            {%- do amounts.extend([condition_low('seed_rows.' ~ column), condition_high('seed_rows.' ~ column)]) %}
        {%- else %}
            {%- do amounts.append('seed_rows.' ~ column) %}
        {%- endif %}
    {%- endfor %}
    {%- for amount in amounts %}
    select
        {{ key }} as rule_id,
        seed_rows.currency,
        {{ 'seed_rows.valid_from' if money.is_dated else 'cast(null as date)' }} as valid_from,
        rates.rate,
        abs(cast({{ amount }} as {{ double }})) as amount
    from {{ model }} as seed_rows
    {{ join_seed_rates(money) }}
    where {{ amount }} is not null and {{ holds_money(money) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

rows_with_money as (
    select
        rule_id,
        currency,
        valid_from,
        rate,
        max(amount) as amount
    from amounts
    group by
        rule_id,
        currency,
        valid_from,
        rate
),

first_days as (
    select
        currency,
        min(valid_from) as first_valid_from
    from {{ ref('strata', 'int_exchange_rates') }}
    group by currency
),

currencies as (
    select currency
    from {{ ref('currencies') }}
),

defects as (
    select
        rows_with_money.rule_id,
        case
            when rows_with_money.currency is null
                then 'the row holds money, and its currency is blank'
            when currencies.currency is null
                then 'the currency ' || rows_with_money.currency || ' is not in currencies'
            when rows_with_money.amount >= {{ money_limit() }} then 'money must be below {{ money_limit() }}'
            {%- if var('convert_seed_money') %}
            when rows_with_money.currency <> '{{ reporting_currency }}' and rows_with_money.rate is null
                then
                    'exchange_rates gives no rate from ' || rows_with_money.currency
                    || ' to {{ reporting_currency }}'
                    || coalesce(
                        ' on ' || cast(
                            {{ 'greatest(rows_with_money.valid_from, first_days.first_valid_from)'
                                if money.is_dated else 'first_days.first_valid_from' }} as {{ text }}
                        ), ''
                    )
                    || ': add one, or {{ mend }}'
            when rows_with_money.amount * cast(rows_with_money.rate as {{ double }}) >= {{ money_limit() }}
                then 'in {{ reporting_currency }} the money is not below {{ money_limit() }}'
            {%- endif %}
        end as defect
    from rows_with_money
    left join currencies on rows_with_money.currency = currencies.currency
    left join first_days on rows_with_money.currency = first_days.currency
),
{% if not var('convert_seed_money') %}
others as (
    select
        rows_with_money.currency,
        count(*) as row_count
    from rows_with_money
    inner join currencies on rows_with_money.currency = currencies.currency
    where rows_with_money.currency <> '{{ reporting_currency }}'
    group by rows_with_money.currency
),

others_told as (
    select
        {{ list_of('currency') }} as currency_list,
        sum(row_count) as row_count
    from others
),
{% endif %}
-- A row without money needs no currency; what it names must be one.
strays as (
    select
        seed_rows.rule_id,
        'the currency ' || seed_rows.currency
        || ' is not in currencies, and the row holds no money; leave it blank' as defect
    from (
        select
            {{ key }} as rule_id,
            currency
        from {{ model }}
    ) as seed_rows
    left join currencies on seed_rows.currency = currencies.currency
    left join rows_with_money on seed_rows.rule_id = rows_with_money.rule_id
    where
        coalesce(trim(seed_rows.currency), '') <> ''
        and currencies.currency is null
        and rows_with_money.rule_id is null
),

told as (
    select
        rule_id,
        defect
    from defects
    where defect is not null
    union all
    select
        rule_id,
        defect
    from strays
    {%- if not var('convert_seed_money') %}
    union all
    select
        {{ counted('row_count', 'row') }} as rule_id,
        'the money is in ' || currency_list || ', and the reporting currency is {{ reporting_currency }}: '
        || '{{ mend }}, or set the var convert_seed_money: true' as defect
    from others_told
    where row_count > 0
    {%- endif %}
)

select
    '{{ seed_name }}' as seed_name,
    rule_id,
    defect
from told

{% endtest %}
