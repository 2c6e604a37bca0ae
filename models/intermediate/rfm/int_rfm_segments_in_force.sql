{{ config(materialized='table') }}  -- small, and read for each measure of the cells
{%- set table = decision_table('rfm_segments') %}

with

{{ rules_by_scope(table, ref('int_rfm_segments')) }}

select * from rules_in_force
