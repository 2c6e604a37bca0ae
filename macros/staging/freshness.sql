{#- What `dbt source freshness` judges a raw table by. -#}

{#- The newest time of a raw table, as its staging model reads it. What there is none of, a table that
    missing_sources names, one that is a model, or one of a wing that is off, is not judged: it is fresh. -#}
{% macro newest_time(table_name) -%}
    {%- set tables = sources_of_strata() | selectattr('name', 'equalto', table_name) | list -%}
    {%- set node = model_node('stg_crm__' ~ table_name) -%}
    {%- if not node or table_name in var('missing_sources') or raw_model(table_name) -%}
        {{ return('select ' ~ dbt.current_timestamp() ~ ' as newest') }}
    {%- endif -%}
    {%- set staged = relation_of('stg_crm__' ~ table_name) -%}
    {%- if not staged -%}
        {%- do exceptions.raise_compiler_error(
            'dbt source freshness reads the times of ' ~ table_name ~ ' by ' ~ node.name
            ~ ', which is not there yet: dbt build comes first') -%}
    {%- endif -%}
    {%- set time = tables[0].meta.newest_by -%}
    {{ return('select max(' ~ time ~ ') as newest from ' ~ staged ~ ' where ' ~ time ~ ' <= ' ~ run_clock()) }}
{%- endmacro %}
