{{ config(meta={'reports_rules': true}) }}

-- Ranks run from 1 without a gap: a held tier falls through all of them.

with

ranks as (
    select
        count(*) as tiers,
        min(tier_rank) as lowest_rank,
        max(tier_rank) as highest_rank
    from {{ ref('tiers') }}
)

select
    'tiers' as seed_name,
    '(all tiers)' as rule_id,
    'tier_rank must run from 1 without a gap to ' || cast(tiers as {{ dbt.type_string() }}) as defect
from ranks
where lowest_rank <> 1 or highest_rank <> tiers
