with

purchases as (
    select * from {{ ref('strata', 'int_recent_purchases') }}
),

-- A customer is in one market and one segment, so that these numbers add up. Without product_id: of
-- any product.
counted as (
    select
        market,
        rfm_segment,
        product_id,
        count(*) as customers
    from purchases
    group by
        market,
        rfm_segment,
        product_id
    union all
    select
        market,
        rfm_segment,
        null as product_id,
        count(distinct customer_id) as customers
    from purchases
    group by
        market,
        rfm_segment
),

-- Whose purchases are counted together: those of a segment of a market, of a market, and all.
widened as (
    select
        'segment' as basis,
        market,
        rfm_segment,
        product_id,
        customers
    from counted
    union all
    select
        'market' as basis,
        market,
        'all' as rfm_segment,
        product_id,
        customers
    from counted
    union all
    select
        'all' as basis,
        'all' as market,
        'all' as rfm_segment,
        product_id,
        customers
    from counted
),

summed as (
    select
        basis,
        market,
        rfm_segment,
        product_id,
        cast(sum(customers) as integer) as customers
    from widened
    group by
        basis,
        market,
        rfm_segment,
        product_id
),

product_reach as (
    select
        products.basis,
        products.market,
        products.rfm_segment,
        products.product_id,
        products.customers,
        buyers.customers as buyers,
        cast(products.customers as {{ type_double() }}) / cast(buyers.customers as {{ type_double() }})
            as customer_share
    from summed as products
    inner join summed as buyers
        on
            products.basis = buyers.basis
            and products.market = buyers.market
            and products.rfm_segment = buyers.rfm_segment
    where products.product_id is not null and buyers.product_id is null
)

select * from product_reach
