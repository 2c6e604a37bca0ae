-- One row per contact. Add what your portal syncs: property_phone as phone, and so on.
select
    cast(id as varchar) as customer_id,
    property_email as email,
    trim(coalesce(property_firstname, '') || ' ' || coalesce(property_lastname, '')) as full_name,
    'person' as customer_type,
    property_createdate as registered_at,
    cast(property_hubspot_owner_id as varchar) as owner_id,
    property_hubspot_owner_assigneddate as owner_assigned_at
from {{ source('fivetran', 'contact') }}
where not coalesce(_fivetran_deleted, false)
