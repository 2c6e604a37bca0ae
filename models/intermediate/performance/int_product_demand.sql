with

sold as (
    select * from {{ ref('strata', 'int_products_sold') }}
),

months as (
    select
        month_index,
        months_covered_before,
        is_complete,
        month
    from {{ ref('strata', 'int_covered_months') }}
),

-- What is sold in a month is also what the next month, and the same of the next year, are compared with.
delays as (
    select 0 as months_later
    union all
    select 1 as months_later
    union all
    select 12 as months_later
),

compared as (
    select
        sold.tier_code,
        sold.attribute,
        sold.segment_code,
        sold.category,
        sold.revenue,
        sold.quantity,
        sold.orders,
        sold.customers,
        delays.months_later,
        sold.month_index + delays.months_later as month_index
    from sold
    cross join delays
),

demand as (
    select
        compared.tier_code,
        compared.attribute,
        compared.segment_code,
        compared.category,
        cast(
            sum(case when compared.months_later = 0 then compared.revenue else 0 end) as decimal(18, 2)
        ) as revenue,
        cast(
            sum(case when compared.months_later = 0 then compared.quantity else 0 end) as decimal(24, 6)
        ) as quantity,
        cast(
            sum(case when compared.months_later = 0 then compared.orders else 0 end) as integer
        ) as orders,
        cast(
            sum(case when compared.months_later = 0 then compared.customers else 0 end) as integer
        ) as customers,
        cast(
            case
                when months.months_covered_before >= 1
                    then sum(case when compared.months_later = 1 then compared.revenue else 0 end)
            end as decimal(18, 2)
        ) as revenue_previous_month,
        cast(
            case
                when months.months_covered_before >= 12
                    then sum(case when compared.months_later = 12 then compared.revenue else 0 end)
            end as decimal(18, 2)
        ) as revenue_same_month_last_year,
        months.is_complete,
        months.month
    from compared
    inner join months on compared.month_index = months.month_index
    group by
        compared.tier_code,
        compared.attribute,
        compared.segment_code,
        compared.category,
        months.months_covered_before,
        months.is_complete,
        months.month
)

select * from demand
