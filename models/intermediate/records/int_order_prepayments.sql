{#- Joins from the few products that are no revenue to the lines of their orders: where there are none, no
    line is read. A view: a table would keep the orders of the erased. -#}
{%- set raw = raw_columns('order_items') %}

with

products as (
    select
        products.product_key,
        coalesce(not product_categories.is_revenue, false) as is_prepayment
    from {{ ref('strata', 'int_products_checked') }} as products
    left join {{ ref('product_categories') }} as product_categories
        on products.category = product_categories.category
    where products.fate = 'used'
),

-- One row, or none: then no line is read.
any_prepayment as (
    select product_key
    from products
    where is_prepayment
    order by product_key nulls last
    limit 1
),

orders_with_prepayments as (
    select {{ reference_key('order_items.order_id') }} as order_key
    from {{ ref('strata', 'stg_crm__order_items') }} as order_items
    inner join products on {{ reference_key('order_items.product_id') }} = products.product_key
    where products.is_prepayment
    group by {{ reference_key('order_items.order_id') }}
),

numbered as (
    select
        order_items.*,
        orders_with_prepayments.order_key,
        row_number() over (
            partition by {{ identifier_key('order_items.order_item_id') }}
            order by {{ newest_first(raw, 'order_items') }}
        ) as place
    from {{ ref('strata', 'stg_crm__order_items') }} as order_items
    inner join orders_with_prepayments
        on {{ reference_key('order_items.order_id') }} = orders_with_prepayments.order_key
    cross join any_prepayment
),

-- The items of a credit are sound with a negative quantity or price, too.
lines as (
    select
        numbered.order_key,
        numbered.defects is null as is_sound,
        products.is_prepayment,
        {{ item_amount('numbered') }} as amount
    from numbered
    inner join products on {{ reference_key('numbered.product_id') }} = products.product_key
    where
        numbered.place = 1
        and {{ without_defect('numbered.defects', 'negative_amount') }} is null
),

order_prepayments as (
    select
        order_key,
        {{ as_money('sum(case when is_sound and is_prepayment then amount else 0 end)') }}
            as prepaid_amount,
        min(case when is_prepayment then 1 when is_sound then 0 end) = 1 as is_whole_order,
        min(case when is_prepayment then 1 else 0 end) = 1 as is_whole_credit
    from lines
    group by order_key
)

select * from order_prepayments
