-- The bodies of the loops below are indented as they are read.
-- noqa: disable=LT02
-- depends_on: {{ ref('int_customers_stored') }}
{%- set dates = evaluation_dates() %}
{%- set window_months = setting('rfm_window_months') %}
{%- set missing = setting('missing_sources') %}

with

customers as (
    select
        customer_id,
        market,
        first_day_revenue,
        registration_date,
        start_date
    from {{ ref('int_customers') }}
),

satisfaction as (
    select * from {{ ref('int_satisfaction') }}
),
{% if dates[0].is_frozen %}
-- Frozen months are evaluated only for customers of whom none are stored.
stored_customers as (
    select customer_id
    from {{ ref('int_customers_stored') }}
),

facts_of_new_customers as (
    select facts.*
    from {{ ref('int_customer_facts') }} as facts
    left join stored_customers on facts.customer_id = stored_customers.customer_id
    where stored_customers.customer_id is null
),
{% endif %}
-- One as-of aggregate for each date: measured to be the fastest shape.
measured as (
    {%- for evaluation in dates %}
    {%- set day = date_literal(evaluation.date) %}
    {%- set after_24m = date_literal(months_before(evaluation.date, 24)) %}
    {%- set after_12m = date_literal(months_before(evaluation.date, 12)) %}
    {%- set after_6m = date_literal(months_before(evaluation.date, 6)) %}
    {%- set after_90d = date_literal(evaluation.date - modules.datetime.timedelta(days=90)) %}
    select
        facts.customer_id,
        {{ day }} as evaluation_date,
        min(case when facts.purchase_days = 1 then facts.sale_date end) as first_order_date,
        max(case when facts.purchase_days = 1 then facts.sale_date end) as last_order_date,
        max(facts.interaction_date) as last_interaction_date,
        sum(facts.orders) as lifetime_orders,
        sum(facts.purchase_days) as purchase_days,
        sum(case when facts.sale_date > {{ after_12m }} then facts.orders else 0 end)
            as orders_12m,
        sum(
            case
                when facts.sale_date > {{ after_24m }} and facts.sale_date <= {{ after_12m }}
                    then facts.orders
                else 0
            end
        ) as orders_previous_12m,
        bit_or(case when facts.sale_date > {{ after_12m }} then facts.month_bit else 0 end)
            as months_12m,
        percentile_cont(0.5) within group (order by cast(facts.gap_days as {{ type_double() }}))
            as median_gap_days,
        max(case when facts.sale_date > {{ after_90d }} then facts.gap_days end)
            as longest_gap_ended_90d_days,
        sum(facts.net_revenue) as lifetime_net_revenue,
        sum(case when facts.sale_date > {{ after_12m }} then facts.net_revenue else 0 end)
            as net_revenue_12m,
        sum(case when facts.sale_date > {{ after_6m }} then facts.net_revenue else 0 end)
            as net_revenue_6m,
        sum(facts.margin) as lifetime_margin,
        sum(facts.costed_revenue) as lifetime_costed_revenue,
        sum(case when facts.sale_date > {{ after_12m }} then facts.margin end) as margin_12m,
        sum(facts.refunded) as lifetime_refunded,
        sum(facts.first_day_refunded) as first_day_refunded,
        sum(case when facts.known_date > {{ after_90d }} then facts.views end) as views_90d,
        sum(case when facts.known_date > {{ after_90d }} then facts.carts end) as carts_90d,
        sum(case when facts.known_date > {{ after_90d }} then facts.inquiries end)
            as inquiries_90d
        {%- if window_months not in (none, 12) %}
        {%- set after = date_literal(months_before(evaluation.date, window_months)) %},
        sum(case when facts.sale_date > {{ after }} then facts.orders else 0 end) as rfm_orders,
        sum(case when facts.sale_date > {{ after }} then facts.net_revenue else 0 end)
            as rfm_revenue
        {%- endif %}
    from {{ 'facts_of_new_customers' if evaluation.is_frozen else ref('int_customer_facts') }}
        as facts
    where
        facts.known_date <= {{ day }}
        -- Of engagement, only the last day and those that are counted.
        and (
            facts.interaction_date is null
            or facts.interaction_date > {{ after_90d }}
            or facts.next_interaction_date > {{ day }}
        )
    group by facts.customer_id
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

evaluations as (
    select
        measured.customer_id,
        customers.market,
        cast(measured.lifetime_orders as integer) as lifetime_orders,
        cast(measured.orders_12m as integer) as orders_12m,
        cast(measured.orders_previous_12m as integer) as orders_previous_12m,
        cast(measured.purchase_days as integer) as purchase_days,
        cast(least({{ bit_count('measured.months_12m') }}, 12) as integer) as active_months_12m,
        {{ days_between('customers.start_date', 'measured.evaluation_date') }}
            as tenure_days,
        case
            when customers.registration_date <= measured.evaluation_date
                then {{ days_between('customers.registration_date', 'measured.evaluation_date') }}
        end as days_since_registration,
        {{ days_between('measured.first_order_date', 'measured.evaluation_date') }}
            as days_since_first_order,
        {{ days_between('measured.last_order_date', 'measured.evaluation_date') }}
            as days_since_last_order,
        {{ days_between('measured.last_interaction_date', 'measured.evaluation_date') }}
            as days_since_last_interaction,
        cast(
            {{ days_between('measured.first_order_date', 'measured.last_order_date') }}
            as {{ type_double() }}
        ) / nullif(measured.purchase_days - 1, 0) as mean_gap_days,
        measured.median_gap_days,
        measured.longest_gap_ended_90d_days,
        cast(measured.lifetime_net_revenue as decimal(18, 2)) as lifetime_net_revenue,
        cast(measured.net_revenue_12m as decimal(18, 2)) as net_revenue_12m,
        cast(measured.net_revenue_6m as decimal(18, 2)) as net_revenue_6m,
        cast(measured.lifetime_margin as decimal(18, 2)) as lifetime_margin,
        cast(measured.lifetime_costed_revenue as decimal(18, 2)) as lifetime_costed_revenue,
        cast(measured.margin_12m as decimal(18, 2)) as margin_12m,
        cast(measured.lifetime_refunded as decimal(18, 2)) as lifetime_refunded,
        {%- if window_months is none %}
        cast(measured.lifetime_orders as integer) as rfm_orders,
        cast(measured.lifetime_net_revenue as decimal(18, 2)) as rfm_revenue,
        {%- elif window_months == 12 %}
        cast(measured.orders_12m as integer) as rfm_orders,
        cast(measured.net_revenue_12m as decimal(18, 2)) as rfm_revenue,
        {%- else %}
        cast(measured.rfm_orders as integer) as rfm_orders,
        cast(measured.rfm_revenue as decimal(18, 2)) as rfm_revenue,
        {%- endif %}
        cast(
            case
                when measured.lifetime_orders > 0
                    then customers.first_day_revenue - measured.first_day_refunded
            end as decimal(18, 2)
        ) as first_day_net_revenue,
        {%- for measure, source in {
            'measured.views_90d': 'web_events',
            'measured.carts_90d': 'web_events',
            'measured.inquiries_90d': 'interactions',
            'satisfaction.response_count': 'feedback',
        }.items() %}
        {%- if source in missing %}
        cast(null as integer) as {{ measure.split('.')[1] }},
        {%- else %}
        cast(coalesce({{ measure }}, 0) as integer) as {{ measure.split('.')[1] }},
        {%- endif %}
        {%- endfor %}
        satisfaction.satisfaction,
        measured.first_order_date,
        measured.last_order_date,
        measured.last_interaction_date,
        measured.evaluation_date
    from measured
    inner join customers
        on
            measured.customer_id = customers.customer_id
            and measured.evaluation_date >= customers.start_date
    left join satisfaction
        on
            measured.customer_id = satisfaction.customer_id
            and measured.evaluation_date = satisfaction.evaluation_date
)

select * from evaluations
