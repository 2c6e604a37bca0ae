{{ config(materialized='table') }}  -- few rows out of all events, read by recommendations and actions

with

-- Left, to keep a planner from comparing their events with the policies of all markets.
customers as (
    select
        customers.customer_id,
        policies.browsed_days
    from {{ ref('strata', 'int_customers') }} as customers
    left join {{ ref('strata', 'int_recommendation_policies') }} as policies
        on customers.market = policies.market
),

events as (
    select
        events.customer_id,
        events.product_id,
        case when engagement_types.counts_as = 'views' then 1 else 0 end as is_view,
        events.event_date
    from {{ ref('strata', 'int_web_events_checked') }} as events
    inner join {{ ref('engagement_types') }} as engagement_types
        on events.event_type = engagement_types.engagement_type
    where
        events.fate = 'used'
        and events.product_id is not null
        and engagement_types.source_table = 'web_events'
        and engagement_types.counts_as in ('views', 'carts')
        -- without order lines nobody knows what was bought since
        and {{ 'false' if 'order_items' in setting('missing_sources') else 'true' }}
),

customer_products as (
    select
        customer_id,
        product_id,
        last_order_date
    from {{ ref('strata', 'int_customer_products') }}
),

-- An order of the same day counts as later: most are what the browsing led to.
not_bought_since as (
    select
        events.customer_id,
        events.product_id,
        events.is_view,
        customer_products.customer_id is not null as is_bought_before,
        events.event_date
    from events
    inner join customers on events.customer_id = customers.customer_id
    left join customer_products
        on
            events.customer_id = customer_products.customer_id
            and events.product_id = customer_products.product_id
    where
        {{ days_between('events.event_date', as_of_date()) }} < customers.browsed_days
        and (
            customer_products.last_order_date < events.event_date
            or customer_products.customer_id is null
        )
),

browsed_products as (
    select
        customer_id,
        product_id,
        cast(sum(is_view) as integer) as views,
        cast(count(*) - sum(is_view) as integer) as carts,
        cast(count(*) as integer) as browse_events,
        is_bought_before,
        max(event_date) as last_browsed_date
    from not_bought_since
    group by
        customer_id,
        product_id,
        is_bought_before
)

select * from browsed_products
