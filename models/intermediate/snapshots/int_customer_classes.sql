{%- set segments = decision_table('rfm_segments') %}
{%- set statuses = decision_table('behaviour_rules') %}
{%- set stages = decision_table('lifecycle_rules') %}
{%- set risks = decision_table('churn_risk_rules') %}
{%- set rules = ref('strata', 'int_rules_in_force') %}
{%- set ranges = ref('strata', 'int_rule_ranges') %}

with

evaluations as (
    select * from {{ ref('strata', 'int_customer_scores') }}
),

cut_points as (
    select * from {{ ref('strata', 'int_rfm_cut_points') }}
),

behaviour_statuses as (
    select
        status_code,
        can_churn
    from {{ ref('behaviour_statuses') }}
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
),

{{ nearest_clusters('scored', ref('strata', 'int_rfm_clusters')) }},

{{ match_rules('clustered', 'rfm_segments', segments, rules, ranges, {'outcome': 'rfm_segment'}) }},

{{ match_rules(
    'rfm_segments_matched', 'behaviour_rules', statuses, rules, ranges, {'outcome': 'behaviour_status'}
) }},

{{ match_rules(
    'behaviour_rules_matched', 'lifecycle_rules', stages, rules, ranges, {'outcome': 'lifecycle_stage'}
) }},

{{ match_rules(
    'lifecycle_rules_matched',
    'churn_risk_rules',
    risks,
    rules,
    ranges,
    {'outcome': 'matched_risk', 'rule_id': 'matched_risk_rule_id'},
) }},

-- Only who buys, and is not lost already, can be lost.
classified as (
    select
        matched.*,
        case
            when matched.lifetime_orders > 0 and behaviour_statuses.can_churn then matched.matched_risk
        end as churn_risk,
        case
            when matched.lifetime_orders > 0 and behaviour_statuses.can_churn
                then matched.matched_risk_rule_id
        end as churn_risk_rule_id
    from churn_risk_rules_matched as matched
    left join behaviour_statuses on matched.behaviour_status = behaviour_statuses.status_code
)

select * from classified
