{%- set table = decision_table('tier_rules') %}

with

-- Only what the rules ask for: the rows are windowed next, and narrow rows are cheap to sort.
evaluations as (
    select
        customer_id,
        market,
        {{ each('{}', table.measures) }},
        evaluation_date
    from {{ ref('strata', 'int_customer_scores') }}
),

{{ match_rules(
    'evaluations',
    'tier_rules',
    table,
    ref('strata', 'int_rules_in_force'),
    ref('strata', 'int_rule_ranges'),
    {'rule_id': 'rule_id', 'outcome': 'computed_tier_code'},
) }},

policies as (
    select * from {{ ref('strata', 'int_market_parameters') }}
),

steps as (
    select step
    from policies
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
        matched.customer_id,
        matched.rule_id,
        matched.computed_tier_code,
        tiers.tier_rank as computed_tier_rank,
        dates.month_index,
        steps.step,
        policies.step as own_step,
        policies.is_held,
        max(tiers.tier_rank * steps.step + dates.month_index) over (
            partition by
                matched.customer_id,
                steps.step
            order by matched.evaluation_date
            rows between unbounded preceding and current row
        ) as peak,
        matched.evaluation_date
    from tier_rules_matched as matched
    inner join dates on matched.evaluation_date = dates.evaluation_date
    inner join policies
        on
            matched.evaluation_date = policies.evaluation_date
            and matched.market = policies.market
    left join tiers on matched.computed_tier_code = tiers.tier_code
    cross join steps
),

held as (
    select
        peaks.customer_id,
        peaks.rule_id,
        peaks.computed_tier_code,
        peaks.computed_tier_rank,
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
        end as held_tier_rank,
        peaks.evaluation_date
    from peaks
    left join stored_peaks
        on peaks.customer_id = stored_peaks.customer_id and peaks.step = stored_peaks.step
    where peaks.step = peaks.own_step
)

select * from held
