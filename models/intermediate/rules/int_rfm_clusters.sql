-- The bodies of the loops below are indented as they are read.
-- noqa: disable=LT02
{{ config(materialized='table') }}  -- small, and read for every customer
{%- set measures = ['recency_days', 'orders', 'revenue'] %}
{%- set spreads = ['recency_spread', 'orders_spread', 'revenue_spread'] %}
{%- set columns = ['cluster_id', 'cluster_code'] + measures + spreads %}

with

rfm_clusters as (
    {{ seed_in_reporting_currency('rfm_clusters', columns + ['market', 'valid_from', 'valid_to']) }}
),

clusters as (
    {{ rows_in_force('rfm_clusters', columns) }}
),

numbered as (
    select
        clusters.*,
        row_number() over (
            partition by
                clusters.evaluation_date,
                clusters.market
            order by clusters.cluster_id
        ) as position
    from clusters
),

-- One row per date and market: the centres in logarithms, by which distances are measured.
centres as (
    select
        evaluation_date,
        market
        {%- for spread in spreads %},
        max({{ spread }}) as {{ spread }}
        {%- endfor %}
        {%- for position in range(1, setting('max_rfm_clusters') + 1) %},
        max(case when position = {{ position }} then cluster_code end)
            as cluster_code_{{ position }}
            {%- for measure in measures %},
        max(case when position = {{ position }} then ln(1 + {{ measure }}) end)
            as {{ measure }}_{{ position }}
            {%- endfor %}
        {%- endfor %}
    from numbered
    group by
        evaluation_date,
        market
)

select * from centres
