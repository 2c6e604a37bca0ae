{#- On every evaluation date each customer has one row at most, with a known tier; on those of this run
    each customer who had started has one, and nobody else. (Late data may move a start into a frozen
    month, which stays as it was.) One scan says all of it: the history is the largest table. -#}
{% test one_tier_per_customer_and_date(model, customers, tiers) %}

with

dates as (
    select
        evaluation_date,
        count(*) as history_rows,
        count(distinct history.customer_id) as history_customers,
        sum(case when tiers.tier_code is null then 1 else 0 end) as unknown_tiers
    from {{ model }} as history
    left join {{ tiers }} as tiers on history.tier_code = tiers.tier_code
    group by evaluation_date
),

expected as (
    select
        dates.evaluation_date,
        count(*) as started_customers
    from dates
    inner join {{ ref('int_evaluation_dates') }} as run_dates
        on dates.evaluation_date = run_dates.evaluation_date and not run_dates.is_frozen
    inner join {{ customers }} as customers
        on dates.evaluation_date >= customers.start_date
    group by dates.evaluation_date
)

select
    dates.*,
    expected.started_customers
from dates
left join expected on dates.evaluation_date = expected.evaluation_date
where
    dates.history_rows <> expected.started_customers
    or dates.history_customers <> dates.history_rows
    or dates.unknown_tiers > 0

{% endtest %}
