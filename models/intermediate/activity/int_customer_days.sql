{{ config(materialized='table') }}  -- read once for each evaluation date

with

-- An order of which one item has no usable cost has none.
order_costs as (
    select
        order_id,
        cast(sum(reporting_cost) as decimal(18, 2)) as cost_of_goods
    from {{ ref('strata', 'int_order_items_checked') }}
    -- an older row of an item says nothing, whatever else is wrong with it
    where fate = 'used' or (fate = 'quarantined' and defects not like '%,duplicate_key,%')
    group by order_id
    having count(*) = count(case when fate = 'used' then reporting_cost end)
),

-- A refund takes its amount from the margin; the goods are not taken to come back.
transactions as (
    select
        transactions.customer_id,
        transactions.reporting_amount,
        case
            when order_costs.order_id is not null
                then
                    transactions.reporting_amount
                    - case when transactions.is_sale then order_costs.cost_of_goods else 0 end
        end as margin,
        case when order_costs.order_id is not null then transactions.reporting_amount end as costed_revenue,
        transactions.is_sale,
        transactions.sale_date,
        transactions.known_date
    from {{ ref('strata', 'int_transactions') }} as transactions
    left join order_costs on transactions.order_id = order_costs.order_id
),

-- A credit that names no order may be of a day, or a customer, without sales.
days as (
    select
        customer_id,
        cast(count(*) as integer) as transactions,
        cast(sum(reporting_amount) as decimal(18, 2)) as net_revenue,
        cast(sum(margin) as decimal(18, 2)) as margin,
        cast(sum(costed_revenue) as decimal(18, 2)) as costed_revenue,
        is_sale,
        false as is_only_without_sales,
        sale_date,
        known_date
    from transactions
    group by
        customer_id,
        is_sale,
        sale_date,
        known_date
    union all
    -- the day from which a customer is one, if not for a sale
    select
        customer_id,
        0 as transactions,
        cast(0 as decimal(18, 2)) as net_revenue,
        cast(null as decimal(18, 2)) as margin,
        cast(null as decimal(18, 2)) as costed_revenue,
        false as is_sale,
        min(registration_date) is null as is_only_without_sales,
        null as sale_date,
        coalesce(min(registration_date), max(update_date), {{ as_of_date() }}) as known_date
    from {{ ref('strata', 'int_customers_unified') }}
    where fate = 'used'
    group by customer_id
),

-- In the order of a customer's sales, the sales of a day before what is refunded of it, and the start last.
followed as (
    select
        *,
        max(case when is_sale then sale_date end) over (
            partition by customer_id
            order by sale_date asc nulls last, is_sale desc nulls last, known_date asc nulls last
            rows between unbounded preceding and 1 preceding
        ) as last_sale_date,
        min(case when is_sale then sale_date end) over (
            partition by customer_id
            order by sale_date asc nulls last, is_sale desc nulls last, known_date asc nulls last
            rows between unbounded preceding and 1 preceding
        ) as first_sale_date
    from days
),

customer_days as (
    select
        customer_id,
        case when is_sale then cast(power(2, mod({{ month_index('sale_date') }}, 13)) as integer) else 0 end
            as month_bit,
        case when is_sale then 1 else 0 end as purchase_days,
        case when is_sale then {{ days_between('last_sale_date', 'sale_date') }} end as gap_days,
        case when is_sale then transactions else 0 end as orders,
        net_revenue,
        margin,
        costed_revenue,
        cast(case when is_sale then 0 else -net_revenue end as decimal(18, 2)) as refunded,
        case
            when sale_date = first_sale_date or (is_sale and first_sale_date is null) then net_revenue
            else cast(0 as decimal(18, 2))
        end as first_day_revenue,
        sale_date,
        known_date
    from followed
    where not is_only_without_sales or first_sale_date is null
)

select * from customer_days
