{%- set double = type_double() %}
{%- set sums = {
    'revenue': 'decimal(18, 2)', 'quantity': 'decimal(24, 6)', 'orders': 'integer', 'customers': 'integer',
} %}

with

-- What is sold in a month is also what the next month, and the same of the next year, are compared with.
delays as (
    select 0 as months_later
    union all
    select 1 as months_later
    union all
    select 12 as months_later
),

compared as (
    select
        sold.*,
        delays.months_later,
        sold.month_index + delays.months_later as compared_month_index
    from {{ ref('strata', 'int_products_sold') }} as sold
    cross join delays
),

summed as (
    select
        compared.tier_code,
        compared.attribute,
        compared.segment_code,
        compared.category,
        {{ each('sum(case when compared.months_later = 0 then compared.{} else 0 end) as {}', sums) }},
        sum(case when compared.months_later = 1 then compared.revenue else 0 end) as month_before,
        sum(case when compared.months_later = 12 then compared.revenue else 0 end) as year_before,
        months.months_covered_before,
        months.is_complete,
        months.month
    from compared
    inner join {{ ref('strata', 'int_covered_months') }} as months
        on compared.compared_month_index = months.month_index
    group by
        compared.tier_code,
        compared.attribute,
        compared.segment_code,
        compared.category,
        months.months_covered_before,
        months.is_complete,
        months.month
),

demand as (
    select
        tier_code,
        attribute,
        segment_code,
        category,
        {{ typed_columns(sums, {
            'revenue': 'revenue', 'quantity': 'quantity', 'orders': 'orders', 'customers': 'customers',
        }) }},
        cast(case when months_covered_before >= 1 then month_before end as decimal(18, 2))
            as revenue_previous_month,
        cast(case when months_covered_before >= 12 then year_before end as decimal(18, 2))
            as revenue_same_month_last_year,
        is_complete,
        month
    from summed
),

product_demand as (
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
    inner join {{ ref('strata', 'int_tier_labels') }} as tiers on demand.tier_code = tiers.tier_code
    left join {{ ref('attribute_segments') }} as segments
        on
            demand.attribute = segments.attribute
            and demand.segment_code = segments.segment_code
    left join {{ ref('product_categories') }} as categories on demand.category = categories.category
)

select * from product_demand
