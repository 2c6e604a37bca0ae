with

evaluations as (
    select * from {{ ref('int_evaluations_at_risk') }}
),

value_ranks as (
    select * from {{ ref('int_value_ranks') }}
),

ranked as (
    select
        evaluations.*,
        value_ranks.value_rank,
        value_ranks.pareto_class
    from evaluations
    left join value_ranks
        on
            evaluations.customer_id = value_ranks.customer_id
            and evaluations.evaluation_date = value_ranks.evaluation_date
)

select * from ranked
