with

lifetime_values as (
    select * from {{ ref('strata', 'int_lifetime_values') }}
)

select * from lifetime_values
