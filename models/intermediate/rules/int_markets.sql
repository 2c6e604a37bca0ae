with

countries as (
    select market
    from {{ ref('markets') }}
),

markets as (
    select market
    from countries
    union
    select '*' as market
)

select * from markets
