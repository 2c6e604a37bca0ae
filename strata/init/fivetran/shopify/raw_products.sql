-- One row per product that the shop has or had in an order; gift cards are no revenue (seed
-- product_categories).
with

gift_cards as (
    select distinct product_id
    from {{ source('fivetran', 'order_line') }}
    where gift_card
)

select
    cast(products.id as varchar) as product_id,
    products.title as product_name,
    case
        when gift_cards.product_id is not null then 'gift_cards'
        else nullif(lower(trim(products.product_type)), '')
    end as category,
    products.vendor as brand,
    products.created_at as launched_at
from {{ source('fivetran', 'product') }} as products
left join gift_cards on products.id = gift_cards.product_id
union all
select
    cast(product_id as varchar) as product_id,
    max(name) as product_name,
    case when max(case when gift_card then 1 else 0 end) = 1 then 'gift_cards' end as category,
    null as brand,
    null as launched_at
from {{ source('fivetran', 'order_line') }}
where
    product_id is not null
    and product_id not in (select id from {{ source('fivetran', 'product') }})
group by product_id
union all
select
    'unlisted' as product_id,
    'Not in the catalogue' as product_name,
    null as category,
    null as brand,
    null as launched_at
