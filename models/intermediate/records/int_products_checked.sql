{%- set raw = raw_columns('products') %}

with

{{ rows_by_key('products', raw, 'products', 'product_id') }},

looked_up as (
    select
        products.*,
        {{ name_list({'duplicate_key': 'products.is_superseded'}, also='products.defects') }}
            as all_defects,
        cast(null as {{ dbt.type_string() }}) as exclusion
    from products
),

checked as (
    select
        product_id,
        {{ only_key('product_id') }} as product_key,
        product_name,
        category,
        brand,
        unit_cost,
        list_price,
        launched_at,
        nulled_columns,
        case when all_defects is not null then {{ raw_row(raw) }} end as raw_row,
        all_defects as defects,
        exclusion,
        {{ row_fate('all_defects', 'exclusion') }} as fate
    from looked_up
)

select * from checked
