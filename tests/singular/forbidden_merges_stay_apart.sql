-- Records that the seed customer_merges keeps apart are not one person through other records.
-- Forbid the pair that connects them too.

select
    decisions.from_customer_id,
    decisions.into_customer_id,
    decisions.reason,
    components.customer_id as connected_as
from {{ ref('customer_merges') }} as decisions
inner join {{ ref('int_customer_components') }} as components
    on decisions.from_customer_id = components.record_id
inner join {{ ref('int_customer_components') }} as others
    on
        decisions.into_customer_id = others.record_id
        and components.customer_id = others.customer_id
where decisions.decision = 'forbid'
