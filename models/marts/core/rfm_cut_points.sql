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

cuts as (
    {%- for metric in ['recency', 'frequency', 'monetary'] %}
    {%- set metric_loop = loop %}
    {%- for cut in range(1, 6) %}
    select
        market,
        '{{ metric }}' as metric,
        cut_point_basis,
        {{ 6 - cut if metric == 'recency' else cut }} as score,
        {{ metric ~ '_cut_' ~ (cut - 1) if cut > 1 else 'cast(null as ' ~ type_double() ~ ')' }}
            as above,
        {{ metric ~ '_cut_' ~ cut if cut < 5 else 'cast(null as ' ~ type_double() ~ ')' }}
            as up_to,
        customers,
        evaluation_date
    from current_cut_points
    {{- '\n    union all' if not (loop.last and metric_loop.last) }}
    {%- endfor %}
    {%- endfor %}
)

select * from cuts
