{{ config(materialized='table') }}  -- small, and read for every customer
{%- set table = decision_table('behaviour_rules') %}

with

{{ decision_cells(table, ref('int_behaviour_rules_in_force')) }}

select * from cells
