{{ config(materialized='table') }}  -- small, and read for every customer
{%- set table = decision_table('tier_rules') %}

with

{{ decision_cells(table, ref('int_tier_rules_in_force')) }},

tiers as (
    select
        tier_code,
        tier_rank
    from {{ ref('tiers') }}
),

ranked as (
    select
        cells.*,
        tiers.tier_rank as outcome_rank
    from cells
    left join tiers on cells.outcome = tiers.tier_code
)

select * from ranked
