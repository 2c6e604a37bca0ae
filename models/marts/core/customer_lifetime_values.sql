with

history as (
    select * from {{ ref('customer_tier_history') }}
    where is_current
),

summarised as (
    select
        customer_id,
        market,
        greatest(purchase_days - 1, 0) as bgnbd_frequency,
        {{ days_between('first_order_date', 'last_order_date') }} as bgnbd_recency_days,
        {{ days_between('first_order_date', 'evaluation_date') }} as bgnbd_age_days,
        case
            when purchase_days > 1
                then
                    cast(lifetime_net_revenue - first_day_net_revenue as {{ type_double() }})
                    / (purchase_days - 1)
            else 0
        end as bgnbd_monetary,
        lifetime_net_revenue as historic_revenue,
        evaluation_date
    from history
    where lifetime_orders > 0
)

select * from summarised
