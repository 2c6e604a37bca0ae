-- depends_on: {{ ref('strata', 'int_evaluation_scope') }}

with

{{ of_restated_customers('days_of_restated_customers', ref('strata', 'int_customer_days')) }},

-- One aggregate for each date: measured to be the fastest shape.
sums as (
    {% call(evaluation) for_each_evaluation() %}
    select
        days.customer_id,
        {{ evaluation.day }} as evaluation_date,
        min(case when days.purchase_days = 1 then days.sale_date end) as first_order_date,
        max(case when days.purchase_days = 1 then days.sale_date end) as last_order_date,
        sum(days.orders) as lifetime_orders,
        sum(days.purchase_days) as purchase_days,
        sum(case when days.sale_date > {{ evaluation.after_12m }} then days.orders else 0 end) as orders_12m,
        sum(
            case
                when days.sale_date > {{ evaluation.after_24m }} and days.sale_date <= {{ evaluation.after_12m }}
                    then days.orders
                else 0
            end
        ) as orders_previous_12m,
        sum(case when days.sale_date > {{ evaluation.after_rfm_window }} then days.orders else 0 end)
            as rfm_orders,
        bit_or(case when days.sale_date > {{ evaluation.after_12m }} then days.month_bit else 0 end)
            as months_12m,
        percentile_cont(0.5) within group (order by cast(days.gap_days as {{ type_double() }}))
            as median_gap_days,
        max(case when days.sale_date > {{ evaluation.after_90d }} then days.gap_days end)
            as longest_gap_ended_90d_days,
        sum(days.net_revenue) as lifetime_net_revenue,
        sum(case when days.sale_date > {{ evaluation.after_12m }} then days.net_revenue else 0 end)
            as net_revenue_12m,
        sum(case when days.sale_date > {{ evaluation.after_6m }} then days.net_revenue else 0 end)
            as net_revenue_6m,
        sum(case when days.sale_date > {{ evaluation.after_rfm_window }} then days.net_revenue else 0 end)
            as rfm_revenue,
        sum(days.margin) as lifetime_margin,
        sum(days.costed_revenue) as lifetime_costed_revenue,
        sum(case when days.sale_date > {{ evaluation.after_12m }} then days.margin end) as margin_12m,
        sum(days.refunded) as lifetime_refunded,
        case when sum(days.orders) > 0 then sum(days.first_day_revenue) end as first_day_net_revenue
    from {{ 'days_of_restated_customers' if evaluation.is_stored else ref('strata', 'int_customer_days') }} as days
    where days.known_date <= {{ evaluation.day }}{{ evaluation.and_restated }}
    group by days.customer_id
    {% endcall %}
),

customers as (
    select
        customer_id,
        market,
        registration_date,
        start_date
    from {{ ref('strata', 'int_customers') }}
),

purchase_cycles as (
    {{ rows_in_force(ref('purchase_cycles'), ['typical_gap_days', 'min_purchase_days']) }}
),

sales_as_of as (
    select
        sums.customer_id,
        customers.market,
        case
            when sums.lifetime_orders = 0 then null
            when sums.purchase_days >= purchase_cycles.min_purchase_days then 'own'
            else 'market'
        end as cycle_basis,
        {{ each('cast(sums.{} as integer) as {}', [
            'lifetime_orders', 'orders_12m', 'orders_previous_12m', 'purchase_days', 'rfm_orders',
        ]) }},
        cast(least({{ bit_count('sums.months_12m') }}, 12) as integer) as active_months_12m,
        {{ days_between('customers.start_date', 'sums.evaluation_date') }} as tenure_days,
        case
            when customers.registration_date <= sums.evaluation_date
                then {{ days_between('customers.registration_date', 'sums.evaluation_date') }}
        end as days_since_registration,
        {{ days_between('sums.first_order_date', 'sums.evaluation_date') }} as days_since_first_order,
        {{ days_between('sums.last_order_date', 'sums.evaluation_date') }} as days_since_last_order,
        cast({{ days_between('sums.first_order_date', 'sums.last_order_date') }} as {{ type_double() }})
        / nullif(sums.purchase_days - 1, 0) as mean_gap_days,
        sums.median_gap_days,
        case
            when sums.lifetime_orders = 0 then null
            when sums.purchase_days >= purchase_cycles.min_purchase_days then sums.median_gap_days
            else cast(purchase_cycles.typical_gap_days as {{ type_double() }})
        end as typical_gap_days,
        sums.longest_gap_ended_90d_days,
        {{ each('cast(sums.{} as decimal(18, 2)) as {}', [
            'lifetime_net_revenue', 'net_revenue_12m', 'net_revenue_6m', 'lifetime_margin',
            'lifetime_costed_revenue', 'margin_12m', 'lifetime_refunded', 'first_day_net_revenue', 'rfm_revenue',
        ]) }},
        sums.first_order_date,
        sums.last_order_date,
        sums.evaluation_date
    from sums
    inner join customers
        on sums.customer_id = customers.customer_id and sums.evaluation_date >= customers.start_date
    left join purchase_cycles
        on
            sums.evaluation_date = purchase_cycles.evaluation_date
            and customers.market = purchase_cycles.market
)

select * from sales_as_of
