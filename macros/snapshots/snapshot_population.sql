{#- CTEs up to `population`: one row per customer and evaluation date whom a customer is compared with on
    that date, with some columns. Of stored months only those in which anybody's standing has changed. -#}
{% macro snapshot_population(columns) -%}
    restated_months as (
        select * from {{ ref('strata', 'int_restated_months') }}
    ),

    compared_dates as (
        select dates.evaluation_date
        from {{ ref('strata', 'int_evaluation_dates') }} as dates
        left join restated_months on dates.evaluation_date = restated_months.evaluation_date
        where not dates.is_stored or restated_months.evaluation_date is not null
    ),

    population as (
        select
            scores.customer_id,
            {{ each('scores.{}', columns) }},
            scores.evaluation_date
        from {{ ref('strata', 'int_customer_scores') }} as scores
        inner join compared_dates on scores.evaluation_date = compared_dates.evaluation_date
        union all
        select
            stored.customer_id,
            {{ each('stored.{}', columns) }},
            stored.evaluation_date
        from {{ ref('strata', 'int_stored_months') }} as stored
        inner join restated_months on stored.evaluation_date = restated_months.evaluation_date
        where not stored.is_restated
    )
{%- endmacro %}
