{{ config(materialized='table') }}  -- copied beside the history; the living only

{%- set dates = closed_dates() %}
{#- a source that comes or goes makes another null of no event -#}
{%- set missing_sources = "cast('" ~ setting('missing_sources') | sort | join(' ') ~ "' as "
    ~ dbt.type_string() ~ ')' %}

with

customers as (
    select
        customer_id,
        market,
        registration_date,
        record_count
    from {{ ref('strata', 'int_customers') }}
),

memberships as (
    select
        records.customer_id,
        {{ list_of('records.record_id') }} as record_ids
    from {{ ref('strata', 'int_customers_unified') }} as records
    inner join customers on records.customer_id = customers.customer_id
    where records.fate = 'used' and customers.record_count > 1
    group by records.customer_id
),

facts as (
    select
        customer_id,
        {{ row_hash([
            'sale_date', 'known_date', 'month_bit', 'purchase_days', 'gap_days', 'orders', 'net_revenue',
            'margin', 'costed_revenue', 'refunded', 'first_day_revenue',
        ]) }} as fact_hash,
        known_date
    from {{ ref('strata', 'int_customer_days') }}
    union all
    select
        customer_id,
        {{ row_hash(['known_date', 'views', 'carts', 'inquiries']) }} as fact_hash,
        known_date
    from {{ ref('strata', 'int_engagement_days') }}
    union all
    select
        customer_id,
        {{ row_hash(['feedback_date', 'feedback_type', 'points']) }} as fact_hash,
        feedback_date as known_date
    from {{ ref('strata', 'int_feedback_checked') }}
    where points is not null
),

-- Facts come in no order, so their hashes are added.
facts_known as (
    select
        customer_id,
        sum(case when known_date <= {{ dates.closed }} then fact_hash end) as facts_hash,
        sum(case when known_date <= {{ dates.closed_before }} then fact_hash end) as older_facts_hash,
        sum(case when known_date <= {{ dates.stored }} then fact_hash end) as stored_facts_hash,
        sum(case when known_date <= {{ dates.stored_before }} then fact_hash end)
            as stored_older_facts_hash
    from facts
    where known_date <= {{ dates.closed }}
    group by customer_id
),

fingerprints as (
    select
        customers.customer_id,
        {{ salted_hash('memberships.record_ids') }} as records_hash,
        {{ row_hash([
            'customers.market', 'customers.registration_date', missing_sources
        ]) }} as attributes_hash,
        cast(coalesce(facts_known.facts_hash, 0) as decimal(38, 0)) as facts_hash,
        cast(coalesce(facts_known.older_facts_hash, 0) as decimal(38, 0)) as older_facts_hash,
        cast(coalesce(facts_known.stored_facts_hash, 0) as decimal(38, 0)) as stored_facts_hash,
        cast(coalesce(facts_known.stored_older_facts_hash, 0) as decimal(38, 0))
            as stored_older_facts_hash
    from customers
    left join memberships on customers.customer_id = memberships.customer_id
    left join facts_known on customers.customer_id = facts_known.customer_id
)

select * from fingerprints
