-- One row per order of the shop. The amount is the goods after discounts, without tax: where prices
-- include tax, all tax of the order is taken off, that of the shipping too.
select
    cast(id as varchar) as order_id,
    cast(customer_id as varchar) as customer_id,
    email,
    created_at as ordered_at,
    case
        when cancelled_at is not null then 'cancelled'
        when lower(financial_status) in ('paid', 'partially_refunded', 'refunded') then 'paid'
        when lower(financial_status) in ('pending', 'authorized', 'partially_paid', 'unpaid')
            then 'pending'
        when lower(financial_status) in ('voided', 'expired') then 'cancelled'
        else coalesce(lower(financial_status), 'pending')
    end as status,
    coalesce(source_name, 'web') as channel,
    currency,
    cast(
        cast(subtotal_price as decimal(18, 2))
        - case when taxes_included then cast(total_tax as decimal(18, 2)) else 0 end
        as decimal(18, 2)
    ) as amount,
    cast(total_discounts as decimal(18, 2)) as discount_amount,
    cast(total_tax as decimal(18, 2)) as tax_amount,
    updated_at
from {{ source('fivetran', 'order') }}
where not coalesce(test, false) and not coalesce(_fivetran_deleted, false)
