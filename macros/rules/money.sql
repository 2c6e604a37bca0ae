{#- Money in another currency. The largest amount, the largest rate and their digits are chosen so that
    a product has 38 digits, which each engine keeps exactly. -#}

{#- Amounts are below this in size, converted ones too. -#}
{% macro money_limit() -%}
    {{ return('100000000000') }}
{%- endmacro %}

{% macro rate_type() -%}
    {{ return('decimal(24, 15)') }}
{%- endmacro %}

{% macro rate_limit() -%}
    {{ return('1000000000') }}
{%- endmacro %}

{#- A double as a rate: the 15 digits that are sure in it, for a rate below 1 as many decimals. Engines
    write a double as the same text, and read the same decimal from it. -#}
{% macro as_rate(number) -%}
    case
        {%- for digits in range(10) %}
        when {{ number }} < {{ 10 ** digits }}
            then cast(
                cast(cast({{ number }} as {{ dbt.type_string() }}) as decimal(24, {{ 15 - digits }}))
                as {{ rate_type() }}
            )
        {%- endfor %}
    end
{%- endmacro %}

{#- An amount at a rate, of up to 20 digits before the point: as_money makes money of it. Doubles are many
    times as fast as 38 digits, and their error is far below a thousandth of a cent in amounts below a billion:
    what they round is exact unless it lies that close to half a cent. -#}
{% macro converted(amount, rate) -%}
    {%- set double = type_double() -%}
    {%- set cents = '(cast(' ~ amount ~ ' as ' ~ double ~ ') * cast(' ~ rate ~ ' as ' ~ double ~ ') * 100)' -%}
    case
        when abs({{ amount }}) >= {{ money_limit() }} then null
        when abs({{ cents }}) < 1e11 and abs({{ cents }} - floor({{ cents }}) - 0.5) > 1e-3
            then cast(floor({{ cents }} + 0.5) / 100 as decimal(25, 2))
        else cast(cast({{ amount }} as decimal(13, 2)) * {{ rate }} as decimal(25, 2))
    end
{%- endmacro %}

{#- A quantity, which is at most ten million, at a price of so many decimals. Each engine keeps all digits;
    DuckDB keeps only 18 where both factors have no more. -#}
{% macro at_price(quantity, price, decimals) -%}
    cast({{ quantity }} as decimal(14, 6)) * cast({{ price }} as decimal(19, {{ decimals }}))
{%- endmacro %}

{#- A defect of rows whose amount converts to more than money can be, unless staging has found it. -#}
{% macro converts_to_too_much(rows, amount) -%}
    {{ return(
        'abs(' ~ amount ~ ') >= ' ~ money_limit()
        ~ ' and coalesce(' ~ rows ~ ".defects, '') not like '%,invalid_number,%'"
    ) }}
{%- endmacro %}

{#- Null where it is beyond what money can be. Rounding 38 digits is many times as dear as rounding 18, so
    an amount of so many decimals that has room in those is brought there first; the result is the same. -#}
{% macro as_money(amount, decimals=2) -%}
    case
        {%- if decimals > 2 %}
        when abs({{ amount }}) < {{ 10 ** (18 - decimals) }}
            then cast(cast({{ amount }} as decimal(18, {{ decimals }})) as decimal(18, 2))
        {%- endif %}
        when abs({{ amount }}) < {{ money_limit() }} then cast({{ amount }} as decimal(18, 2))
    end
{%- endmacro %}

{#- Money in seeds: what the YAML of a seed declares under meta: money, the columns that hold money and,
    where a column holds it in some rows only, the values of another column in those rows; of a decision
    table the conditions on money. A model reads it through seed_rows, so that a unit test can mock it. -#}
{% macro seed_money(seed_name) -%}
    {%- set declared = {'columns': {}, 'only': {}, 'is_dated': false, 'are_conditions': false} -%}
    {%- if execute and graph.get('nodes') -%}
        {%- set seed = seed_node(seed_name) -%}
        {%- set money = seed.config.meta.money or {} -%}
        {%- for column in money.columns or [] -%}
            {%- do declared.columns.update({column: seed.config.column_types[column]}) -%}
        {%- endfor -%}
        {%- if seed.config.meta.decision_table -%}
            {%- for name, measure in decision_table(seed_name).measures.items() if measure.type == 'money' -%}
                {%- do declared.columns.update({name: bound_type()}) -%}
            {%- endfor -%}
            {%- do declared.update(are_conditions=true) -%}
        {%- endif -%}
        {%- do declared.update(only=money.only or {}, is_dated='valid_from' in seed.columns) -%}
    {%- endif -%}
    {{ return(declared) }}
{%- endmacro %}

{#- True for the rows of the seed that hold money. -#}
{% macro holds_money(money) -%}
    {%- for column, values in money.only.items() -%}
        seed_rows.{{ column }} in ('{{ values | join("', '") }}') and {# -#}
    {%- endfor -%}
    true
{%- endmacro %}

{#- Join to the rate of the later of the row's valid_from and the first day that has a rate. -#}
{% macro join_seed_rates(money) -%}
    {%- set rates = ref('strata', 'int_exchange_rates') -%}
    {%- set day = 'rates.first_valid_from' -%}
    {%- if money.is_dated -%}
        {%- set day = 'greatest(seed_rows.valid_from, rates.first_valid_from)' -%}
    {%- endif -%}
    {%- if money.columns %}
    left join {{ rates }} as rates
        on
            seed_rows.currency = rates.currency
            and {{ day }} >= rates.valid_from
            and {{ day }} < rates.valid_to
    {%- endif %}
{%- endmacro %}

{#- CTE body: columns of a seed, its money in the reporting currency. Decimals keep their digits. -#}
{% macro seed_in_reporting_currency(seed_name, columns) -%}
    {%- set money = seed_money(seed_name) -%}
    {%- set double = type_double() -%}
    select
        {%- for column in columns %}
        {%- if column in money.columns %}
        {%- set product = 'cast(seed_rows.' ~ column ~ ' as ' ~ double ~ ') * cast(rates.rate as ' ~ double ~ ')' %}
        {%- set type = money.columns[column] %}
        {%- set digits = modules.re.findall('[0-9]+', type) %}
        case
            when {{ holds_money(money) }} and abs({{ product }}) < {{ money_limit() }}
                then {{ to_decimal(product, digits[1]) if digits else product }}
            else seed_rows.{{ column }}
        end as {{ column }}
        {%- else %}
        seed_rows.{{ column }}
        {%- endif %}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from {{ ref(seed_name) }} as seed_rows
    {{ join_seed_rates(money) }}
{%- endmacro %}
