{{ config(materialized='table') }}  -- narrow; read by the history and for the next tiers

with

overrides as (
    select
        seed.*,
        {{ identifier('seed.customer_id') }} as identifier
    from {{ ref('tier_overrides') }} as seed
),

customers as (
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
        customers.customer_id,
        overrides.override_id,
        overrides.mode,
        tiers.tier_rank,
        dates.evaluation_date,
        row_number() over (
            partition by
                customers.customer_id,
                dates.evaluation_date
            order by
                overrides.valid_from desc,
                tiers.tier_rank desc,
                overrides.mode desc nulls last,
                overrides.override_id desc
        ) as preference
    from overrides
    inner join customers on {{ reference_key('overrides.identifier') }} = customers.customer_key
    inner join tiers on overrides.tier_code = tiers.tier_code
    inner join dates
        on
            overrides.valid_from <= dates.evaluation_date
            and coalesce(overrides.valid_to, date '9999-12-31') > dates.evaluation_date
),

decided as (
    select
        held.*,
        in_force.override_id,
        in_force.mode as override_mode,
        case in_force.mode
            when 'floor' then greatest(held.held_tier_rank, in_force.tier_rank)
            when 'ceiling' then least(held.held_tier_rank, in_force.tier_rank)
            when 'lock' then in_force.tier_rank
            else held.held_tier_rank
        end as tier_rank,
        coalesce(
            in_force.mode = 'lock'
            or (in_force.mode = 'ceiling' and held.held_tier_rank >= in_force.tier_rank),
            false
        ) as is_held_down
    from {{ ref('strata', 'int_held_tiers') }} as held
    left join in_force
        on
            held.customer_id = in_force.customer_id
            and held.evaluation_date = in_force.evaluation_date
            and in_force.preference = 1
),

final_tiers as (
    select
        decided.*,
        tiers.tier_code,
        held_tiers.tier_code as held_tier_code,
        case
            when decided.override_mode = 'lock' or decided.tier_rank <> decided.held_tier_rank
                then 'override'
            when decided.held_tier_rank <> decided.computed_tier_rank then 'held'
            else 'computed'
        end as tier_basis
    from decided
    left join tiers on decided.tier_rank = tiers.tier_rank
    left join tiers as held_tiers on decided.held_tier_rank = held_tiers.tier_rank
)

select * from final_tiers
