{#- Casts that give null where a text is malformed, the same on every engine: DuckDB's own, or a
    pattern and then the cast. Whole numbers are rounded half away from zero; an offset of a timestamp
    is not read, for the raw timestamps are UTC. -#}

{% macro try_cast(expression, data_type) -%}
    {{ return(adapter.dispatch('try_cast', 'strata')(expression, data_type)) }}
{%- endmacro %}

{% macro duckdb__try_cast(expression, data_type) -%}
    {{ return('try_cast(' ~ expression ~ ' as ' ~ data_type ~ ')') }}
{%- endmacro %}

{#- The texts that are a value of a type. No backslash, for not all engines read it alike. -#}
{% macro text_pattern(data_type) -%}
    {%- set number = '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?' -%}
    {%- set day = '[0-9]{4}(-[0-9]{1,2}-|/[0-9]{1,2}/)[0-9]{1,2}' -%}
    {%- set time = '[ T][0-9]{1,2}:[0-9]{1,2}(:[0-5]?[0-9]([.][0-9]*)?)?' -%}
    {%- set zone = '(Z| UTC|[+-][0-9]{2}(:?[0-9]{2})?)?' -%}
    {%- set is_number = data_type.split('(')[0] in ['integer', 'decimal'] -%}
    {{ return('^ *' ~ (number if is_number else day ~ '(' ~ time ~ zone ~ ')?') ~ ' *$') }}
{%- endmacro %}

{% macro truth(text) -%}
    case
        when lower({{ text }}) in ('true', 't', 'yes', 'y', '1') then true
        when lower({{ text }}) in ('false', 'f', 'no', 'n', '0') then false
    end
{%- endmacro %}

{#- The input functions of PostgreSQL know more (now, infinity, 1_000): the pattern leaves that out. -#}
{% macro postgres__try_cast(expression, data_type) -%}
    {%- set text = 'cast(' ~ expression ~ ' as text)' -%}
    {%- if data_type == 'boolean' -%}
        {{ return(truth(text)) }}
    {%- endif -%}
    {%- set value = {
        'integer': 'round(cast(' ~ text ~ ' as numeric))',
        'timestamp': 'substring(' ~ text ~ " from '^[^.]*(?:[.][0-9]{0,6})?')",
    }.get(data_type, text) -%}
    {%- set fits = {
        'integer': 'abs(' ~ value ~ ') < 2147483648',
    }.get(data_type, 'pg_input_is_valid(' ~ text ~ ", '" ~ data_type ~ "')") -%}
    {{ return('case when ' ~ text ~ " ~ '" ~ text_pattern(data_type) ~ "' then case when "
        ~ fits ~ ' then cast(' ~ value ~ ' as ' ~ data_type ~ ') end end') }}
{%- endmacro %}

{% macro spark__try_cast(expression, data_type) -%}
    {%- set text = 'cast(' ~ expression ~ ' as string)' -%}
    {%- if data_type == 'boolean' -%}
        {{ return(truth(text)) }}
    {%- endif -%}
    {%- set value = {
        'integer': 'round(try_cast(' ~ text ~ ' as decimal(38, 10)))',
        'date': 'replace(' ~ text ~ ", '/', '-')",
        'timestamp': 'try_cast(replace(' ~ text ~ ", '/', '-') as timestamp_ntz)",
    }.get(data_type, text) -%}
    {{ return('case when ' ~ text ~ " rlike '" ~ text_pattern(data_type)
        ~ "' then try_cast(" ~ value ~ ' as ' ~ data_type ~ ') end') }}
{%- endmacro %}
