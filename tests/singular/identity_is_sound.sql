-- Linked records have one survivor: if not, the chain is longer than the rounds of
-- int_customer_components, which is the number to raise there. And records that the seed
-- customer_merges keeps apart are not one person through others: forbid that pair too.

with

-- without the erased persons, of whom only hashes are left
persons as (
    select
        record_id,
        customer_id,
        {{ salted_hash('record_id') }} as record_hash
    from {{ ref('int_customers_unified') }}
    where customer_id is not null
),

pairs as (
    select
        record_hash,
        linked_record_hash as other_record_hash,
        'link' as decision
    from {{ ref('int_customer_links') }}
    union all
    select
        {{ salted_hash('from_customer_id') }} as record_hash,
        {{ salted_hash('into_customer_id') }} as other_record_hash,
        decision
    from {{ ref('customer_merges') }}
    where decision = 'forbid'
)

select
    persons.record_id,
    others.record_id as other_record_id,
    case
        when pairs.decision = 'forbid' then 'kept apart, yet connected as ' || persons.customer_id
        else 'linked, yet not one person'
    end as defect
from pairs
inner join persons on pairs.record_hash = persons.record_hash
inner join persons as others on pairs.other_record_hash = others.record_hash
where (persons.customer_id = others.customer_id) = (pairs.decision = 'forbid')
