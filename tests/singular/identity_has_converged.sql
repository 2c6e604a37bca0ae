-- Linked records have one survivor. If not, the chain is longer than the rounds of
-- int_customer_components, which is the number to raise there.

with

components as (
    select
        record_id,
        customer_id
    from {{ ref('int_customer_components') }}
)

select
    links.customer_id,
    links.linked_customer_id
from {{ ref('int_customer_links') }} as links
inner join components on links.customer_id = components.record_id
inner join components as linked on links.linked_customer_id = linked.record_id
where components.customer_id <> linked.customer_id
