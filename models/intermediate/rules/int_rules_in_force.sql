{{ config(materialized='table') }}  -- small, and read for every customer

with

conditions as (
    select * from {{ ref('strata', 'int_rule_conditions') }}
    where rule_set = '{{ var("tier_rule_set") }}'
),

{{ rules_in_force('conditions') }}

select * from rules_in_force
