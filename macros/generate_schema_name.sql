{#- Schemas are the folders of the layers; what has no place lands in a schema that shows it. In a project
    that has Strata as a package its own rule decides, which dbt does not ask for nodes of a package. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if project_name == 'strata' -%}
        {{ env_var('STRATA_SCHEMA_PREFIX', '') }}{{ custom_schema_name or target.schema }}
    {%- elif context.get(project_name, {}).get('generate_schema_name') -%}
        {{ context[project_name].generate_schema_name(custom_schema_name, node) }}
    {%- else -%}
        {{ dbt.generate_schema_name(custom_schema_name, node) }}
    {%- endif -%}
{%- endmacro %}
