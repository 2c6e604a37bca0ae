{#- Schemas are the folders of the layers; what has no place lands in a schema that shows it. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ env_var('STRATA_SCHEMA_PREFIX', '') }}{{ custom_schema_name or target.schema }}
{%- endmacro %}
