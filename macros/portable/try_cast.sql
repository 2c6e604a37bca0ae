{#- Casts that give null where a text is malformed, the same on every engine: DuckDB's own, or a
    pattern and then the cast. Whole numbers are rounded half away from zero. The text of a timestamp
    is a bare_time: its form is known to be right, but not that there is such a day. -#}

{% macro try_cast(expression, data_type) -%}
    {{ return(adapter.dispatch('try_cast', 'strata')(expression, data_type)) }}
{%- endmacro %}

{#- The texts that are a number. -#}
{% macro number_pattern() -%}
    ^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?$
{%- endmacro %}

{#- Beyond the pattern it reads 1_000 as a decimal, and 0x1F as a whole number. -#}
{% macro duckdb__try_cast(expression, data_type) -%}
    {%- set value = 'try_cast(' ~ expression ~ ' as ' ~ data_type ~ ')' -%}
    {%- if data_type == 'timestamp' -%}
        {{ return(value) }}
    {%- elif data_type == 'integer' -%}
        {{ return('case when ' ~ matches(expression, number_pattern()) ~ ' then ' ~ value ~ ' end') }}
    {%- endif -%}
    {{ return('case when not contains(' ~ expression ~ ", '_') then " ~ value ~ ' end') }}
{%- endmacro %}

{#- The input functions of PostgreSQL know more (infinity, 1_000): the pattern leaves that out. -#}
{% macro postgres__try_cast(expression, data_type) -%}
    {%- set value = {
        'integer': 'round(cast(' ~ expression ~ ' as numeric))',
        'timestamp': 'substring(' ~ expression ~ " from '^[^.]*(?:[.][0-9]{0,6})?')",
    }.get(data_type, expression) -%}
    {%- set fits = {
        'integer': 'abs(' ~ value ~ ') < 2147483648',
    }.get(data_type, 'pg_input_is_valid(' ~ expression ~ ", '" ~ data_type ~ "')") -%}
    {%- set cast_value = 'case when ' ~ fits ~ ' then cast(' ~ value ~ ' as ' ~ data_type ~ ') end' -%}
    {%- if data_type == 'timestamp' -%}
        {{ return(cast_value) }}
    {%- endif -%}
    {{ return('case when ' ~ matches(expression, number_pattern()) ~ ' then ' ~ cast_value ~ ' end') }}
{%- endmacro %}

{% macro spark__try_cast(expression, data_type) -%}
    {%- if data_type == 'timestamp' -%}
        {{ return('cast(try_cast(' ~ expression ~ ' as timestamp_ntz) as timestamp)') }}
    {%- endif -%}
    {%- set value = 'round(try_cast(' ~ expression ~ ' as decimal(38, 10)))' if data_type == 'integer'
        else expression -%}
    {{ return('case when ' ~ matches(expression, number_pattern())
        ~ ' then try_cast(' ~ value ~ ' as ' ~ data_type ~ ') end') }}
{%- endmacro %}

{#- The flag that a text means, in any case; null for any other text. -#}
{% macro truth(text) -%}
    case
        when lower({{ text }}) in ('true', 't', 'yes', 'y', 'on', '1', '1.0', '是') then true
        when lower({{ text }}) in ('false', 'f', 'no', 'n', 'off', '0', '0.0', '否') then false
    end
{%- endmacro %}
