with

policies as (
    {{ rows_in_force(ref('recommendation_policies'), [
        'window_months', 'browsed_days', 'min_browse_events', 'max_basket_products',
        'min_pair_customers', 'min_lift', 'related_per_product', 'best_sellers_per_segment',
        'min_segment_buyers', 'max_recommendations',
    ]) }}
),

today as (
    select
        policies.*,
        cast(
            {{ dbt.dateadd('month', '-policies.window_months', as_of_date()) }} as date
        ) as window_start_date
    from policies
    where policies.evaluation_date = {{ as_of_date() }}
)

select * from today
