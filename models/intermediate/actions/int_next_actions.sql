{{ config(materialized='table') }}  -- two rule tables away from the history, and read three times

{%- set table = decision_table('action_rules') %}

with

history as (
    select
        customer_id,
        market,
        tier_code,
        lifecycle_stage,
        behaviour_status,
        rfm_segment,
        churn_risk,
        cast(potential_12m as decimal(18, 2)) as potential_12m,
        evaluation_date
    from {{ ref('customer_tier_history') }}
    where is_current
),

triggered as (
    select
        customer_id,
        trigger_code,
        milestone_id
    from {{ ref('int_customers_triggered') }}
),

customers as (
    select
        history.customer_id,
        history.market,
        history.tier_code,
        history.lifecycle_stage,
        history.behaviour_status,
        history.rfm_segment,
        history.churn_risk,
        triggered.trigger_code,
        triggered.milestone_id,
        history.potential_12m,
        history.evaluation_date
    from history
    inner join triggered on history.customer_id = triggered.customer_id
),

{{ match_rules(
    'customers',
    table,
    ref('int_action_rule_cells'),
    {'rule_id': 'rule_id', 'outcome': 'action_code'},
) }}

select * from matched
