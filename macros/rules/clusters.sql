{#- CTEs up to `clustered`: rows with the code of the RFM cluster whose centre is nearest, of equal distances
    the first: squared distances of logarithms, each measure by its spread. Centres that a market has not
    are too far to be the nearest. What each step needs is a column, made once a row. -#}
{% macro nearest_clusters(rows, clusters) -%}
    {%- set double = type_double() -%}
    {%- set positions = range(1, setting('max_rfm_clusters') + 1) -%}
    logarithms as (
        select
            {{ rows }}.*,
            ln(1 + greatest(cast({{ rows }}.days_since_last_order as {{ double }}), 0)) as log_recency_days,
            ln(1 + greatest(cast({{ rows }}.rfm_orders as {{ double }}), 0)) as log_orders,
            ln(1 + greatest(cast({{ rows }}.rfm_revenue as {{ double }}), 0)) as log_revenue
        from {{ rows }}
    ),

    distances as (
        select
            logarithms.*,
            {%- for position in positions %}
            clusters.cluster_code_{{ position }},
            {%- set parts = [] %}
            {%- for column, spread in {
                'recency_days': 'recency_spread', 'orders': 'orders_spread', 'revenue': 'revenue_spread'
            }.items() %}
            {%- set part = '(logarithms.log_' ~ column ~ ' - clusters.' ~ column ~ '_' ~ position
                ~ ') / nullif(clusters.' ~ spread ~ ', 0)' %}
            {%- do parts.append('(' ~ part ~ ') * (' ~ part ~ ')') %}
            {%- endfor %}
            {{ parts | join(' + ') }} as distance_{{ position }}{{ ',' if not loop.last }}
            {%- endfor %}
        from logarithms
        left join {{ clusters }} as clusters
            on
                logarithms.evaluation_date = clusters.evaluation_date
                and logarithms.market = clusters.market
    ),

    clustered as (
        select
            distances.*,
            case
                when lifetime_orders > 0
                    then case least({{ each('coalesce(distance_{}, 1e9)', positions) }})
                        {%- for position in positions %}
                        when coalesce(distance_{{ position }}, 1e9) then cluster_code_{{ position }}
                        {%- endfor %}
                    end
            end as rfm_cluster
        from distances
    )
{%- endmacro %}
