{#- Staging: numbers as people write them, where the vars declare it for a table. -#}

{#- The example that declares how a table writes its numbers; `plain` is what engines read themselves. -#}
{% macro number_format(table_name) -%}
    {%- if not execute -%}
        {{ return('plain') }}
    {%- endif -%}
    {{ return((var('number_formats') or {}).get(table_name, var('number_format'))) }}
{%- endmacro %}

{#- SQL of a plain number from one of the declared form, with a currency sign or code before or after
    it, a sign or accounting parentheses; null where it does not fit. None for plain numbers. -#}
{% macro number_form(column_name, table_name) -%}
    {%- set format = number_format(table_name) -%}
    {%- if format == 'plain' -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set text = 'text_' ~ column_name -%}
    {%- set thousands = "[ \u00a0\u202f]" if format[1] == ' ' else "[''\u2019]" if format[1] == "'"
        else '[' ~ format[1] ~ ']' -%}
    {%- set point = '[' ~ format[5] ~ ']' -%}
    {%- set blank = "[ \u00a0\u202f]?" -%}
    {%- set currency = '([A-Z]{0,3}[$\u00a5\uffe5\u20ac\u00a3\u20b9\u20a9]|[A-Z]{3})' -%}
    {%- set digits = '([0-9]{1,3}(' ~ thousands ~ '[0-9]{2,3})*' ~ thousands ~ '[0-9]{3}|[0-9]+)' -%}
    {%- set number = '(' ~ digits ~ '(' ~ point ~ '[0-9]*)?|' ~ point ~ '[0-9]+)' -%}
    {%- set before = '(' ~ currency ~ blank ~ ')?' -%}
    {%- set after = '(' ~ blank ~ currency ~ ')?' -%}
    {%- set amount = '(' ~ before ~ number ~ '|' ~ number ~ after ~ ')' -%}
    {%- set signed = '([+-]?' ~ blank ~ amount ~ '|' ~ currency ~ blank ~ '[+-]' ~ number ~ ')' -%}
    {%- set pattern = '^([(]' ~ blank ~ amount ~ blank ~ '[)]|' ~ signed ~ ')$' -%}
    {%- set shown = replaced(text, '[^0-9' ~ format[5] ~ ']', '') -%}
    case
        when not {{ is_text(column_name) }} then {{ text }}
        when {{ matches(text, pattern) }}
            then
                case when {{ matches(text, '[(-]') }} then '-' else '' end
                || {{ replaced(shown, point, '.') }}
    end
{%- endmacro %}
