{#- One row per defect of the RFM clusters: a market without any once there are some, too many for the room
    there is, an incomplete centre, spreads that are not positive or differ, a code twice. -#}
{% test rfm_clusters(model) %}

{{ config(meta={'reports_rules': true}) }}
{%- set text = dbt.type_string() %}

with

in_force as (
    {{ rows_in_force(model, [
        'cluster_id', 'cluster_code', 'recency_days', 'orders', 'revenue', 'recency_spread',
        'orders_spread', 'revenue_spread',
    ]) }}
),

-- Before the first fit nobody has a cluster.
fitted as (
    select min(valid_from) as first_valid_from
    from {{ model }}
),

counted as (
    select
        dates.evaluation_date,
        markets.market,
        min(fitted.first_valid_from) as first_valid_from,
        count(in_force.cluster_id) as clusters,
        count(distinct in_force.cluster_code) as codes,
        count(distinct in_force.recency_spread) as recency_spreads,
        count(distinct in_force.orders_spread) as orders_spreads,
        count(distinct in_force.revenue_spread) as revenue_spreads
    from {{ ref('strata', 'int_evaluation_dates') }} as dates
    cross join ({{ every_market() }}) as markets
    cross join fitted
    left join in_force
        on
            dates.evaluation_date = in_force.evaluation_date
            and markets.market = in_force.market
    group by
        dates.evaluation_date,
        markets.market
),

market_defects as (
    select
        evaluation_date,
        'market ' || market as cluster_id,
        case
            when clusters = 0 and evaluation_date >= first_valid_from
                then 'add a cluster, by hand or by strata calibrate, for none is in force on '
            when clusters > {{ var('max_rfm_clusters') }}
                then 'there is room for {{ var("max_rfm_clusters") }} clusters (var max_rfm_clusters), not for '
                || cast(clusters as {{ text }}) || ', on '
            when codes < clusters then 'a cluster_code is there twice on '
            when recency_spreads + orders_spreads + revenue_spreads > 3
                then 'the spreads of the clusters differ on '
        end as defect
    from counted
),

row_defects as (
    select
        cluster_id,
        'centre and spreads must not be blank; the centre is not below 0, spreads are above 0' as defect
    from {{ model }}
    where
        cluster_code is null
        or coalesce(least(recency_days, orders, revenue), -1) < 0
        or recency_days is null
        or orders is null
        or revenue is null
        or coalesce(recency_spread, 0) <= 0
        or coalesce(orders_spread, 0) <= 0
        or coalesce(revenue_spread, 0) <= 0
),

defects as (
    select
        cluster_id,
        defect || {{ days_told('evaluation_date') }} as defect
    from market_defects
    where defect is not null
    group by
        cluster_id,
        defect
    union all
    select
        cluster_id,
        defect
    from row_defects
)

select
    '{{ model.identifier }}' as seed_name,
    cluster_id as rule_id,
    defect
from defects

{% endtest %}
