with

evaluations as (
    select * from {{ ref('int_customer_evaluations') }}
),

purchase_cycles as (
    {{ rows_in_force(ref('purchase_cycles'), ['typical_gap_days', 'min_purchase_days']) }}
),

cycled as (
    select
        evaluations.*,
        case
            when evaluations.lifetime_orders = 0 then null
            when evaluations.purchase_days >= purchase_cycles.min_purchase_days then 'own'
            else 'market'
        end as cycle_basis,
        case
            when evaluations.lifetime_orders = 0 then null
            when evaluations.purchase_days >= purchase_cycles.min_purchase_days
                then evaluations.median_gap_days
            else cast(purchase_cycles.typical_gap_days as {{ type_double() }})
        end as typical_gap_days
    from evaluations
    left join purchase_cycles
        on
            evaluations.evaluation_date = purchase_cycles.evaluation_date
            and evaluations.market = purchase_cycles.market
),

compared as (
    select
        cycled.*,
        cycled.days_since_last_order / nullif(cycled.typical_gap_days, 0) as overdue_ratio,
        case
            when cycled.net_revenue_12m > cycled.net_revenue_6m
                then
                    cast(cycled.net_revenue_6m as {{ type_double() }})
                    / cast(cycled.net_revenue_12m - cycled.net_revenue_6m as {{ type_double() }})
        end as revenue_trend
    from cycled
)

select * from compared
