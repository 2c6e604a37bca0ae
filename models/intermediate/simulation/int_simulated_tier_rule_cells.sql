{{ config(materialized='table') }}  -- small, and read for every customer
{%- set table = decision_table('tier_rules') %}

with

{{ decision_cells(table, ref('int_simulated_tier_rules_in_force')) }}

select * from cells
