{{ config(materialized='table') }}  -- small, and read for every customer

with

overrides as (
    select
        seed.*,
        {{ identifier('seed.customer_id') }} as identifier
    from {{ ref('tier_overrides') }} as seed
),

records as (
    select
        keys.customer_key,
        keys.customer_id
    from {{ ref('strata', 'int_customer_keys') }} as keys
    inner join {{ ref('strata', 'int_customers') }} as customers
        on keys.customer_id = customers.customer_id
    where keys.source_system = ''
),

tiers as (
    select
        tier_code,
        tier_rank
    from {{ ref('tiers') }}
),

dates as (
    select evaluation_date
    from {{ ref('strata', 'int_evaluation_dates') }}
),

-- Of two records that were merged, each with an override, the later decision stands; of two from one day
-- that of the higher tier, then the stricter one. An identifier decides nothing.
in_force as (
    select
        records.customer_id,
        overrides.override_id,
        overrides.mode,
        tiers.tier_rank,
        dates.evaluation_date,
        row_number() over (
            partition by
                records.customer_id,
                dates.evaluation_date
            order by
                overrides.valid_from desc,
                tiers.tier_rank desc,
                overrides.mode desc nulls last,
                overrides.override_id desc
        ) as preference
    from overrides
    inner join records on {{ reference_key('overrides.identifier') }} = records.customer_key
    inner join tiers on overrides.tier_code = tiers.tier_code
    inner join dates
        on
            overrides.valid_from <= dates.evaluation_date
            and coalesce(overrides.valid_to, date '9999-12-31') > dates.evaluation_date
),

tier_overrides as (
    select
        customer_id,
        override_id,
        mode,
        tier_rank,
        evaluation_date
    from in_force
    where preference = 1
)

select * from tier_overrides
