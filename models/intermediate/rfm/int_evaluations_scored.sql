with

evaluations as (
    select * from {{ ref('int_evaluations_rated') }}
),

cut_points as (
    select * from {{ ref('int_rfm_cut_points') }}
),

scored as (
    select
        evaluations.*,
        case when evaluations.lifetime_orders > 0 then cut_points.cut_point_basis end
            as cut_point_basis,
        6 - {{ score_above('evaluations.days_since_last_order', 'cut_points.recency_cut') }}
            as recency_score,
        case
            when evaluations.lifetime_orders > 0
                then {{ score_above('evaluations.rfm_orders', 'cut_points.frequency_cut') }}
        end as frequency_score,
        case
            when evaluations.lifetime_orders > 0
                then {{ score_above('evaluations.rfm_revenue', 'cut_points.monetary_cut') }}
        end as monetary_score
    from evaluations
    left join cut_points
        on
            evaluations.evaluation_date = cut_points.evaluation_date
            and evaluations.market = cut_points.market
)

select * from scored
