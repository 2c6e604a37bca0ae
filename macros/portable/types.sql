{#- What the engines spell differently: types, and what is left of a text. -#}

{% macro type_double() -%}
    {{ return(adapter.dispatch('type_double', 'strata')()) }}
{%- endmacro %}

{% macro default__type_double() -%}
    {{ return('double') }}
{%- endmacro %}

{% macro postgres__type_double() -%}
    {{ return('double precision') }}
{%- endmacro %}

{#- Columns of these types: the values given, and null for the others. -#}
{% macro typed_columns(types, values) -%}
    {%- for name, type in types.items() %}
    cast({{ values.get(name, 'null') }} as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- A double as a decimal, half away from zero. Six digits first: what is a half but for the last bits
    of a double is a half on every engine. -#}
{% macro to_decimal(number, digits=2) -%}
    cast(cast({{ number }} as decimal(24, 6)) as decimal(18, {{ digits }}))
{%- endmacro %}

{% macro bit_count(expression) -%}
    {{ return(adapter.dispatch('bit_count', 'strata')(expression)) }}
{%- endmacro %}

{% macro default__bit_count(expression) -%}
    bit_count({{ expression }})
{%- endmacro %}

{% macro postgres__bit_count(expression) -%}
    bit_count(cast({{ expression }} as bit(32)))
{%- endmacro %}

{% macro salted_hash(expression) -%}
    {{ return(adapter.dispatch('salted_hash', 'strata')(expression)) }}
{%- endmacro %}

{% macro salt() -%}
    {{ return(env_var('STRATA_HASH_SALT', 'strata') | replace("'", "''")) }}
{%- endmacro %}

{% macro default__salted_hash(expression) -%}
    sha256('{{ salt() }}' || {{ expression }})
{%- endmacro %}

{% macro postgres__salted_hash(expression) -%}
    encode(sha256(convert_to('{{ salt() }}' || {{ expression }}, 'UTF8')), 'hex')
{%- endmacro %}

{#- A backslash in a literal is an escape there. -#}
{% macro spark__salted_hash(expression) -%}
    sha2('{{ salt() | replace("\\", "\\\\") }}' || {{ expression }}, 256)
{%- endmacro %}

{% macro digits_only(expression) -%}
    {{ return(adapter.dispatch('digits_only', 'strata')(expression)) }}
{%- endmacro %}

{% macro default__digits_only(expression) -%}
    regexp_replace({{ expression }}, '[^0-9]', '', 'g')
{%- endmacro %}

{% macro spark__digits_only(expression) -%}
    regexp_replace({{ expression }}, '[^0-9]', '')
{%- endmacro %}

{#- A number of 64 bits for what a row holds, null and all, as long as the engine's version stands. -#}
{% macro row_hash(columns) -%}
    {%- set cells = columns | join(', ') -%}
    {{ return(adapter.dispatch('row_hash', 'strata')(cells)) }}
{%- endmacro %}

{% macro default__row_hash(cells) -%}
    hash({{ cells }})
{%- endmacro %}

{% macro postgres__row_hash(cells) -%}
    hash_record_extended(row({{ cells }}), 0)
{%- endmacro %}

{#- Its hash of several columns leaves null out, and a sum of whole numbers may overflow. -#}
{% macro spark__row_hash(cells) -%}
    cast(xxhash64(to_json(struct({{ cells }}))) as decimal(20, 0))
{%- endmacro %}
