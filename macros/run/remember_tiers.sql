{#- At the start of a run: how many customers each tier has, for the end of the run to compare with. -#}

{% macro remember_tiers() -%}
    {%- if execute and flags.WHICH in ['build', 'run'] -%}
        {%- set tiers = relation_of('customer_tiers') -%}
        {%- set runs = schema_of_strata('runs') -%}
        {%- do run_query('create schema if not exists ' ~ runs) -%}
        {%- do run_query('drop table if exists ' ~ runs ~ '.tiers_before') -%}
        {%- do run_query(
            'create table ' ~ runs ~ '.tiers_before ' ~ stored_as() ~ ' as '
            ~ ('select tier_code, count(*) as customers from ' ~ tiers ~ ' group by tier_code'
                if tiers else "select '' as tier_code, 0 as customers where 1 = 0")) -%}
    {%- endif -%}
{%- endmacro %}

{% macro stored_as() -%}
    {{ return(adapter.dispatch('stored_as', 'strata')()) }}
{%- endmacro %}

{% macro default__stored_as() -%}
{%- endmacro %}

{% macro spark__stored_as() -%}
    using parquet
{%- endmacro %}
