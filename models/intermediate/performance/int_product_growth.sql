{%- set double = type_double() %}

with

demand as (
    select * from {{ ref('strata', 'int_product_demand') }}
),

tiers as (
    select * from {{ ref('strata', 'int_tier_labels') }}
),

segments as (
    select
        attribute,
        segment_code,
        label_en,
        label_zh
    from {{ ref('attribute_segments') }}
),

categories as (
    select
        category,
        label_en,
        label_zh
    from {{ ref('product_categories') }}
),

growth as (
    select
        demand.tier_code,
        tiers.label_en as tier_label_en,
        tiers.label_zh as tier_label_zh,
        demand.attribute,
        demand.segment_code,
        segments.label_en as segment_label_en,
        segments.label_zh as segment_label_zh,
        demand.category,
        coalesce(categories.label_en, demand.category) as category_label_en,
        coalesce(categories.label_zh, demand.category) as category_label_zh,
        tiers.tier_rank,
        demand.revenue,
        cast(demand.revenue as {{ double }}) / nullif(
            cast(
                sum(demand.revenue) over (
                    partition by demand.month, demand.tier_code, demand.attribute, demand.segment_code
                ) as {{ double }}
            ), 0
        ) as revenue_share,
        demand.quantity,
        demand.orders,
        demand.customers,
        demand.revenue_previous_month,
        case
            when demand.is_complete
                then
                    cast(demand.revenue as {{ double }})
                    / nullif(cast(demand.revenue_previous_month as {{ double }}), 0) - 1
        end as growth,
        demand.revenue_same_month_last_year,
        case
            when demand.is_complete
                then
                    cast(demand.revenue as {{ double }})
                    / nullif(cast(demand.revenue_same_month_last_year as {{ double }}), 0) - 1
        end as growth_year,
        demand.is_complete,
        demand.month
    from demand
    inner join tiers on demand.tier_code = tiers.tier_code
    left join segments
        on
            demand.attribute = segments.attribute
            and demand.segment_code = segments.segment_code
    left join categories on demand.category = categories.category
)

select * from growth
