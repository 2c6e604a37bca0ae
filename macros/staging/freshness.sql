{#- What `dbt source freshness` judges a raw table by. -#}

{#- The column of the time that tells how new a raw table is; nothing if it has none. -#}
{% macro newest_by(table_name) -%}
    {%- for source_node in sources_of_strata() if source_node.name == table_name -%}
        {{ return(source_node.meta.newest_by) }}
    {%- endfor -%}
{%- endmacro %}

{#- The newest time of a raw table, as its staging model reads it. What there is none of, a table that
    missing_sources names, one that is a model, or one of a wing that is off, is not judged: it is fresh. -#}
{% macro newest_time(table_name) -%}
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
    {%- set time = newest_by(table_name) -%}
    {{ return('select max(' ~ time ~ ') as newest from ' ~ staged ~ ' where ' ~ time ~ ' <= ' ~ run_clock()) }}
{%- endmacro %}
