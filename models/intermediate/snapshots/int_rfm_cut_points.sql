{%- set cuts = range(1, 5) %}

with
{% if var('rfm_method') == 'quantile' %}
{{ snapshot_population(['market', 'lifetime_orders', 'days_since_last_order', 'rfm_orders', 'rfm_revenue']) }},

buyers as (
    select
        evaluation_date,
        market,
        cast(days_since_last_order as {{ type_double() }}) as recency,
        cast(rfm_orders as {{ type_double() }}) as frequency,
        cast(rfm_revenue as {{ type_double() }}) as monetary
    from population
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
        cast(count(*) as integer) as customers,
        {{ quantile_cuts('recency') }},
        {{ quantile_cuts('frequency') }},
        {{ quantile_cuts('monetary') }}
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
        coalesce(own.customers, everybody.customers) as customers,
        {{ each('coalesce(own.recency_cut_{}, everybody.recency_cut_{}) as recency_cut_{}', cuts) }},
        {{ each('coalesce(own.frequency_cut_{}, everybody.frequency_cut_{}) as frequency_cut_{}', cuts) }},
        {{ each('coalesce(own.monetary_cut_{}, everybody.monetary_cut_{}) as monetary_cut_{}', cuts) }}
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
rfm_bands as (
    {{ rfm_band_cuts() }}
),

bands as (
    {{ rows_in_force('rfm_bands', ['metric', 'cut', 'upper_bound'], group_by='metric') }}
),

cut_points as (
    select
        evaluation_date,
        market,
        case when min(case when is_own then 1 else 0 end) = 1 and market <> '*' then 'market' else 'all' end
            as cut_point_basis,
        cast(null as integer) as customers,
        {{ each("max(case when metric = 'recency' and cut = {} then upper_bound end) as recency_cut_{}", cuts) }},
        {{ each("max(case when metric = 'frequency' and cut = {} then upper_bound end) as frequency_cut_{}", cuts) }},
        {{ each("max(case when metric = 'monetary' and cut = {} then upper_bound end) as monetary_cut_{}", cuts) }}
    from bands
    group by
        evaluation_date,
        market
)
{% endif %}
select * from cut_points
