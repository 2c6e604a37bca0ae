{%- set table = decision_table('churn_risk_rules') %}

with

evaluations as (
    select * from {{ ref('int_evaluations_staged') }}
),

statuses as (
    select
        status_code,
        can_churn
    from {{ ref('behaviour_statuses') }}
),

{{ match_rules(
    'evaluations',
    'churn_risk_rules',
    table,
    ref('int_rules_in_force'),
    ref('int_rule_ranges'),
    {'rule_id': 'matched_risk_rule_id', 'outcome': 'matched_risk'},
) }},

-- Only who buys, and is not lost already, can be lost.
at_risk as (
    select
        matched.*,
        case when matched.lifetime_orders > 0 and statuses.can_churn then matched.matched_risk end
            as churn_risk,
        case
            when matched.lifetime_orders > 0 and statuses.can_churn then matched.matched_risk_rule_id
        end as churn_risk_rule_id
    from matched
    left join statuses on matched.behaviour_status = statuses.status_code
)

select * from at_risk
