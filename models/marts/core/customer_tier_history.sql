-- depends_on: {{ ref("int_customers") }}

{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='evaluation_month',
    on_schema_change='fail',
    pre_hook='{{ assert_inputs_are_of_this_run() }}',
) }}

with

evaluations as (
    select * from {{ ref('int_evaluations_segmented') }}
),

dates as (
    select
        evaluation_month,
        is_current,
        is_frozen,
        evaluation_date
    from {{ ref('int_evaluation_dates') }}
),

evaluated as (
    select
        evaluations.customer_id,
        evaluations.market,
        evaluations.held_tier_code as tier_code,
        evaluations.computed_tier_code,
        evaluations.held_tier_code,
        evaluations.rule_id,
        case when evaluations.held_tier_rank = evaluations.computed_tier_rank then 'computed' else 'held' end
            as tier_basis,
        evaluations.rfm_segment,
        evaluations.cut_point_basis,
        evaluations.held_tier_rank as tier_rank,
        evaluations.lifetime_orders,
        evaluations.orders_12m,
        evaluations.purchase_days,
        evaluations.active_months_12m,
        evaluations.tenure_days,
        evaluations.days_since_last_order,
        evaluations.mean_gap_days,
        evaluations.lifetime_net_revenue,
        evaluations.lifetime_refunded,
        evaluations.first_day_net_revenue,
        evaluations.net_revenue_12m,
        evaluations.net_revenue_6m,
        cast(evaluations.net_revenue_12m - evaluations.net_revenue_6m as decimal(18, 2))
            as net_revenue_previous_6m,
        evaluations.days_since_last_order as rfm_recency_days,
        evaluations.rfm_orders,
        evaluations.rfm_revenue,
        evaluations.recency_score,
        evaluations.frequency_score,
        evaluations.monetary_score,
        evaluations.composite_score,
        evaluations.first_order_date,
        evaluations.last_order_date,
        evaluations.evaluation_date,
        dates.evaluation_month,
        dates.is_current
    from evaluations
    inner join dates on evaluations.evaluation_date = dates.evaluation_date
)
{%- if is_incremental() %},

customers as (
    select customer_id
    from {{ ref('int_customers') }}
),


frozen_dates as (
    select evaluation_date
    from dates
    where is_frozen
),

-- Frozen months that change: a customer is gone, is new there, or was the current one.
rewritten_dates as (
    select evaluated.evaluation_date
    from evaluated
    inner join frozen_dates on evaluated.evaluation_date = frozen_dates.evaluation_date
    union
    select stored.evaluation_date
    from {{ this }} as stored
    inner join frozen_dates on stored.evaluation_date = frozen_dates.evaluation_date
    left join customers on stored.customer_id = customers.customer_id
    where customers.customer_id is null or stored.is_current
),

kept as (
    select
        {%- for column in model.columns if column != 'is_current' %}
        stored.{{ column }},
        {%- endfor %}
        false as is_current
    from {{ this }} as stored
    inner join rewritten_dates on stored.evaluation_date = rewritten_dates.evaluation_date
    inner join customers on stored.customer_id = customers.customer_id
),

history as (
    select * from evaluated
    union all
    select * from kept
)

select * from history
{%- else %}

select * from evaluated
{%- endif %}
