{#- Query: the whole numbers from one to another. -#}
{% macro whole_numbers(first, last, name) -%}
    {%- for number in range(first, last + 1) %}
    select {{ number }} as {{ name }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
