-- One row per contact. Add what your portal syncs: property_phone as phone, and so on.
select
    cast(id as varchar) as customer_id,
    property_email as email,
    trim(coalesce(property_firstname, '') || ' ' || coalesce(property_lastname, '')) as full_name,
    'person' as customer_type,
    property_createdate as registered_at
from {{ source('fivetran', 'contact') }}
where not coalesce(_fivetran_deleted, false)
