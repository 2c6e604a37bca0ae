-- The bodies of the loops below are indented as they are read.
-- noqa: disable=LT02
{%- set metrics = {
    'recency': 'days_since_last_order', 'frequency': 'rfm_orders', 'monetary': 'rfm_revenue'
} %}

with
{% if var('rfm_method') == 'quantile' %}
buyers as (
    select
        evaluation_date,
        market,
        {%- for metric, measure in metrics.items() %}
        cast({{ measure }} as {{ type_double() }}) as {{ metric }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('strata', 'int_snapshot_population') }}
    where lifetime_orders > 0
),

scopes as (
    select * from buyers
    union all
    select
        evaluation_date,
        'all' as market,
        recency,
        frequency,
        monetary
    from buyers
),

quantiles as (
    select
        evaluation_date,
        market,
        cast(count(*) as integer) as customers
        {%- for metric in metrics %}
            {%- for cut in range(1, 5) %},
        cast(
            {{ to_decimal('percentile_cont(' ~ cut / 5 ~ ') within group (order by ' ~ metric ~ ')', 6) }}
            as {{ type_double() }}
        ) as {{ metric }}_cut_{{ cut }}
            {%- endfor %}
        {%- endfor %}
    from scopes
    group by
        evaluation_date,
        market
),

policies as (
    {{ rows_in_force(ref('rfm_policies'), ['min_customers']) }}
),

cut_points as (
    select
        policies.evaluation_date,
        policies.market,
        case when own.market is not null then 'market' else 'all' end as cut_point_basis,
        coalesce(own.customers, everybody.customers) as customers
        {%- for metric in metrics %}
            {%- for cut in range(1, 5) %},
        coalesce(own.{{ metric }}_cut_{{ cut }}, everybody.{{ metric }}_cut_{{ cut }})
            as {{ metric }}_cut_{{ cut }}
            {%- endfor %}
        {%- endfor %}
    from policies
    left join quantiles as own
        on
            policies.evaluation_date = own.evaluation_date
            and policies.market = own.market
            and policies.min_customers <= own.customers
    left join quantiles as everybody
        on policies.evaluation_date = everybody.evaluation_date and everybody.market = 'all'
)
{% else %}
bands as (
    {{ rows_in_force(
        ref('strata', 'int_rfm_bands'), ['metric', 'cut', 'upper_bound'], group_by='metric'
    ) }}
),

cut_points as (
    select
        evaluation_date,
        market,
        case when min(case when is_own then 1 else 0 end) = 1 and market <> '*' then 'market' else 'all' end
            as cut_point_basis,
        cast(null as integer) as customers
        {%- for metric in metrics %}
            {%- for cut in range(1, 5) %},
        max(case when metric = '{{ metric }}' and cut = {{ cut }} then upper_bound end)
            as {{ metric }}_cut_{{ cut }}
            {%- endfor %}
        {%- endfor %}
    from bands
    group by
        evaluation_date,
        market
)
{% endif %}
select * from cut_points
