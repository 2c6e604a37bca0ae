{#- The warehouse says of itself whether its last build is finished and tested, so that
    `strata publish` need not trust files beside it: a run that writes is `started` before it makes
    anything, and gets its outcome at the end. Only DuckDB builds are published. -#}

{% macro record_start() -%}
    {{ return(adapter.dispatch('record_start', 'strata')()) }}
{%- endmacro %}

{% macro default__record_start() -%}
{%- endmacro %}

{#- dbt would replace published marts one by one, under the eyes of their readers. -#}
{% macro postgres__record_start() -%}
    {%- set marts = schema_of_strata('marts') -%}
    {%- if execute and flags.WHICH in changing_commands()
        and adapter.get_relation(target.database, marts, 'publications') -%}
        {%- do exceptions.raise_compiler_error(
            'Marts are published to the schema ' ~ marts ~ ' of this database: build in another '
            ~ 'database, or with another STRATA_SCHEMA_PREFIX.') -%}
    {%- endif -%}
{%- endmacro %}

{#- dbt compiles the hooks for its other commands too, which change nothing. -#}
{% macro duckdb__record_start() -%}
    {%- if execute and flags.WHICH in changing_commands() -%}
        {%- set runs = schema_of_strata('runs') -%}
        {%- do run_query('create schema if not exists ' ~ runs) -%}
        {%- do run_query(
            'create table if not exists ' ~ runs ~ '.builds (invocation_id text, command text, '
            ~ 'outcome text, reason text, as_of_date date, started_at timestamp, '
            ~ 'finished_at timestamp)') -%}
        {%- do run_query(
            'alter table ' ~ runs ~ '.builds add column if not exists reporting_currency text') -%}
        {%- do run_query(
            'create table if not exists ' ~ runs ~ '.built_marts '
            ~ '(mart_name text, key_columns text[])') -%}
        {%- do run_query(
            'insert into ' ~ runs ~ ".builds values ('" ~ invocation_id ~ "', '" ~ flags.WHICH
            ~ "', 'started', 'it did not come to its end', " ~ as_of_date() ~ ", '"
            ~ run_started_at.strftime('%Y-%m-%d %H:%M:%S.%f') ~ "', null, '"
            ~ var('reporting_currency') ~ "')") -%}
    {%- endif -%}
{%- endmacro %}

{% macro changing_commands() -%}
    {{ return(['build', 'run', 'seed', 'snapshot', 'clone', 'retry']) }}
{%- endmacro %}

{% macro record_end(results) -%}
    {{ return(adapter.dispatch('record_end', 'strata')(results)) }}
{%- endmacro %}

{% macro default__record_end(results) -%}
{%- endmacro %}

{% macro duckdb__record_end(results) -%}
    {%- if execute and flags.WHICH in changing_commands() + ['test'] -%}
        {%- set runs = schema_of_strata('runs') -%}
        {%- set end = run_outcome(results) -%}
        {%- set values = "outcome = '" ~ end.outcome ~ "', reason = '" ~ end.reason ~ "'" -%}
        {%- if flags.WHICH != 'test' -%}
            {%- if end.outcome == 'complete' -%}
                {%- do run_query(
                    'create or replace table ' ~ runs ~ '.built_marts as select * from (values '
                    ~ duckdb__built_marts() | join(', ') ~ ') as marts (mart_name, key_columns)') -%}
            {%- endif -%}
            {%- do run_query(
                'update ' ~ runs ~ '.builds set ' ~ values ~ ', finished_at = current_timestamp '
                ~ "where invocation_id = '" ~ invocation_id ~ "'") -%}
        {%- elif end.outcome == 'failed' and run_query(
            "select 1 from information_schema.tables where table_schema = '" ~ runs
            ~ "' and table_name = 'builds'").rows -%}
            {%- do run_query(
                'update ' ~ runs ~ '.builds set ' ~ values
                ~ ' where started_at = (select max(started_at) from ' ~ runs ~ '.builds) '
                ~ "and outcome = 'complete'") -%}
        {%- endif -%}
        {#- a hook that looks for a table of a schema that dbt has not listed begins a transaction; where it did
            not, dbt-duckdb 1.10 logs a traceback, so one is begun in any case -#}
        {%- call statement('begun', auto_begin=true) -%} select 1 {%- endcall -%}
        {%- do adapter.commit() -%}
    {%- endif -%}
{%- endmacro %}
