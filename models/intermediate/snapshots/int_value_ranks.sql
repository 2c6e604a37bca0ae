{{ config(materialized='table') }}  -- read by the history, also for whom a rank moves

with

{{ snapshot_population(['net_revenue_12m', 'composite_score']) }},

-- A class begins where the one below ends.
classes as (
    select
        dates.evaluation_date,
        classes.class_code,
        classes.upper_share,
        coalesce(
            lag(classes.upper_share) over (
                partition by dates.evaluation_date
                order by classes.upper_share nulls last, classes.class_code
            ),
            0
        ) as lower_share
    from {{ ref('strata', 'int_evaluation_dates') }} as dates
    inner join {{ ref('pareto_classes') }} as classes
        on
            dates.evaluation_date >= classes.valid_from
            and (dates.evaluation_date < classes.valid_to or classes.valid_to is null)
),

revenues as (
    select
        population.*,
        case when population.net_revenue_12m > 0 then population.net_revenue_12m else 0 end
            as positive_revenue
    from population
),

-- Equals share: whoever has the same score and revenue has the same rank, and whoever has the same
-- revenue has the same share of others before them.
ranked as (
    select
        customer_id,
        net_revenue_12m,
        rank() over (
            partition by evaluation_date
            -- the last bits of a score are not the same on every engine
            order by
                {{ to_decimal('composite_score', 6) }} desc nulls last,
                net_revenue_12m desc
        ) as value_rank,
        sum(positive_revenue) over (
            partition by evaluation_date
            order by net_revenue_12m desc
            range between unbounded preceding and current row
        ) - sum(positive_revenue) over (
            partition by
                evaluation_date,
                net_revenue_12m
        ) as revenue_before,
        sum(positive_revenue) over (partition by evaluation_date) as revenue_of_all,
        evaluation_date
    from revenues
),

shared as (
    select
        customer_id,
        value_rank,
        case
            when net_revenue_12m > 0
                then
                    cast(revenue_before as {{ type_double() }})
                    / cast(revenue_of_all as {{ type_double() }})
            else 1
        end as share_before,
        evaluation_date
    from ranked
),

value_ranks as (
    select
        shared.customer_id,
        cast(shared.value_rank as integer) as value_rank,
        classes.class_code as pareto_class,
        shared.evaluation_date
    from shared
    left join classes
        on
            shared.evaluation_date = classes.evaluation_date
            and shared.share_before >= classes.lower_share
            and shared.share_before < coalesce(classes.upper_share, 2)
    -- Where a month is written anew for some, and no rank moves.
    union all
    select
        months.customer_id,
        months.value_rank,
        months.pareto_class,
        months.evaluation_date
    from {{ ref('strata', 'int_stored_months') }} as months
    left join restated_months on months.evaluation_date = restated_months.evaluation_date
    where months.is_restated and restated_months.evaluation_date is null
)

select * from value_ranks
