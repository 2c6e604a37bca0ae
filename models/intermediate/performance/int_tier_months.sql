with

tiers as (
    select
        customer_id,
        start_tier_code as tier_code,
        is_prior_buyer,
        is_previous_12m_buyer,
        is_retained_buyer,
        month
    from {{ ref('strata', 'int_tier_moves') }}
    where month is not null
),

customer_months as (
    select * from {{ ref('strata', 'int_customer_months') }}
),

-- Neither side has every customer: most months bring nothing, and a late order, or a contact before
-- the registration, is of a month in which the history does not know the customer.
performed as (
    select
        coalesce(tiers.tier_code, 'none') as tier_code,
        coalesce(tiers.is_prior_buyer, false) as is_prior_buyer,
        coalesce(tiers.is_previous_12m_buyer, false) as is_previous_12m_buyer,
        coalesce(tiers.is_retained_buyer, false) as is_retained_buyer,
        coalesce(customer_months.orders, 0) > 0 as is_buyer,
        customer_months.orders,
        customer_months.gross_revenue,
        customer_months.refunded,
        customer_months.net_revenue,
        customer_months.margin,
        customer_months.contacts,
        customer_months.contact_cost,
        customer_months.elapsed_contacts,
        customer_months.converted_contacts,
        customer_months.answers,
        customer_months.points,
        coalesce(tiers.month, customer_months.month) as month
    from tiers
    full join customer_months
        on
            tiers.customer_id = customer_months.customer_id
            and tiers.month = customer_months.month
),

tier_months as (
    select
        tier_code,
        count(*) as customers,
        sum(orders) as orders,
        sum(gross_revenue) as gross_revenue,
        sum(refunded) as refunded,
        sum(net_revenue) as net_revenue,
        sum(margin) as margin,
        sum(case when is_buyer then 1 else 0 end) as buyers,
        sum(case when is_prior_buyer then 1 else 0 end) as prior_buyers,
        sum(case when is_prior_buyer and is_buyer then 1 else 0 end) as repeat_buyers,
        sum(case when is_previous_12m_buyer then 1 else 0 end) as buyers_previous_12m,
        sum(case when is_retained_buyer then 1 else 0 end) as retained_buyers,
        sum(contacts) as contacts,
        sum(contact_cost) as contact_cost,
        sum(case when contacts > 0 then 1 else 0 end) as contacted_customers,
        sum(elapsed_contacts) as elapsed_contacts,
        sum(converted_contacts) as converted_contacts,
        sum(answers) as responses,
        sum(points) as points,
        month
    from performed
    group by
        month,
        tier_code
)

select * from tier_months
