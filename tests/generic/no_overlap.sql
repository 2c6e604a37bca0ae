{#- Effective-dated rows of one key must not overlap: a fact would match two of them. -#}
{% test no_overlap(model, key) %}

{{ config(meta={'reports_rules': true}) }}
{%- set text = dbt.type_string() %}

with

ordered as (
    select
        {{ key }} as row_key,
        valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to,
        lead(valid_from) over (partition by {{ key }} order by valid_from) as next_from
    from {{ model }}
)

select
    '{{ model.identifier }}' as seed_name,
    row_key as rule_id,
    'the row from ' || cast(valid_from as {{ text }}) || ' must end after that day, and no later than '
    || coalesce('the next begins on ' || cast(next_from as {{ text }}), 'ever') as defect
from ordered
where
    valid_to <= valid_from
    or next_from < valid_to

{% endtest %}
