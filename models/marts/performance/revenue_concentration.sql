with

history as (
    select
        customer_id,
        net_revenue_12m,
        evaluation_date
    from {{ ref('strata', 'customer_tier_history') }}
    where is_current
),

placed as (
    select
        customer_id,
        net_revenue_12m,
        row_number() over (order by net_revenue_12m desc, customer_id asc) as place,
        count(*) over () as customers_of_all,
        evaluation_date
    from history
),

percentiles as (
    select
        cast(
            ceil(
                100 * cast(place as {{ type_double() }})
                / cast(customers_of_all as {{ type_double() }})
            ) as integer
        ) as percentile,
        evaluation_date,
        count(*) as customers,
        cast(sum(net_revenue_12m) as decimal(18, 2)) as net_revenue_12m
    from placed
    group by
        cast(
            ceil(
                100 * cast(place as {{ type_double() }})
                / cast(customers_of_all as {{ type_double() }})
            ) as integer
        ),
        evaluation_date
),

accumulated as (
    select
        percentile,
        cast(customers as integer) as customers,
        net_revenue_12m,
        cast(
            sum(net_revenue_12m) over (order by percentile rows unbounded preceding) as {{ type_double() }}
        )
        / nullif(cast(sum(net_revenue_12m) over () as {{ type_double() }}), 0)
            as cumulative_revenue_share,
        evaluation_date
    from percentiles
)

select * from accumulated
