{#- A measure of a source: 0 for whom it has no row, unknown for everybody where it is missing, for that is
    not silence. -#}
{% macro unless_missing(measure, source_table, data_type='integer', unknown='null') -%}
    cast(
        {{- unknown if source_table in setting('missing_sources') else 'coalesce(' ~ measure ~ ', 0)' }} as {{ data_type -}}
    )
{%- endmacro %}
