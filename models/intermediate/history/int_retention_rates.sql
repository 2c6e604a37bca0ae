with

history as (
    select
        market,
        orders_12m,
        evaluation_date
    from {{ ref('strata', 'customer_tier_history') }}
    where orders_previous_12m > 0
),

retention_rates as (
    select
        market,
        sum(case when orders_12m > 0 then 1 else 0 end) / cast(count(*) as {{ type_double() }})
            as retention_rate,
        evaluation_date
    from history
    group by
        market,
        evaluation_date
)

select * from retention_rates
