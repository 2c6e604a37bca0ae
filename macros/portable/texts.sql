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

{#- The first of several days and how many follow; an aggregate. -#}
{% macro days_told(day) -%}
    cast(min({{ day }}) as {{ dbt.type_string() }})
    || case when count(*) = 1 then '' else ' and ' || {{ counted('(count(*) - 1)', 'later date') }} end
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

{#- True where a text meets a pattern. `$` is its very end; [:space:] is space in a class. -#}
{% macro matches(expression, pattern) -%}
    {{ return(adapter.dispatch('matches', 'strata')(expression, pattern)) }}
{%- endmacro %}

{% macro default__matches(expression, pattern) -%}
    {{ return('regexp_matches(' ~ expression ~ ", '" ~ pattern ~ "')") }}
{%- endmacro %}

{% macro postgres__matches(expression, pattern) -%}
    {{ return('(' ~ expression ~ " ~ '" ~ pattern ~ "')") }}
{%- endmacro %}

{% macro spark__matches(expression, pattern) -%}
    {{ return('(' ~ expression ~ " rlike '" ~ java_pattern(pattern) ~ "')") }}
{%- endmacro %}

{#- The text without all that meets a pattern. -#}
{% macro without(expression, pattern) -%}
    {{ return(adapter.dispatch('without', 'strata')(expression, pattern)) }}
{%- endmacro %}

{% macro default__without(expression, pattern) -%}
    {{ return('regexp_replace(' ~ expression ~ ", '" ~ pattern ~ "', '', 'g')") }}
{%- endmacro %}

{% macro spark__without(expression, pattern) -%}
    {{ return('regexp_replace(' ~ expression ~ ", '" ~ java_pattern(pattern) ~ "', '')") }}
{%- endmacro %}

{#- A backslash in a literal is an escape there, and so is a quote. -#}
{% macro java_pattern(pattern) -%}
    {{ return(pattern | replace('[:space:]', '\\\\s') | replace('$', '\\\\z') | replace("''", "\\'")) }}
{%- endmacro %}

{#- A raw value as a text. -#}
{% macro text_of(expression) -%}
    {{ return(adapter.dispatch('text_of', 'strata')(expression)) }}
{%- endmacro %}

{% macro default__text_of(expression) -%}
    {{ return('cast(' ~ expression ~ ' as ' ~ dbt.type_string() ~ ')') }}
{%- endmacro %}

{#- A double is written there with an exponent from 10,000,000 on. -#}
{% macro spark__text_of(expression) -%}
    {{ return("case when typeof(" ~ expression ~ ") in ('double', 'float')"
        ~ ' then cast(cast(' ~ expression ~ ' as decimal(38, 1)) as string)'
        ~ ' else cast(' ~ expression ~ ' as string) end') }}
{%- endmacro %}

{#- Columns, one for each value: the text with the value in place of each `{}`. Or conditions, with another
    word between them. -#}
{% macro each(text, values, between=none) -%}
    {%- for value in values %}
    {{ text | replace('{}', value) }}
    {{- between or ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
