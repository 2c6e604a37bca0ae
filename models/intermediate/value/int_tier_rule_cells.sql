{{ config(materialized='table') }}  -- small, and read for every customer

with

{{ decision_cells('tier_rules', 'int_tier_rules') }}

select * from cells
