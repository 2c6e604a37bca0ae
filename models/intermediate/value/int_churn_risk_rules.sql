-- depends_on: {{ ref('markets') }}
-- depends_on: {{ ref('churn_risks') }}
-- depends_on: {{ ref('int_markets') }}

with

rules as (
    {{ decision_rules(decision_table('churn_risk_rules'), ref('churn_risk_rules')) }}
)

select * from rules
