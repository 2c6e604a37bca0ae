{{ config(materialized='table') }}  -- small, and read for every customer
{%- set table = decision_table('trigger_rules') %}

with

{{ decision_cells(table, ref('int_trigger_rules_in_force')) }}

select * from cells
