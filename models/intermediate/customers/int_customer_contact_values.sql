with

customers as (
    select
        record_id as customer_id,
        all_defects is null as is_sound,
        email,
        phone,
        country
    from {{ ref('int_customers_checked') }}
    where record_id is not null and not is_superseded
),

{{ contact_keys('customers', 'keyed_customers') }},

contact_values as (
    select
        customer_id,
        is_sound,
        'email' as contact_type,
        email_key as contact_value
    from keyed_customers
    where email_key is not null
    union all
    select
        customer_id,
        is_sound,
        'phone' as contact_type,
        phone_key as contact_value
    from keyed_customers
    where phone_key is not null
),

policies as (
    select
        contact_type,
        max_records_per_value
    from {{ ref('identity_policies') }}
),

-- Unsound records take no part in the limit, so that they never change who the sound ones are.
shared_values as (
    select
        contact_values.contact_type,
        contact_values.contact_value,
        count(*) <= policies.max_records_per_value as matches_unsound
    from contact_values
    inner join policies on contact_values.contact_type = policies.contact_type
    group by
        contact_values.contact_type,
        contact_values.contact_value,
        policies.max_records_per_value
    having
        count(*) > 1
        and sum(case when contact_values.is_sound then 1 else 0 end) <= policies.max_records_per_value
),

matching_values as (
    select
        contact_values.customer_id,
        contact_values.contact_type,
        contact_values.contact_value,
        contact_values.is_sound
    from contact_values
    inner join shared_values
        on
            contact_values.contact_type = shared_values.contact_type
            and contact_values.contact_value = shared_values.contact_value
    where contact_values.is_sound or shared_values.matches_unsound
)

select * from matching_values
