{% macro demo_seeds() -%}
    {{ return({}) }}
{%- endmacro %}
