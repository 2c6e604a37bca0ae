{#- Figures in sentences. Null gives null. -#}

{% macro rounded(number, digits=1) -%}
    cast({{ to_decimal(number, digits) }} as {{ dbt.type_string() }})
{%- endmacro %}

{% macro percent(share) -%}
    {{ rounded('100 * ' ~ share) }} || ' %'
{%- endmacro %}

{% macro money(amount) -%}
    '{{ var("reporting_currency") }} ' || {{ rounded(amount, 2) }}
{%- endmacro %}

{% macro counted(number, noun) -%}
    cast({{ number }} as {{ dbt.type_string() }}) || case when {{ number }} = 1 then ' {{ noun }}' else ' {{ noun }}s' end
{%- endmacro %}
