{#- At the start of a run: the raw tables are there, or a clear message says what is missing. -#}

{% macro attach_raw_tables() -%}
    {{ return(adapter.dispatch('attach_raw_tables', 'strata')()) }}
{%- endmacro %}

{% macro default__attach_raw_tables() -%}
{%- endmacro %}

{#- DuckDB: each file of raw_path becomes a view of the raw schema, read as text if it is a CSV. -#}
{% macro duckdb__attach_raw_tables() -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'test'] -%}
        {%- for source_node in graph.sources.values() if source_node.source_name == 'crm' -%}
            {%- if loop.first -%}
                {%- do run_query('create schema if not exists ' ~ source_node.schema) -%}
            {%- endif -%}
            {%- do run_query(
                'create or replace view ' ~ source_node.schema ~ '.' ~ source_node.name
                ~ ' as ' ~ duckdb__raw_select(source_node)) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__raw_select(source_node) -%}
    {%- set table_name = source_node.name -%}
    {%- set raw_path = var('raw_path') | string -%}
    {%- set missing = table_name in var('missing_sources') -%}
    {%- set required = source_node.config.meta.required -%}
    {%- if missing and required -%}
        {%- do exceptions.raise_compiler_error(
            'The raw table ' ~ table_name ~ ' is required: take it out of the var missing_sources, '
            ~ 'and set the var raw_path to the folder that has it.') -%}
    {%- endif -%}
    {%- set reader = none if missing else duckdb__raw_reader(raw_path, table_name, required) -%}
    {%- set present = [] -%}
    {%- if reader -%}
        {%- for column in run_query('describe select * from ' ~ reader).columns[0].values() -%}
            {%- do present.append(column | lower) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set selected = [] -%}
    {%- for column in source_node.columns.values() -%}
        {%- if column.name in present -%}
            {%- do selected.append(column.name) -%}
        {%- elif not missing and (column.meta.required or column.meta.key) -%}
            {%- do exceptions.raise_compiler_error(
                'The raw table ' ~ table_name ~ ' in ' ~ raw_path ~ ' has no column '
                ~ column.name ~ ', which is required. It has: ' ~ present | join(', ')) -%}
        {%- else -%}
            {%- do selected.append('cast(null as varchar) as ' ~ column.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return('select ' ~ selected | join(', ')
        ~ (' from ' ~ reader if reader else ' where false')) }}
{%- endmacro %}

{#- Nothing about a CSV is left to guess: a row that begins with # would pass for a comment. -#}
{% macro duckdb__raw_reader(raw_path, table_name, required) -%}
    {%- set readers = {
        'csv': ", all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"', "
            ~ "comment = '', skip = 0)",
        'parquet': ')'} -%}
    {%- set found = [] -%}
    {%- for extension, options in readers.items() -%}
        {%- set file = "'" ~ raw_path | replace("'", "''") ~ '/' ~ table_name ~ '.' ~ extension ~ "'" -%}
        {%- if run_query('select count(*) from glob(' ~ file ~ ')').columns[0].values()[0] > 0 -%}
            {%- do found.append('read_' ~ extension ~ '(' ~ file ~ options) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if found | length == 1 -%}
        {{ return(found[0]) }}
    {%- endif -%}
    {%- set file = raw_path ~ '/' ~ table_name -%}
    {%- if found -%}
        {%- do exceptions.raise_compiler_error(
            'Both ' ~ file ~ '.csv and ' ~ file ~ '.parquet exist: remove one of them.') -%}
    {%- endif -%}
    {%- do exceptions.raise_compiler_error(
        'The raw table ' ~ table_name ~ ' is neither ' ~ file ~ '.csv nor ' ~ file ~ '.parquet. '
        ~ ('Set the var raw_path to the folder that has it.' if required
            else 'Name it in the var missing_sources if you have no such table.')) -%}
{%- endmacro %}
