{#- Effective-dated parameters: on every evaluation date each market has exactly one row, its own or
    that of '*'; at most one where none is required. -#}
{% test parameters_in_force(model, is_required=true) %}

{{ config(meta={'reports_rules': true}) }}

with

in_force as (
    {{ rows_in_force(model, ['valid_from']) }}
),

counted as (
    select
        dates.evaluation_date,
        markets.market,
        count(in_force.valid_from) as rows_in_force
    from {{ ref('strata', 'int_evaluation_dates') }} as dates
    cross join ({{ every_market() }}) as markets
    left join in_force
        on
            dates.evaluation_date = in_force.evaluation_date
            and markets.market = in_force.market
    group by
        dates.evaluation_date,
        markets.market
)

select
    '{{ model.identifier }}' as seed_name,
    'market ' || market as rule_id,
    cast(rows_in_force as {{ dbt.type_string() }}) || ' rows are in force on '
    || {{ days_told('evaluation_date') }}
    || ', there must be {{ 'one' if is_required else 'one at most' }}' as defect
from counted
where rows_in_force {{ '<>' if is_required else '>' }} 1
group by
    market,
    rows_in_force

{% endtest %}
