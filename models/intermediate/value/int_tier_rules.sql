-- depends_on: {{ ref('markets') }}
-- depends_on: {{ ref('tiers') }}
-- depends_on: {{ ref('int_markets') }}
{%- set table = decision_table('tier_rules') %}

with

tier_rules as (
    {{ seed_in_reporting_currency('tier_rules', decision_columns(table)) }}
),

rules as (
    {{ decision_rules(table, 'tier_rules') }}
)

select * from rules
