-- depends_on: {{ ref('strata', 'int_seeds_proved') }}
{{ config(materialized='table') }}  -- all raw rows are read once for all that is told of their columns

with

{{ raw_table_profiles() }},

raw_columns as (
    {{ union_of_column_profiles() }}
)

select * from raw_columns
