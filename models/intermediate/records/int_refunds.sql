with

refunds as (
    select
        order_id,
        customer_id,
        reporting_amount,
        order_date as sale_date,
        refund_date
    from {{ ref('strata', 'int_refunds_checked') }}
    where fate = 'used'
),

credits as (
    select
        original_order_id as order_id,
        customer_id,
        -reporting_amount as reporting_amount,
        sale_date,
        credit_date as refund_date
    from {{ ref('strata', 'int_credits_checked') }}
    where fate = 'used'
),

refunds_and_credits as (
    select * from refunds
    union all
    select * from credits
),

-- One that is dated before its sale is known with the sale.
dated as (
    select
        order_id,
        customer_id,
        cast(reporting_amount as decimal(18, 2)) as reporting_amount,
        sale_date,
        case when refund_date < sale_date then sale_date else refund_date end as known_date
    from refunds_and_credits
)

select * from dated
