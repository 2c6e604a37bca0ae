{{ config(materialized='table') }}  -- small, and read for every customer
{%- set table = decision_table('action_rules') %}

with

{{ decision_cells(table, ref('int_action_rules_in_force')) }}

select * from cells
