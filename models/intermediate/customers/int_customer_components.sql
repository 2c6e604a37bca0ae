{#- Each round hands a record's label to its neighbours; so many rounds bridge so many links. -#}
{%- set rounds = 8 -%}

with

links as (
    select
        record_hash,
        linked_record_hash
    from {{ ref('int_customer_links') }}
    where is_identity_link
),

customers as (
    select
        record_id as customer_id,
        registered_at,
        {{ salted_hash('record_id') }} as record_hash,
        coalesce(is_test, false) or deleted_at is not null as is_excluded
    from {{ ref('int_customers_checked') }}
    where all_defects is null
),

linked_customers as (
    select
        customers.customer_id,
        customers.record_hash,
        customers.registered_at,
        customers.is_excluded
    from customers
    inner join links
        on
            customers.record_hash = links.record_hash
            and customers.record_hash = links.linked_record_hash
),

labels_0 as (
    select
        customer_id,
        record_hash,
        row_number() over (
            order by is_excluded, registered_at nulls last, customer_id
        ) as label
    from linked_customers
),
{% for round in range(1, rounds + 1) %}
labels_{{ round }} as (
    select
        links.record_hash,
        min(labels_{{ round - 1 }}.label) as label
    from links
    inner join labels_{{ round - 1 }} on links.linked_record_hash = labels_{{ round - 1 }}.record_hash
    group by links.record_hash
),
{% endfor %}
survivors as (
    select
        records.customer_id as record_id,
        labels_0.customer_id
    from labels_{{ rounds }}
    inner join labels_0 as records on labels_{{ rounds }}.record_hash = records.record_hash
    inner join labels_0 on labels_{{ rounds }}.label = labels_0.label
)

select * from survivors
