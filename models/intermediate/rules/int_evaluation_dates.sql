{{ config(materialized='table') }}  -- the record of the run's dates

with

evaluation_dates as (
    {% call(evaluation) for_each_evaluation() %}
    select
        {{ evaluation.month }} as evaluation_month,
        {{ evaluation.month_index }} as month_index,
        {{ evaluation.is_stored | lower }} as is_stored,
        {{ evaluation.is_current | lower }} as is_current,
        {{ evaluation.after_12m }} as year_before,
        {{ evaluation.day }} as evaluation_date,
        {{ evaluation.horizon }} as horizon_date
    {% endcall %}
)

select * from evaluation_dates
