with

evaluations as (
    select * from {{ ref('strata', 'int_computed_tiers') }}
),

market_steps as (
    select * from {{ ref('strata', 'int_tier_policies') }}
),

steps as (
    select step
    from market_steps
    group by step
),

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

-- What the stored months say of tiers earned before the months of this run.
stored_peaks as (
    select
        months.customer_id,
        steps.step,
        max(tiers.tier_rank * steps.step + dates.month_index) as peak
    from {{ ref('strata', 'int_stored_months') }} as months
    inner join dates on months.evaluation_date = dates.evaluation_date
    inner join tiers on months.computed_tier_code = tiers.tier_code
    cross join steps
    where not months.is_restated
    group by
        months.customer_id,
        steps.step
),

-- What the best tier so far is worth: its rank, in months of falling, and the month it was earned.
peaks as (
    select
        evaluations.*,
        dates.month_index,
        steps.step,
        market_steps.step as own_step,
        market_steps.is_held,
        max(evaluations.computed_tier_rank * steps.step + dates.month_index) over (
            partition by
                evaluations.customer_id,
                steps.step
            order by evaluations.evaluation_date
            rows between unbounded preceding and current row
        ) as peak
    from evaluations
    inner join dates on evaluations.evaluation_date = dates.evaluation_date
    inner join market_steps
        on
            evaluations.evaluation_date = market_steps.evaluation_date
            and evaluations.market = market_steps.market
    cross join steps
),

ranked as (
    select
        peaks.*,
        case
            when not peaks.is_held then peaks.computed_tier_rank
            else cast(
                ceil(
                    cast(
                        case when stored_peaks.peak > peaks.peak then stored_peaks.peak else peaks.peak end
                        - peaks.month_index as {{ type_double() }}
                    ) / nullif(peaks.step, 0)
                ) as integer
            )
        end as held_tier_rank
    from peaks
    left join stored_peaks
        on peaks.customer_id = stored_peaks.customer_id and peaks.step = stored_peaks.step
    where peaks.step = peaks.own_step
),

held as (
    select
        ranked.*,
        held_tiers.tier_code as held_tier_code,
        computed_tiers.tier_code as computed_tier_code
    from ranked
    left join tiers as held_tiers on ranked.held_tier_rank = held_tiers.tier_rank
    left join tiers as computed_tiers on ranked.computed_tier_rank = computed_tiers.tier_rank
)

select * from held
