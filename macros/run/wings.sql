{#- Marketing, performance, quality and simulation can be left out. -#}

{#- Whether the models of a wing are there, by the same settings that decide it: an environment variable, and
    `+enabled` of the project that has Strata as a package. It is asked while dbt parses, when no node is
    known. The only way in which the core looks at a wing. -#}
{% macro wing_is_on(wing) -%}
    {%- set found = namespace(
        config=adapter.config.models, is_on=env_var('STRATA_' ~ wing | upper, 'true') == 'true') -%}
    {%- for folder in ['strata', 'intermediate', wing] -%}
        {%- set found.config = found.config.get(folder) or {} -%}
        {%- set found.is_on = found.config.get('+enabled', found.config.get('enabled', found.is_on)) -%}
    {%- endfor -%}
    {{ return(found.is_on) }}
{%- endmacro %}

{% macro wings() -%}
    {{ return(['marketing', 'performance', 'quality', 'simulation']) }}
{%- endmacro %}
