-- From the raw table to the mart: each raw customer record is in the quarantine, excluded for a
-- named reason, or belongs to a person with exactly one value tier. That no raw row is left out of
-- int_customer_record_outcomes, every_raw_row_is_accounted_for tells.

with

used_records as (
    select record_id
    from {{ ref('strata', 'int_customer_record_outcomes') }}
    where fate = 'used'
    group by record_id
),

persons as (
    select
        record_id,
        customer_id
    from {{ ref('strata', 'int_customers_unified') }}
),

tiers as (
    select
        customer_tiers.customer_id,
        count(tiers.tier_code) as tier_count
    from {{ ref('strata', 'customer_tiers') }} as customer_tiers
    left join {{ ref('tiers') }} as tiers on customer_tiers.tier_code = tiers.tier_code
    group by customer_tiers.customer_id
)

select
    used_records.record_id,
    coalesce(tiers.tier_count, 0) as tier_count
from used_records
left join persons on used_records.record_id = persons.record_id
left join tiers on persons.customer_id = tiers.customer_id
where coalesce(tiers.tier_count, 0) <> 1
