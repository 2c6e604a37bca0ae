-- One row per line of an order; what is not in the catalogue is the product 'unlisted'.
select
    cast(order_lines.id as varchar) as order_item_id,
    cast(order_lines.order_id as varchar) as order_id,
    coalesce(cast(order_lines.product_id as varchar), 'unlisted') as product_id,
    order_lines.quantity,
    order_lines.price as unit_price,
    order_lines.total_discount as discount_amount
from {{ source('fivetran', 'order_line') }} as order_lines
inner join {{ ref('raw_orders') }} as orders
    on cast(order_lines.order_id as varchar) = orders.order_id
