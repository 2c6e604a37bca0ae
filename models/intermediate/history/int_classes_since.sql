with

dates as (
    select
        evaluation_date,
        month_index
    from {{ ref('strata', 'int_evaluation_dates') }}
),

tiers as (
    select
        tier_code,
        tier_rank
    from {{ ref('tiers') }}
),

stages as (
    select
        stage_code,
        stage_rank
    from {{ ref('lifecycle_stages') }}
),

current_classes as (
    select
        history.customer_id,
        history.tier_rank,
        stages.stage_rank
    from {{ ref('strata', 'customer_tier_history') }} as history
    inner join stages on history.lifecycle_stage = stages.stage_code
    where history.is_current
),

-- The last evaluation with another tier, as month * 1000 + rank: one maximum finds both.
others as (
    select
        history.customer_id,
        min(history.evaluation_date) as first_evaluation_date,
        max(
            case
                when history.tier_rank <> current_classes.tier_rank
                    then dates.month_index * 1000 + history.tier_rank
            end
        ) as last_other_tier,
        max(case when stages.stage_rank <> current_classes.stage_rank then dates.month_index end)
            as last_other_stage,
        max(stages.stage_rank) as highest_stage_rank
    from {{ ref('strata', 'customer_tier_history') }} as history
    inner join current_classes on history.customer_id = current_classes.customer_id
    inner join dates on history.evaluation_date = dates.evaluation_date
    inner join stages on history.lifecycle_stage = stages.stage_code
    group by history.customer_id
),

since as (
    select
        others.customer_id,
        tiers.tier_code as previous_tier_code,
        highest_stages.stage_code as highest_stage,
        coalesce(tier_dates.evaluation_date, others.first_evaluation_date) as tier_since_date,
        coalesce(stage_dates.evaluation_date, others.first_evaluation_date) as stage_since_date
    from others
    inner join stages as highest_stages on others.highest_stage_rank = highest_stages.stage_rank
    left join tiers on mod(others.last_other_tier, 1000) = tiers.tier_rank
    left join dates as tier_dates
        on cast(floor(others.last_other_tier / 1000) as integer) + 1 = tier_dates.month_index
    left join dates as stage_dates on others.last_other_stage + 1 = stage_dates.month_index
)

select * from since
