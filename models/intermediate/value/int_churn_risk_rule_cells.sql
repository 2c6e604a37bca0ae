{{ config(materialized='table') }}  -- small, and read for every customer
{%- set table = decision_table('churn_risk_rules') %}

with

{{ decision_cells(table, ref('int_churn_risk_rules_in_force')) }}

select * from cells
