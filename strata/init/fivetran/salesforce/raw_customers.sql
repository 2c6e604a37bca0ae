-- One row per account. Add what your organization syncs: phone, created_date as registered_at ... Take out
-- what its user of Fivetran may not see. With history mode on, add: and _fivetran_active.
select
    id as customer_id,
    name as full_name,
    'business' as customer_type,
    parent_id as parent_customer_id,
    industry,
    number_of_employees as employee_count,
    billing_country as country,
    billing_state as region,
    billing_city as city,
    account_source as acquisition_channel,
    owner_id
from {{ source('fivetran', 'account') }}
where not coalesce(is_deleted, false)
