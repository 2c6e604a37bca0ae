{{ config(materialized='table') }}  -- joins all orders, and is read twice

with

first_contacts as (
    select * from {{ ref('strata', 'int_campaign_first_contacts') }}
),

sales as (
    select
        customer_id,
        reporting_amount,
        order_date,
        ordered_at
    from {{ ref('strata', 'int_sales') }}
),

conversions as (
    select
        first_contacts.campaign_id,
        first_contacts.customer_id,
        sum(sales.reporting_amount) as conversion_revenue
    from first_contacts
    inner join sales
        on
            first_contacts.customer_id = sales.customer_id
            and first_contacts.contacted_at <= sales.ordered_at
            and {{ days_between('first_contacts.contact_date', 'sales.order_date') }}
            <= first_contacts.conversion_days
    group by
        first_contacts.campaign_id,
        first_contacts.customer_id
),

responses as (
    select
        first_contacts.campaign_id,
        first_contacts.customer_id,
        first_contacts.tier_code,
        first_contacts.contacts,
        cast(coalesce(conversions.conversion_revenue, 0) as decimal(18, 2)) as conversion_revenue,
        first_contacts.is_control,
        first_contacts.is_elapsed,
        conversions.customer_id is not null as is_converted,
        first_contacts.contact_date
    from first_contacts
    left join conversions
        on
            first_contacts.campaign_id = conversions.campaign_id
            and first_contacts.customer_id = conversions.customer_id
)

select * from responses
