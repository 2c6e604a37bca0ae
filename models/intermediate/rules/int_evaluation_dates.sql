-- The bodies of the loops below are indented as they are read.
-- noqa: disable=LT02
{{ config(materialized='table') }}  -- the record of the run's dates

{%- set dates = evaluation_dates() %}

with

evaluation_dates as (
    {%- for evaluation in dates %}
    select
        {{ date_literal(evaluation.date.replace(day=1)) }} as evaluation_month,
        {{ evaluation.date.year * 12 + evaluation.date.month }} as month_index,
        {{ evaluation.is_stored | lower }} as is_stored,
        {{ loop.last | lower }} as is_current,
        {{ date_literal(months_before(evaluation.date, 12)) }} as year_before,
        {{ date_literal(evaluation.date) }} as evaluation_date
        {{- '\n    union all' if not loop.last }}
    {%- endfor %}
)

select * from evaluation_dates
