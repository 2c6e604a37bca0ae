{{ config(materialized='table') }}  -- small, and read for each measure of the cells
{%- set table = decision_table('trigger_rules') %}

with

{{ rules_by_scope(table, ref('int_trigger_rules')) }}

select * from rules_in_force
