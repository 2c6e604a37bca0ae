-- From the raw table to the mart: each raw customer record is in the quarantine, excluded for a
-- named reason, or belongs to a person with exactly one value tier.

with

raw_records as (
    select
        customer_id as record_id,
        count(*) as raw_rows
    from {{ ref('stg_crm__customers') }}
    where customer_id is not null
    group by customer_id
),

quarantined as (
    select row_key as record_id
    from {{ ref('quarantined_rows') }}
    where source_table = 'customers' and reason <> 'duplicate_key'
    group by row_key
),

excluded as (
    select customer_id as record_id
    from {{ ref('int_customer_record_fates') }}
    where fate = 'excluded'
    group by customer_id
),

persons as (
    select
        record_id,
        customer_id
    from {{ ref('int_customers_unified') }}
),

tiers as (
    select
        customer_tiers.customer_id,
        count(tiers.tier_code) as tier_count
    from {{ ref('customer_tiers') }} as customer_tiers
    left join {{ ref('tiers') }} as tiers on customer_tiers.tier_code = tiers.tier_code
    group by customer_tiers.customer_id
)

select
    raw_records.record_id,
    coalesce(tiers.tier_count, 0) as tier_count
from raw_records
left join quarantined on raw_records.record_id = quarantined.record_id
left join excluded on raw_records.record_id = excluded.record_id
left join persons on raw_records.record_id = persons.record_id
left join tiers on persons.customer_id = tiers.customer_id
where
    quarantined.record_id is null
    and excluded.record_id is null
    and coalesce(tiers.tier_count, 0) <> 1
