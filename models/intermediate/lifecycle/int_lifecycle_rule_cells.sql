{{ config(materialized='table') }}  -- small, and read for every customer
{%- set table = decision_table('lifecycle_rules') %}

with

{{ decision_cells(table, ref('int_lifecycle_rules_in_force')) }}

select * from cells
