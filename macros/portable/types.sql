{#- What the engines spell differently: types and safe casts. -#}

{% macro type_double() -%}
    {{ return(adapter.dispatch('type_double', 'strata')()) }}
{%- endmacro %}

{% macro default__type_double() -%}
    {{ return('double precision') }}
{%- endmacro %}

{% macro duckdb__type_double() -%}
    {{ return('double') }}
{%- endmacro %}

{% macro try_cast(expression, data_type) -%}
    {{ return(adapter.dispatch('try_cast', 'strata')(expression, data_type)) }}
{%- endmacro %}

{% macro default__try_cast(expression, data_type) -%}
    {{ return('try_cast(' ~ expression ~ ' as ' ~ data_type ~ ')') }}
{%- endmacro %}

{% macro bit_count(expression) -%}
    {{ return(adapter.dispatch('bit_count', 'strata')(expression)) }}
{%- endmacro %}

{% macro default__bit_count(expression) -%}
    bit_count({{ expression }})
{%- endmacro %}

{% macro salted_hash(expression) -%}
    {{ return(adapter.dispatch('salted_hash', 'strata')(expression)) }}
{%- endmacro %}

{% macro default__salted_hash(expression) -%}
    sha256('{{ env_var("STRATA_HASH_SALT", "strata") | replace("'", "''") }}' || {{ expression }})
{%- endmacro %}

{% macro digits_only(expression) -%}
    {{ return(adapter.dispatch('digits_only', 'strata')(expression)) }}
{%- endmacro %}

{% macro default__digits_only(expression) -%}
    regexp_replace({{ expression }}, '[^0-9]', '', 'g')
{%- endmacro %}
