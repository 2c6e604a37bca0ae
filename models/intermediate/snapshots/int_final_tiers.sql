{{ config(materialized='table') }}  -- narrow; read by the history and for the next tiers

with

overrides as (
    select * from {{ ref('strata', 'int_tier_overrides') }}
),

tiers as (
    select
        tier_code,
        tier_rank
    from {{ ref('tiers') }}
),

decided as (
    select
        held.*,
        overrides.override_id,
        overrides.mode as override_mode,
        case overrides.mode
            when 'floor' then greatest(held.held_tier_rank, overrides.tier_rank)
            when 'ceiling' then least(held.held_tier_rank, overrides.tier_rank)
            when 'lock' then overrides.tier_rank
            else held.held_tier_rank
        end as tier_rank
    from {{ ref('strata', 'int_held_tiers') }} as held
    left join overrides
        on
            held.customer_id = overrides.customer_id
            and held.evaluation_date = overrides.evaluation_date
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
