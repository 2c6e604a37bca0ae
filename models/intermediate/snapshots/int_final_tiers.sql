with

evaluations as (
    select * from {{ ref('strata', 'int_held_tiers') }}
),

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
        evaluations.*,
        overrides.override_id,
        overrides.mode as override_mode,
        case overrides.mode
            when 'floor' then greatest(evaluations.held_tier_rank, overrides.tier_rank)
            when 'ceiling' then least(evaluations.held_tier_rank, overrides.tier_rank)
            when 'lock' then overrides.tier_rank
            else evaluations.held_tier_rank
        end as tier_rank
    from evaluations
    left join overrides
        on
            evaluations.customer_id = overrides.customer_id
            and evaluations.evaluation_date = overrides.evaluation_date
),

overridden as (
    select
        decided.*,
        tiers.tier_code,
        case
            when decided.override_mode = 'lock' or decided.tier_rank <> decided.held_tier_rank
                then 'override'
            when decided.held_tier_rank <> decided.computed_tier_rank then 'held'
            else 'computed'
        end as tier_basis
    from decided
    left join tiers on decided.tier_rank = tiers.tier_rank
)

select * from overridden
