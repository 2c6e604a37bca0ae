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

{#- An amount at a rate, of up to 20 digits before the point: as_money makes money of it. -#}
{% macro converted(amount, rate) -%}
    case
        when abs({{ amount }}) < {{ money_limit() }}
            then cast(cast({{ amount }} as decimal(13, 2)) * {{ rate }} as decimal(25, 2))
    end
{%- endmacro %}

{#- A defect of rows whose amount converts to more than money can be, unless staging has found it. -#}
{% macro converts_to_too_much(rows, amount) -%}
    {{ return(
        'abs(' ~ amount ~ ') >= ' ~ money_limit()
        ~ ' and coalesce(' ~ rows ~ ".defects, '') not like '%,invalid_number,%'"
    ) }}
{%- endmacro %}

{#- Null where it is beyond what money can be. -#}
{% macro as_money(amount) -%}
    case when abs({{ amount }}) < {{ money_limit() }} then cast({{ amount }} as decimal(18, 2)) end
{%- endmacro %}
