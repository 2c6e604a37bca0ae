{#- Schemas are those of Strata (marts, seeds ...), where `strata publish` looks for them. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ env_var('STRATA_SCHEMA_PREFIX', '') }}{{ custom_schema_name or target.schema }}
{%- endmacro %}
