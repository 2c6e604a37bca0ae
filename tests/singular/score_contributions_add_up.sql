-- What the measures contribute is the composite score, to nine digits after the point; who has no
-- score has no contribution, and everybody has each measure that their market weighs.

with

contributions as (
    select
        customer_id,
        sum(contribution) as contribution,
        sum(weight) as weight
    from {{ ref('strata', 'customer_score_components') }}
    group by customer_id
),

scores as (
    select
        customer_tiers.customer_id,
        customer_tiers.composite_score,
        contributions.contribution,
        contributions.weight
    from {{ ref('strata', 'customer_tiers') }} as customer_tiers
    left join contributions on customer_tiers.customer_id = contributions.customer_id
)

select * from scores
where
    abs(coalesce(composite_score, -1) - coalesce(contribution, -1)) > 1e-9
    or weight is null
    or abs(weight - 1) > 1e-9
