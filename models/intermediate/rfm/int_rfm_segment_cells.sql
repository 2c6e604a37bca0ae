{{ config(materialized='table') }}  -- small, and read for every customer
{%- set table = decision_table('rfm_segments') %}

with

{{ decision_cells(table, ref('int_rfm_segments_in_force')) }}

select * from cells
