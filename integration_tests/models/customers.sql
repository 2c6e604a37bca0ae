select
    buyer as customer_id,
    mail as email,
    'DE' as country,
    joined as registered_at
from {{ ref('buyers') }}
