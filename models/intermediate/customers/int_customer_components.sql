{#- Each round hands a record's label to its neighbours; so many rounds bridge so many links. -#}
{%- set rounds = 8 -%}

with

links as (
    select
        customer_id,
        linked_customer_id
    from {{ ref('int_customer_links') }}
    where is_identity_link
),

customers as (
    select
        customer_id,
        registered_at,
        coalesce(is_test, false) or deleted_at is not null as is_excluded
    from {{ ref('int_customers_checked') }}
    where all_defects is null
),

linked_customers as (
    select
        customers.customer_id,
        customers.registered_at,
        customers.is_excluded
    from customers
    inner join links
        on
            customers.customer_id = links.customer_id
            and customers.customer_id = links.linked_customer_id
),

labels_0 as (
    select
        customer_id,
        row_number() over (
            order by is_excluded, registered_at nulls last, customer_id
        ) as label
    from linked_customers
),
{% for round in range(1, rounds + 1) %}
labels_{{ round }} as (
    select
        links.customer_id,
        min(labels_{{ round - 1 }}.label) as label
    from links
    inner join labels_{{ round - 1 }} on links.linked_customer_id = labels_{{ round - 1 }}.customer_id
    group by links.customer_id
),
{% endfor %}
survivors as (
    select
        labels_{{ rounds }}.customer_id as record_id,
        labels_0.customer_id
    from labels_{{ rounds }}
    inner join labels_0 on labels_{{ rounds }}.label = labels_0.label
)

select * from survivors
