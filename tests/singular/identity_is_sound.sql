-- Linked records have one survivor: if not, their chain of links is longer than the rounds of
-- int_customer_survivors reach. And records that the seed customer_merges keeps apart are not one
-- person through others. Nothing that reads customers is made before this has passed.
{{ config(meta={'reports_rules': true}) }}

with

-- without the erased persons, of whom only hashes are left
persons as (
    select
        record_id,
        customer_id,
        {{ salted_hash('record_id') }} as record_hash
    from {{ ref('strata', 'int_customers_unified') }}
    where customer_id is not null
),

pairs as (
    select
        record_hash,
        linked_record_hash as other_record_hash,
        'link' as decision
    from {{ ref('strata', 'int_customer_links') }}
    where is_identity_link
    union all
    select
        {{ salted_hash('from_customer_id') }} as record_hash,
        {{ salted_hash('into_customer_id') }} as other_record_hash,
        decision
    from {{ ref('customer_merges') }}
    where decision = 'forbid'
),

unsound_pairs as (
    select
        pairs.decision,
        persons.customer_id,
        persons.record_id || ', ' || others.record_id as record_ids
    from pairs
    inner join persons on pairs.record_hash = persons.record_hash
    inner join persons as others on pairs.other_record_hash = others.record_hash
    where (persons.customer_id = others.customer_id) = (pairs.decision = 'forbid')
),

defects as (
    select
        'customer_merges' as seed_name,
        record_ids as rule_id,
        'kept apart, yet connected through others as ' || customer_id
        || '; forbid a pair between them too' as defect
    from unsound_pairs
    where decision = 'forbid'
    group by
        record_ids,
        customer_id
    union all
    select
        'customer_merges' as seed_name,
        min(record_ids) as rule_id,
        'linked, yet not one person: their chain is longer than 256 links; forbid a pair in it' as defect
    from unsound_pairs
    where decision = 'link'
    having count(*) > 0
)

select * from defects
