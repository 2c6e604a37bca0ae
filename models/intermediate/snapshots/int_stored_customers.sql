{{ config(materialized='table') }}  -- what the run found before it writes the history
-- depends_on: {{ ref('strata', 'int_customer_memberships') }}

{%- set history = stored_history() %}
{%- set stored_memberships = stored_memberships() %}

with

customers as (
    select customer_id
    from {{ ref('strata', 'int_customers') }}
)
{%- if history and stored_memberships %},

stored_customers as (
    select customer_id
    from {{ history }}
    where is_current
),

-- Records came together or went apart: the customer of the stored months was somebody else.
changed_customers as (
    select coalesce(memberships.customer_id, stored.customer_id) as customer_id
    from {{ ref('strata', 'int_customer_memberships') }} as memberships
    full join {{ stored_memberships }} as stored on memberships.customer_id = stored.customer_id
    where coalesce(memberships.records_hash, '') <> coalesce(stored.records_hash, '')
),

unchanged_customers as (
    select customers.customer_id
    from customers
    inner join stored_customers on customers.customer_id = stored_customers.customer_id
    left join changed_customers on customers.customer_id = changed_customers.customer_id
    where changed_customers.customer_id is null
)

select * from unchanged_customers
{%- else %},

no_customers as (
    select customer_id
    from customers
    where false
)

select * from no_customers
{%- endif %}
