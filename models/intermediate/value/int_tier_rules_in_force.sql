{{ config(materialized='table') }}  -- small, and read for each measure of the cells
{%- set table = decision_table('tier_rules') %}

with

{{ rules_by_scope(table, ref('int_tier_rules'), var('tier_rule_set')) }}

select * from rules_in_force
