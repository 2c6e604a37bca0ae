-- One row per refund of goods, on its own day; without tax as the order is.
select
    cast(refunds.id as varchar) as refund_id,
    cast(refunds.order_id as varchar) as order_id,
    refunds.created_at as refunded_at,
    sum(
        cast(refund_lines.subtotal as decimal(18, 2))
        - case
            when orders.taxes_included then cast(refund_lines.total_tax as decimal(18, 2))
            else 0
        end
    ) as amount
from {{ source('fivetran', 'refund') }} as refunds
inner join {{ source('fivetran', 'order_line_refund') }} as refund_lines
    on refunds.id = refund_lines.refund_id
inner join {{ source('fivetran', 'order') }} as orders on refunds.order_id = orders.id
where not coalesce(orders.test, false) and not coalesce(orders._fivetran_deleted, false)
group by
    refunds.id,
    refunds.order_id,
    refunds.created_at
