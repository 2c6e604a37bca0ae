with

repeated_keys as (
    select
        {{ identifier_key('customers.customer_id') }} as customer_id,
        count(distinct {{ system_of('customers') }}) as systems
    from {{ ref('stg_crm__customers') }} as customers
    group by {{ identifier_key('customers.customer_id') }}
    having count(*) > 1
)

select * from repeated_keys
