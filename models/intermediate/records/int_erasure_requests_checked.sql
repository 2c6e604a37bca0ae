{%- set raw = raw_columns('erasure_requests') %}

with

erasure_requests as (
    select * from {{ ref('strata', 'stg_crm__erasure_requests') }}
),

looked_up as (
    select
        erasure_requests.*,
        {{ name_list(customer_defects('erasure_requests'), also='erasure_requests.defects') }}
            as all_defects,
        {{ possible_records() }} as possible_records,
        case when {{ record_fate() }} <> 'ambiguous' then {{ record_fate() }} end as exclusion
    from erasure_requests
    {{ join_customer_records('erasure_requests') }}
),

checked as (
    select
        customer_id,
        requested_at,
        nulled_columns,
        case when all_defects is not null then {{ raw_row_of_customer(raw) }} end as raw_row,
        all_defects as defects,
        exclusion,
        {{ row_fate('all_defects', 'exclusion') }} as fate
    from looked_up
)

select * from checked
