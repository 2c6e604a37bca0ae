with

attributes as (
    select * from {{ ref('strata', 'int_customer_attributes') }}
),

segments as (
    select
        attribute,
        segment_code,
        label_en,
        label_zh,
        sort_order
    from {{ ref('attribute_segments') }}
),

labelled as (
    select
        attributes.customer_id,
        attributes.attribute,
        attributes.segment_code,
        segments.label_en,
        segments.label_zh,
        segments.sort_order
    from attributes
    inner join segments
        on
            attributes.attribute = segments.attribute
            and attributes.segment_code = segments.segment_code
)

select * from labelled
