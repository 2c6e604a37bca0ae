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

{#- The texts of a column as one, in their order. -#}
{% macro list_of(column_name) -%}
    {{ return(adapter.dispatch('list_of', 'strata')(column_name)) }}
{%- endmacro %}

{% macro default__list_of(column_name) -%}
    {{ dbt.listagg(column_name, "', '", 'order by ' ~ column_name) }}
{%- endmacro %}

{#- dbt's own leaves them in no order there. -#}
{% macro spark__list_of(column_name) -%}
    nullif(array_join(array_sort(collect_list({{ column_name }})), ', '), '')
{%- endmacro %}
