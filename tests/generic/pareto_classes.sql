{#- One row per defect of the Pareto classes: on every evaluation date bounds between 0 and 1 that
    differ, and exactly one class, the last, without a limit. -#}
{% test pareto_classes(model) %}

{{ config(meta={'reports_rules': true}) }}
{%- set text = dbt.type_string() %}

with

in_force as (
    select
        dates.evaluation_date,
        classes.class_code,
        classes.upper_share
    from {{ ref('strata', 'int_evaluation_dates') }} as dates
    left join {{ model }} as classes
        on
            classes.valid_from <= dates.evaluation_date
            and (classes.valid_to > dates.evaluation_date or classes.valid_to is null)
),

limits as (
    select
        evaluation_date,
        sum(case when class_code is not null and upper_share is null then 1 else 0 end) as open_classes
    from in_force
    group by evaluation_date
),

twice as (
    select
        evaluation_date,
        max(class_code) as class_code,
        upper_share
    from in_force
    where upper_share is not null
    group by
        evaluation_date,
        upper_share
    having count(*) > 1
),

defects as (
    select
        '(all classes)' as class_code,
        cast(open_classes as {{ text }}) || ' classes have no upper_share on '
        || cast(evaluation_date as {{ text }}) || ', exactly one must' as defect
    from limits
    where open_classes <> 1
    union all
    select
        class_code,
        'another class has the same upper_share on ' || cast(evaluation_date as {{ text }}) as defect
    from twice
    union all
    select
        class_code,
        'upper_share must be above 0 and below 1' as defect
    from {{ model }}
    where upper_share <= 0 or upper_share >= 1
)

select
    '{{ model.identifier }}' as seed_name,
    class_code as rule_id,
    defect
from defects

{% endtest %}
