{#- Regular expressions, and what engines spell otherwise around a text. A pattern has no backslash, for
    not all engines read it alike in a literal. -#}

{#- All occurrences of a pattern replaced by a text without backslash and dollar. -#}
{% macro replaced(text, pattern, by) -%}
    {{ return(adapter.dispatch('replaced', 'strata')(text, pattern, by)) }}
{%- endmacro %}

{% macro default__replaced(text, pattern, by) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ by }}', 'g')
{%- endmacro %}

{% macro spark__replaced(text, pattern, by) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ by }}')
{%- endmacro %}

{#- What is not seen at the ends of a text, as first and last code points: blanks of all kinds, marks
    of direction and of byte order. -#}
{% macro invisible_points() -%}
    {{ return([
        [9, 13], [32, 32], [133, 133], [160, 160], [5760, 5760], [8192, 8207], [8232, 8233],
        [8239, 8239], [8287, 8288], [12288, 12288], [65279, 65279],
    ]) }}
{%- endmacro %}

{% macro trimmed(text) -%}
    {{ return(adapter.dispatch('trimmed', 'strata')(text)) }}
{%- endmacro %}

{#- Nearly all texts are plain and have nothing to take off: to see that costs a tenth of a trim. -#}
{% macro default__trimmed(text) -%}
    {%- set invisible = [] -%}
    {%- for first, last in invisible_points() -%}
        {%- do invisible.append('\\x{' ~ '%x' % first ~ '}-\\x{' ~ '%x' % last ~ '}') -%}
    {%- endfor -%}
    {%- set ends = '[' ~ invisible | join ~ ']+' -%}
    case
        when
            strlen({{ text }}) = length({{ text }})
            and {{ text }} >= '!'
            and {{ text }}[-1] >= '!'
            then {{ text }}
        else regexp_replace({{ text }}, '^{{ ends }}|{{ ends }}$', '', 'g')
    end
{%- endmacro %}

{#- The same as escapes of a literal. -#}
{% macro invisible_escapes() -%}
    {%- set escapes = [] -%}
    {%- for first, last in invisible_points() -%}
        {%- for point in range(first, last + 1) -%}
            {%- do escapes.append('\\u' ~ '%04x' % point) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(escapes | join) }}
{%- endmacro %}

{% macro postgres__trimmed(text) -%}
    btrim({{ text }}, E'{{ invisible_escapes() }}')
{%- endmacro %}

{% macro spark__trimmed(text) -%}
    trim(both '{{ invisible_escapes() }}' from {{ text }})
{%- endmacro %}

{#- The form of most times, found without a regular expression where that is cheaper. -#}
{% macro is_usual_time(text) -%}
    {{ return(adapter.dispatch('is_usual_time', 'strata')(text)) }}
{%- endmacro %}

{% macro default__is_usual_time(text) -%}
    {{ matches(text, '^[0-9]{4}-[0-9]{2}-[0-9]{2} ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$') }}
{%- endmacro %}

{#- What else has this shape is no time for the cast, but for 24:00:00 and a Z. -#}
{% macro duckdb__is_usual_time(text) -%}
    {{ text }} like '____-__-__ __:__:__' and {{ text }} not like '% 24:%' and not suffix({{ text }}, 'Z')
{%- endmacro %}

{#- False for a column of a typed file, whose numbers are not written as people write them. -#}
{% macro is_text(column_name) -%}
    {{ return(adapter.dispatch('is_text', 'strata')(column_name)) }}
{%- endmacro %}

{% macro default__is_text(column_name) -%}
    typeof({{ column_name }}) = 'VARCHAR'
{%- endmacro %}

{% macro postgres__is_text(column_name) -%}
    cast(pg_typeof({{ column_name }}) as text) in ('text', 'character varying')
{%- endmacro %}

{% macro spark__is_text(column_name) -%}
    typeof({{ column_name }}) = 'string'
{%- endmacro %}

{% macro seconds_later(timestamp, seconds) -%}
    {{ return(adapter.dispatch('seconds_later', 'strata')(timestamp, seconds)) }}
{%- endmacro %}

{% macro default__seconds_later(timestamp, seconds) -%}
    {{ timestamp }} + interval '1' second * ({{ seconds }})
{%- endmacro %}

{#- At the end of a query of one relation: no engine takes what is worked out below it over into the query
    above, to work it out again at each place that names it. -#}
{% macro computed_once() -%}
    {{ return(adapter.dispatch('computed_once', 'strata')()) }}
{%- endmacro %}

{% macro default__computed_once() -%}
{%- endmacro %}

{% macro postgres__computed_once() -%}
    offset 0
{%- endmacro %}

{#- A sample of all rows: no condition is moved to the other side of it. -#}
{% macro spark__computed_once() -%}
    tablesample (100 percent)
{%- endmacro %}
