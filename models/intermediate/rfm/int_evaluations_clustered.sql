-- The bodies of the loops below are indented as they are read.
-- noqa: disable=LT02
{%- set positions = range(1, setting('max_rfm_clusters') + 1) %}
{%- set measures = {
    'recency': ('days_since_last_order', 'recency_days'),
    'orders': ('rfm_orders', 'orders'),
    'revenue': ('rfm_revenue', 'revenue'),
} %}

with

evaluations as (
    select * from {{ ref('int_evaluations_segmented') }}
),

clusters as (
    select * from {{ ref('int_rfm_clusters') }}
),

-- Squared distances to the centres; those that a market has not are too far to be the nearest.
measured as (
    select
        evaluations.*,
        {%- for position in positions %}
        coalesce(
            {%- for name, columns in measures.items() %}
            power(
                (
                    ln(1 + greatest(cast(evaluations.{{ columns[0] }} as {{ type_double() }}), 0))
                    - clusters.{{ columns[1] }}_{{ position }}
                ) / nullif(clusters.{{ name }}_spread, 0),
                2
            ){{ ' +' if not loop.last }}
            {%- endfor %},
            1e9
        ) as distance_{{ position }},
        clusters.cluster_code_{{ position }}{{ ',' if not loop.last }}
        {%- endfor %}
    from evaluations
    left join clusters
        on
            evaluations.evaluation_date = clusters.evaluation_date
            and evaluations.market = clusters.market
),

nearest as (
    select
        measured.*,
        case
            when measured.lifetime_orders = 0 then null
            {%- for position in positions %}
            when
                measured.distance_{{ position }} <= least(
                    {%- for other in positions %}
                    measured.distance_{{ other }}{{ ',' if not loop.last }}
                    {%- endfor %}
                )
                then measured.cluster_code_{{ position }}
            {%- endfor %}
        end as rfm_cluster
    from measured
)

select * from nearest
