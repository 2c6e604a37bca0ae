with

tiers as (
    select
        tier_code,
        label_en,
        label_zh,
        tier_rank
    from {{ ref('tiers') }}
    union all
    select
        'none' as tier_code,
        'No tier yet' as label_en,
        '尚无等级' as label_zh,
        0 as tier_rank
    union all
    select
        'unknown' as tier_code,
        'Before the stored history' as label_en,
        '历史记录之前' as label_zh,
        -1 as tier_rank
    union all
    select
        'all' as tier_code,
        'All customers' as label_en,
        '全部客户' as label_zh,
        cast(null as integer) as tier_rank
)

select * from tiers
