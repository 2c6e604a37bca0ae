{#- Effective-dated rows that are read as of as_of_date: each of the named keys has one then. -#}
{% test in_force(model, key, values) %}

{{ config(meta={'reports_rules': true}) }}

with

needed as (
    {%- for value in values %}
    select '{{ value }}' as row_key
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

in_force as (
    select {{ key }} as row_key
    from {{ model }}
    where
        valid_from <= {{ as_of_date() }}
        and (valid_to > {{ as_of_date() }} or valid_to is null)
),

counted as (
    select
        needed.row_key,
        count(in_force.row_key) as rows_in_force
    from needed
    left join in_force on needed.row_key = in_force.row_key
    group by needed.row_key
)

select
    '{{ model.identifier }}' as seed_name,
    row_key as rule_id,
    cast(rows_in_force as {{ dbt.type_string() }})
    || ' rows are in force on {{ as_of_day() }}, there must be one' as defect
from counted
where rows_in_force <> 1

{% endtest %}
