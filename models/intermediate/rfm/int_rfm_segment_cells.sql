{{ config(materialized='table') }}  -- small, and read for every customer

with

{{ decision_cells('rfm_segments', 'int_rfm_segments') }}

select * from cells
