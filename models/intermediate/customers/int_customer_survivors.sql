{{ config(materialized='table') }}  -- int_customers_unified reads it again and again; it has hashes only

with

components as (
    select
        record_id,
        customer_id
    from {{ ref('strata', 'int_customer_components') }}
),

survivors as (
    select
        {{ salted_hash('record_id') }} as record_hash,
        {{ salted_hash('customer_id') }} as survivor_hash
    from components
)

select * from survivors
