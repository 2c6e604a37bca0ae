with

current_tiers as (
    select
        customer_id,
        tier_rank
    from {{ ref('customer_tier_history') }}
    where is_current
),

dates as (
    select
        evaluation_date,
        month_index
    from {{ ref('int_evaluation_dates') }}
),

tiers as (
    select
        tier_code,
        tier_rank
    from {{ ref('tiers') }}
),

-- The last evaluation with another tier, as month * 1000 + rank: one maximum finds both.
others as (
    select
        history.customer_id,
        min(history.evaluation_date) as first_evaluation_date,
        max(
            case
                when history.tier_rank <> current_tiers.tier_rank
                    then dates.month_index * 1000 + history.tier_rank
            end
        ) as last_other
    from {{ ref('customer_tier_history') }} as history
    inner join current_tiers on history.customer_id = current_tiers.customer_id
    inner join dates on history.evaluation_date = dates.evaluation_date
    group by history.customer_id
),

since as (
    select
        others.customer_id,
        tiers.tier_code as previous_tier_code,
        case
            when others.last_other is null then others.first_evaluation_date
            else dates.evaluation_date
        end as tier_since_date
    from others
    left join tiers on mod(others.last_other, 1000) = tiers.tier_rank
    left join dates
        on cast(floor(others.last_other / 1000) as integer) + 1 = dates.month_index
)

select * from since
