-- Ranks run from 1 without a gap: a held tier falls through all of them.

with

ranks as (
    select
        count(*) as tiers,
        min(tier_rank) as lowest_rank,
        max(tier_rank) as highest_rank
    from {{ ref('tiers') }}
)

select * from ranks
where lowest_rank <> 1 or highest_rank <> tiers
