with

history as (
    select * from {{ ref('strata', 'customer_tier_history') }}
    where is_current
),

tiers as (
    select
        tier_code,
        label_en,
        label_zh
    from {{ ref('tiers') }}
),

since as (
    select * from {{ ref('strata', 'int_classes_since') }}
),

next_tiers as (
    select * from {{ ref('strata', 'int_next_tiers') }}
),

explanations as (
    select * from {{ ref('strata', 'int_tier_explanations') }}
),

risk_rules as (
    select
        rule_id,
        min(sentence) as sentence,
        min(sentence_zh) as sentence_zh
    from {{ ref('strata', 'int_rules_in_force') }}
    where decision_table = 'churn_risk_rules'
    group by rule_id
),

lifetime_values as (
    select
        customer_id,
        p_alive,
        expected_orders_365d,
        clv_12m
    from {{ ref('strata', 'int_lifetime_values') }}
),

customer_tiers as (
    select
        history.customer_id,
        history.market,
        history.tier_code,
        tiers.label_en as tier_label_en,
        tiers.label_zh as tier_label_zh,
        history.tier_basis,
        history.computed_tier_code,
        history.held_tier_code,
        history.rule_id,
        history.override_id,
        since.previous_tier_code,
        next_tiers.next_tier_code,
        next_tiers.next_tier_blocker,
        in_english.explanation,
        history.rfm_segment,
        history.rfm_cluster,
        history.cut_point_basis,
        history.behaviour_status,
        history.cycle_basis,
        history.lifecycle_stage,
        since.highest_stage,
        history.pareto_class,
        history.churn_risk,
        risk_rules.sentence as churn_risk_reason,
        history.tier_rank,
        next_tiers.revenue_to_next_tier,
        next_tiers.orders_to_next_tier,
        history.days_since_last_order,
        history.orders_12m,
        history.net_revenue_12m,
        history.lifetime_orders,
        history.lifetime_net_revenue,
        history.rfm_recency_days,
        history.rfm_orders,
        history.rfm_revenue,
        history.recency_score,
        history.frequency_score,
        history.monetary_score,
        history.composite_score,
        history.score_coverage,
        history.value_rank,
        lifetime_values.p_alive,
        lifetime_values.expected_orders_365d,
        lifetime_values.clv_12m,
        since.tier_since_date,
        since.stage_since_date,
        history.evaluation_date,
        in_chinese.explanation as explanation_zh,
        risk_rules.sentence_zh as churn_risk_reason_zh
    from history
    inner join tiers on history.tier_code = tiers.tier_code
    inner join since on history.customer_id = since.customer_id
    left join next_tiers on history.customer_id = next_tiers.customer_id
    left join explanations as in_english
        on
            history.customer_id = in_english.customer_id
            and in_english.language = 'en'
    left join explanations as in_chinese
        on
            history.customer_id = in_chinese.customer_id
            and in_chinese.language = 'zh'
    left join risk_rules on history.churn_risk_rule_id = risk_rules.rule_id
    left join lifetime_values on history.customer_id = lifetime_values.customer_id
)

select * from customer_tiers
