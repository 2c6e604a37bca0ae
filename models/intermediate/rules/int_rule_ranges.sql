{{ config(materialized='table') }}  -- small, and read for every customer

with

{{ rule_conditions(core_tables()) }},

{{ rule_ranges(ref('strata', 'int_rules_in_force'), 'conditions') }}

select * from rule_ranges
