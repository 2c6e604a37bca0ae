{{ config(materialized='table') }}  -- small, and read for each measure of the cells
{%- set table = decision_table('lifecycle_rules') %}

with

{{ rules_by_scope(table, ref('int_lifecycle_rules')) }}

select * from rules_in_force
