{{ config(materialized='table') }}  -- small, and read for every customer

with

{{ rule_conditions({'tier_rules': ref('tier_rules')}) }},

{{ rule_ranges(ref('strata', 'int_simulated_rules_in_force'), 'conditions') }}

select * from rule_ranges
