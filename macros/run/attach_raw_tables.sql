{#- At the start of a run: the raw tables are there, or a clear message says what is missing. -#}

{% macro attach_raw_tables() -%}
    {{ return(adapter.dispatch('attach_raw_tables', 'strata')()) }}
{%- endmacro %}

{% macro default__attach_raw_tables() -%}
{%- endmacro %}

{#- DuckDB: each file of raw_path becomes a view of the raw schema, read as text if it is a CSV. The
    function is that of strata/dbt_duckdb.py: the files are looked at as by `strata load`. -#}
{% macro duckdb__attach_raw_tables() -%}
    {%- if execute and var('raw_path') and flags.WHICH in ['build', 'run', 'test', 'freshness', 'source-freshness'] -%}
        {%- set tables = sources_of_strata() | rejectattr('name', 'in', var('raw_models') or {}) | list -%}
        {%- set declared = [] -%}
        {%- for table in tables -%}
            {%- set columns = [] -%}
            {%- for column in table.columns.values() -%}
                {%- do columns.append({'name': column.name, 'config': {'meta': column.meta}}) -%}
            {%- endfor -%}
            {%- do declared.append(
                {'name': table.name, 'config': {'meta': table.config.meta}, 'columns': columns}) -%}
        {%- endfor -%}
        {%- if declared -%}
            {%- set asked = tojson({
                'raw_path': var('raw_path') | string,
                'missing_sources': var('missing_sources') | list,
                'tables': declared}) -%}
            {%- set answer = fromjson(run_query(
                "select strata_raw_tables('" ~ asked | replace("'", "''") ~ "')"
            ).columns[0].values()[0]) -%}
            {%- if answer.faults -%}
                {%- do exceptions.raise_compiler_error('The raw tables: ' ~ answer.faults) -%}
            {%- endif -%}
            {%- do run_query('create schema if not exists ' ~ tables[0].schema) -%}
            {%- for table in tables -%}
                {%- do run_query(
                    'create or replace view ' ~ table.schema ~ '.' ~ table.identifier ~ ' as '
                    ~ answer.queries[table.name]) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
