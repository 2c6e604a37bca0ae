with

demand as (
    select
        tier_code,
        tier_label_en,
        tier_label_zh,
        category,
        category_label_en,
        category_label_zh,
        tier_rank,
        revenue,
        revenue_share,
        quantity,
        orders,
        customers,
        revenue_previous_month,
        growth,
        revenue_same_month_last_year,
        growth_year,
        is_complete,
        month
    from {{ ref('strata', 'int_product_demand') }}
    where attribute = 'all'
)

select * from demand
