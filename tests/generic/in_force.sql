{#- Effective-dated rows: each of the named keys has one in force as of as_of_date; or, on every
    evaluation date, each code of another seed, `codes: {to: ref(...), field: column}`. -#}
{% test in_force(model, key, values=[], codes=none) %}

{{ config(meta={'reports_rules': true}) }}

with

needed as (
    {%- for value in values %}
    select
        '{{ value }}' as row_key,
        {{ as_of_date() }} as evaluation_date
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {%- if codes %}
    select
        codes.{{ codes.field }} as row_key,
        dates.evaluation_date
    from {{ codes.to }} as codes
    cross join {{ ref('strata', 'int_evaluation_dates') }} as dates
    {%- endif %}
),

counted as (
    select
        needed.row_key,
        needed.evaluation_date,
        count(seed_rows.{{ key }}) as rows_in_force
    from needed
    left join {{ model }} as seed_rows
        on
            needed.row_key = seed_rows.{{ key }}
            and needed.evaluation_date >= seed_rows.valid_from
            and (needed.evaluation_date < seed_rows.valid_to or seed_rows.valid_to is null)
    group by
        needed.row_key,
        needed.evaluation_date
)

select
    '{{ model.identifier }}' as seed_name,
    row_key as rule_id,
    cast(rows_in_force as {{ dbt.type_string() }}) || ' rows are in force on '
    || {{ days_told('evaluation_date') }} || ', there must be one' as defect
from counted
where rows_in_force <> 1
group by
    row_key,
    rows_in_force

{% endtest %}
