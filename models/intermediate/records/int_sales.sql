with

sales as (
    select
        order_id,
        customer_id,
        channel,
        cast(reporting_amount - prepaid_amount as decimal(18, 2)) as reporting_amount,
        order_date,
        ordered_at
    from {{ ref('strata', 'int_orders_checked') }}
    where fate = 'used' and not is_credit
)

select * from sales
