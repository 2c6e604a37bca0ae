{#- Cells of a seed that must not be blank, where its rows meet a condition. -#}
{% test filled(model, column_name, key, condition='true') %}

{{ config(meta={'reports_rules': true}) }}

select
    '{{ model.identifier }}' as seed_name,
    {{ key }} as rule_id,
    '{{ column_name }} is blank' as defect
from {{ model }}
where
    {{ column_name }} is null
    and {{ condition }}

{% endtest %}
