-- depends_on: {{ ref('strata', 'int_evaluation_scope') }}, {{ ref('strata', 'int_stored_months') }}
-- depends_on: {{ ref('strata', 'int_restated_months') }}, {{ ref('strata', 'int_customer_fingerprints') }}
-- depends_on: {{ ref('strata', 'int_customers') }}, {{ ref('strata', 'int_rules_of_history') }}

{{ config(
    materialized='incremental',
    on_schema_change='fail',
    pre_hook=[
        '{{ assert_inputs_are_of_this_run() }}',
        '{{ forget_fingerprints() }}',
        '{{ remove_restated_rows() }}',
    ],
    post_hook=['{{ restate_ranks() }}', '{{ remember_fingerprints() }}'],
    **history_strategy('evaluation_month')
) }}

with

-- Narrow rows first: the wide ones are joined once.
tiers as (
    select
        final_tiers.*,
        value_ranks.value_rank,
        value_ranks.pareto_class
    from {{ ref('strata', 'int_final_tiers') }} as final_tiers
    left join {{ ref('strata', 'int_value_ranks') }} as value_ranks
        on
            final_tiers.customer_id = value_ranks.customer_id
            and final_tiers.evaluation_date = value_ranks.evaluation_date
),

evaluated as (
    select
        evaluations.customer_id,
        evaluations.market,
        tiers.tier_code,
        tiers.computed_tier_code,
        tiers.held_tier_code,
        tiers.rule_id,
        tiers.tier_basis,
        tiers.override_id,
        evaluations.rfm_segment,
        evaluations.rfm_cluster,
        evaluations.cut_point_basis,
        evaluations.behaviour_status,
        evaluations.cycle_basis,
        evaluations.lifecycle_stage,
        tiers.pareto_class,
        evaluations.churn_risk,
        evaluations.churn_risk_rule_id,
        tiers.tier_rank,
        evaluations.lifetime_orders,
        evaluations.orders_12m,
        evaluations.orders_previous_12m,
        evaluations.purchase_days,
        evaluations.active_months_12m,
        evaluations.tenure_days,
        evaluations.days_since_registration,
        evaluations.days_since_first_order,
        evaluations.days_since_last_order,
        evaluations.days_since_last_interaction,
        evaluations.mean_gap_days,
        evaluations.median_gap_days,
        evaluations.typical_gap_days,
        evaluations.longest_gap_ended_90d_days,
        evaluations.overdue_ratio,
        evaluations.lifetime_net_revenue,
        evaluations.net_revenue_12m,
        evaluations.net_revenue_6m,
        cast(evaluations.net_revenue_12m - evaluations.net_revenue_6m as decimal(18, 2))
            as net_revenue_previous_6m,
        evaluations.revenue_trend,
        evaluations.lifetime_margin,
        evaluations.lifetime_costed_revenue,
        evaluations.margin_12m,
        evaluations.lifetime_refunded,
        evaluations.first_day_net_revenue,
        evaluations.days_since_last_order as rfm_recency_days,
        evaluations.rfm_orders,
        evaluations.rfm_revenue,
        evaluations.recency_score,
        evaluations.frequency_score,
        evaluations.monetary_score,
        evaluations.views_90d,
        evaluations.carts_90d,
        evaluations.inquiries_90d,
        evaluations.response_count,
        evaluations.satisfaction,
        evaluations.composite_score,
        evaluations.score_coverage,
        tiers.value_rank,
        evaluations.p_alive,
        evaluations.expected_orders_90d,
        evaluations.expected_orders_365d,
        evaluations.expected_order_value,
        evaluations.potential_12m,
        evaluations.first_order_date,
        evaluations.last_order_date,
        evaluations.last_interaction_date,
        evaluations.evaluation_date,
        dates.is_current,
        dates.evaluation_month
    from {{ ref('strata', 'int_customer_classes') }} as evaluations
    left join tiers
        on
            evaluations.customer_id = tiers.customer_id
            and evaluations.evaluation_date = tiers.evaluation_date
    inner join {{ ref('strata', 'int_evaluation_dates') }} as dates
        on evaluations.evaluation_date = dates.evaluation_date
),

history as (
    select * from evaluated
    {{- kept_rows('evaluated') }}
)

select * from history
