-- depends_on: {{ ref('strata', 'int_seeds_proved') }}, for the bands are read without any raw table
with

cut_points as (
    select * from {{ ref('strata', 'int_rfm_cut_points') }}
),

dates as (
    select evaluation_date
    from {{ ref('strata', 'int_evaluation_dates') }}
    where is_current
),

current_cut_points as (
    select cut_points.*
    from cut_points
    inner join dates on cut_points.evaluation_date = dates.evaluation_date
),

metrics as (
    select
        market,
        'recency' as metric,
        cut_point_basis,
        {{ each('recency_cut_{} as cut_{}', [1, 2, 3, 4]) }},
        customers,
        evaluation_date
    from current_cut_points
    union all
    select
        market,
        'frequency' as metric,
        cut_point_basis,
        {{ each('frequency_cut_{} as cut_{}', [1, 2, 3, 4]) }},
        customers,
        evaluation_date
    from current_cut_points
    union all
    select
        market,
        'monetary' as metric,
        cut_point_basis,
        {{ each('monetary_cut_{} as cut_{}', [1, 2, 3, 4]) }},
        customers,
        evaluation_date
    from current_cut_points
),

places as (
    {{ whole_numbers(1, 5, 'place') }}
),

-- Five scores lie between and beside four cut points; of recency less is better.
cuts as (
    select
        metrics.market,
        metrics.metric,
        metrics.cut_point_basis,
        case when metrics.metric = 'recency' then 6 - places.place else places.place end as score,
        case places.place
            when 2 then metrics.cut_1
            when 3 then metrics.cut_2
            when 4 then metrics.cut_3
            when 5 then metrics.cut_4
        end as above,
        case places.place
            when 1 then metrics.cut_1
            when 2 then metrics.cut_2
            when 3 then metrics.cut_3
            when 4 then metrics.cut_4
        end as up_to,
        metrics.customers,
        metrics.evaluation_date
    from metrics
    cross join places
)

select * from cuts
