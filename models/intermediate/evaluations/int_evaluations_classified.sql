with

evaluations as (
    select * from {{ ref('int_evaluations_at_risk') }}
),

tiers as (
    select
        customer_id,
        tier_code,
        computed_tier_code,
        held_tier_code,
        rule_id,
        tier_basis,
        override_id,
        tier_rank,
        evaluation_date
    from {{ ref('int_evaluations_overridden') }}
),

value_ranks as (
    select * from {{ ref('int_value_ranks') }}
),

classified as (
    select
        evaluations.*,
        tiers.tier_code,
        tiers.computed_tier_code,
        tiers.held_tier_code,
        tiers.rule_id,
        tiers.tier_basis,
        tiers.override_id,
        tiers.tier_rank,
        value_ranks.value_rank,
        value_ranks.pareto_class
    from evaluations
    left join tiers
        on
            evaluations.customer_id = tiers.customer_id
            and evaluations.evaluation_date = tiers.evaluation_date
    left join value_ranks
        on
            evaluations.customer_id = value_ranks.customer_id
            and evaluations.evaluation_date = value_ranks.evaluation_date
)

select * from classified
