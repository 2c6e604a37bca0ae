with

evaluations as (
    select * from {{ ref('strata', 'int_customer_classes') }}
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
    from {{ ref('strata', 'int_final_tiers') }}
),

value_ranks as (
    select * from {{ ref('strata', 'int_value_ranks') }}
),

-- Narrow rows first: the wide ones are joined once.
ranked as (
    select
        tiers.*,
        value_ranks.value_rank,
        value_ranks.pareto_class
    from tiers
    left join value_ranks
        on
            tiers.customer_id = value_ranks.customer_id
            and tiers.evaluation_date = value_ranks.evaluation_date
),

classified as (
    select
        evaluations.*,
        ranked.tier_code,
        ranked.computed_tier_code,
        ranked.held_tier_code,
        ranked.rule_id,
        ranked.tier_basis,
        ranked.override_id,
        ranked.tier_rank,
        ranked.value_rank,
        ranked.pareto_class
    from evaluations
    left join ranked
        on
            evaluations.customer_id = ranked.customer_id
            and evaluations.evaluation_date = ranked.evaluation_date
)

select * from classified
