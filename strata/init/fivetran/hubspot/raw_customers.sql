-- One row per contact. Add what your portal syncs: property_phone as phone, and so on. Fivetran makes the
-- column of a property when a contact has it, so that those of the owner may not be there yet.
{%- set loaded = adapter.get_columns_in_relation(source('fivetran', 'contact'))
    | map(attribute='name') | map('lower') | list %}
{%- set owner_id = 'property_hubspot_owner_id' %}
{%- set assigned_at = 'property_hubspot_owner_assigneddate' %}

select
    cast(id as varchar) as customer_id,
    property_email as email,
    trim(coalesce(property_firstname, '') || ' ' || coalesce(property_lastname, '')) as full_name,
    'person' as customer_type,
    property_createdate as registered_at,
    cast({{ owner_id if owner_id in loaded else 'null' }} as varchar) as owner_id,
    cast({{ assigned_at if assigned_at in loaded else 'null' }} as timestamp) as owner_assigned_at
from {{ source('fivetran', 'contact') }}
where not coalesce(_fivetran_deleted, false)
