{{ config(materialized='table') }}  -- small, and read for every customer

with

{{ rule_conditions(marketing_tables()) }},

{{ rule_ranges(ref('strata', 'int_marketing_rules_in_force'), 'conditions') }}

select * from rule_ranges
