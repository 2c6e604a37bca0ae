{{ config(materialized='table') }}  -- small, and read for every customer
{%- set columns = [
    'cluster_id', 'cluster_code', 'recency_days', 'orders', 'revenue', 'recency_spread', 'orders_spread',
    'revenue_spread',
] %}
{%- set positions = range(1, setting('max_rfm_clusters') + 1) %}

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
        market,
        max(recency_spread) as recency_spread,
        max(orders_spread) as orders_spread,
        max(revenue_spread) as revenue_spread,
        {{ each('max(case when position = {} then cluster_code end) as cluster_code_{}', positions) }},
        {{ each('max(case when position = {} then ln(1 + recency_days) end) as recency_days_{}', positions) }},
        {{ each('max(case when position = {} then ln(1 + orders) end) as orders_{}', positions) }},
        {{ each('max(case when position = {} then ln(1 + revenue) end) as revenue_{}', positions) }}
    from numbered
    group by
        evaluation_date,
        market
)

select * from centres
