{#- After a table is made: its statistics, where the planner of the engine waits for them. -#}

{% macro analyze_table() -%}
    {{ return(adapter.dispatch('analyze_table', 'strata')()) }}
{%- endmacro %}

{% macro default__analyze_table() -%}
{%- endmacro %}

{% macro postgres__analyze_table() -%}
    {%- if model.config.materialized != 'view' -%}
        {{ return('analyze ' ~ this) }}
    {%- endif -%}
{%- endmacro %}
