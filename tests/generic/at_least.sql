{#- Numbers of a seed that must not be below a minimum; blank is allowed. -#}
{% test at_least(model, column_name, minimum, key) %}

{{ config(meta={'reports_rules': true}) }}

select
    '{{ model.identifier }}' as seed_name,
    {{ key }} as rule_id,
    '{{ column_name }} is ' || cast({{ column_name }} as {{ dbt.type_string() }})
    || ', at least {{ minimum }} is needed' as defect
from {{ model }}
where {{ column_name }} < {{ minimum }}

{% endtest %}
