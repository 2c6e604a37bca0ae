{#- A count of a source: 0 for whom it has no row, null for everybody where it is missing, for that is not
    silence. -#}
{% macro unless_missing(measure, source_table) -%}
    {{ 'cast(null as integer)' if source_table in setting('missing_sources')
        else 'cast(coalesce(' ~ measure ~ ', 0) as integer)' }}
{%- endmacro %}
