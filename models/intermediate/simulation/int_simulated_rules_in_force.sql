{{ config(materialized='table') }}  -- small, and read for every customer

with

{{ rules_in_force(ref('strata', 'int_simulated_rule_conditions')) }}

select * from rules_in_force
