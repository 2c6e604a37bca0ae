{#- How numbers are written in sentences. -#}

{#- A share of 0.1234 as 12.3. -#}
{% macro percent_text(share) -%}
    cast(cast(100 * {{ share }} as decimal(18, 1)) as {{ dbt.type_string() }})
{%- endmacro %}
