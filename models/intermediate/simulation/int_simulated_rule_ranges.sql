{{ config(materialized='table') }}  -- small, and read for every customer

with

{{ rule_ranges(
    ref('strata', 'int_simulated_rules_in_force'),
    ref('strata', 'int_simulated_rule_conditions'),
) }}

select * from rule_ranges
