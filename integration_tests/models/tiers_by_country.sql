select
    customers.country,
    customer_tiers.tier_code,
    count(*) as customers
from {{ ref('strata', 'customer_tiers') }} as customer_tiers
inner join {{ ref('customers') }} as customers
    on customer_tiers.customer_id = cast(customers.customer_id as varchar)
group by
    customers.country,
    customer_tiers.tier_code
