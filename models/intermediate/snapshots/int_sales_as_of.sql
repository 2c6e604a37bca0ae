-- depends_on: {{ ref('strata', 'int_evaluation_scope') }}

with

{{ of_restated_customers('days_of_restated_customers', ref('strata', 'int_customer_days')) }},

-- One aggregate for each date: measured to be the fastest shape.
sales_as_of as (
    {% call(evaluation) for_each_evaluation() %}
    select
        days.customer_id,
        {{ evaluation.day }} as evaluation_date,
        min(case when days.purchase_days = 1 then days.sale_date end) as first_order_date,
        max(case when days.purchase_days = 1 then days.sale_date end) as last_order_date,
        sum(days.orders) as lifetime_orders,
        sum(days.purchase_days) as purchase_days,
        sum(case when days.sale_date > {{ evaluation.after_12m }} then days.orders else 0 end)
            as orders_12m,
        sum(
            case
                when days.sale_date > {{ evaluation.after_24m }} and days.sale_date <= {{ evaluation.after_12m }}
                    then days.orders
                else 0
            end
        ) as orders_previous_12m,
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
        sum(case when days.sale_date > {{ evaluation.after_rfm_window }} then days.orders else 0 end)
            as window_orders,
        sum(case when days.sale_date > {{ evaluation.after_rfm_window }} then days.net_revenue else 0 end)
            as window_revenue,
        sum(days.margin) as lifetime_margin,
        sum(days.costed_revenue) as lifetime_costed_revenue,
        sum(case when days.sale_date > {{ evaluation.after_12m }} then days.margin end) as margin_12m,
        sum(days.refunded) as lifetime_refunded,
        sum(days.first_day_revenue) as first_day_revenue
    from {{ 'days_of_restated_customers' if evaluation.is_stored else ref('strata', 'int_customer_days') }} as days
    where days.known_date <= {{ evaluation.day }}{{ evaluation.and_restated }}
    group by days.customer_id
    {% endcall %}
)

select * from sales_as_of
