with

sales as (
    select
        order_id,
        customer_id,
        channel,
        cast(reporting_amount - prepaid_amount as decimal(18, 2)) as reporting_amount,
        true as is_sale,
        order_date as sale_date,
        order_date as known_date,
        ordered_at
    from {{ ref('strata', 'int_orders_checked') }}
    where fate = 'used' and not is_credit
),

refunds as (
    select
        order_id,
        customer_id,
        -reporting_amount as reporting_amount,
        order_date as sale_date,
        refund_date as known_date
    from {{ ref('strata', 'int_refunds_checked') }}
    where fate = 'used'
    union all
    select
        original_order_id as order_id,
        customer_id,
        reporting_amount,
        sale_date,
        credit_date as known_date
    from {{ ref('strata', 'int_credits_checked') }}
    where fate = 'used'
),

-- One that is dated before its sale is known with the sale.
transactions as (
    select * from sales
    union all
    select
        order_id,
        customer_id,
        cast(null as {{ dbt.type_string() }}) as channel,
        cast(reporting_amount as decimal(18, 2)) as reporting_amount,
        false as is_sale,
        sale_date,
        case when known_date < sale_date then sale_date else known_date end as known_date,
        cast(null as timestamp) as ordered_at
    from refunds
)

select * from transactions
