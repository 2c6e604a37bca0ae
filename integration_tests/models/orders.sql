select
    sale as order_id,
    buyer as customer_id,
    sold_at as ordered_at,
    'completed' as status,
    'EUR' as currency,
    total as amount
from {{ ref('sales') }}
