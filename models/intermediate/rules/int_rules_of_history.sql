-- depends_on: {{ ref('strata', 'int_seeds_proved') }}

{{ config(materialized='incremental', on_schema_change='fail', **replaced_by('evaluation_date')) }}

with

dates as (
    select evaluation_date
    from {{ ref('strata', 'int_evaluation_dates') }}
    where not is_stored
),

rules as (
    {{ rules_by_month() }}
),

rules_of_history as (
    select rules.*
    from rules
    inner join dates on rules.evaluation_date = dates.evaluation_date
)

select * from rules_of_history
