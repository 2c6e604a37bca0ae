with

campaigns as (
    {{ seed_in_reporting_currency('campaigns', ['campaign_id', 'contact_cost']) }}
),

months as (
    select
        month_index,
        month
    from {{ ref('strata', 'int_covered_months') }}
),

-- A fact of one kind has nulls for the measures of the others.
facts as (
    select
        customer_id,
        orders,
        case when purchase_days = 1 then net_revenue end as gross_revenue,
        refunded,
        net_revenue,
        margin,
        cast(null as integer) as contacts,
        cast(null as decimal(18, 4)) as contact_cost,
        cast(null as integer) as elapsed_contacts,
        cast(null as integer) as converted_contacts,
        cast(null as integer) as answers,
        cast(null as {{ type_double() }}) as points,
        sale_date as fact_date
    from {{ ref('strata', 'int_customer_days') }}
    where sale_date is not null
    union all
    select
        contacts.customer_id,
        null as orders,
        null as gross_revenue,
        null as refunded,
        null as net_revenue,
        null as margin,
        1 as contacts,
        campaigns.contact_cost,
        null as elapsed_contacts,
        null as converted_contacts,
        null as answers,
        null as points,
        contacts.contact_date as fact_date
    from {{ ref('strata', 'int_campaign_contacts_checked') }} as contacts
    left join campaigns on contacts.campaign_id = campaigns.campaign_id
    where contacts.fate = 'used' and not coalesce(contacts.is_control, false)
    union all
    select
        customer_id,
        null as orders,
        null as gross_revenue,
        null as refunded,
        null as net_revenue,
        null as margin,
        null as contacts,
        null as contact_cost,
        1 as elapsed_contacts,
        case when is_converted then 1 else 0 end as converted_contacts,
        null as answers,
        null as points,
        contact_date as fact_date
    from {{ ref('strata', 'int_campaign_responses') }}
    where is_elapsed and not is_control
    union all
    select
        customer_id,
        null as orders,
        null as gross_revenue,
        null as refunded,
        null as net_revenue,
        null as margin,
        null as contacts,
        null as contact_cost,
        null as elapsed_contacts,
        null as converted_contacts,
        1 as answers,
        points,
        feedback_date as fact_date
    from {{ ref('strata', 'int_feedback_points') }}
),

customer_months as (
    select
        facts.customer_id,
        sum(facts.orders) as orders,
        sum(facts.gross_revenue) as gross_revenue,
        sum(facts.refunded) as refunded,
        sum(facts.net_revenue) as net_revenue,
        sum(facts.margin) as margin,
        sum(facts.contacts) as contacts,
        sum(facts.contact_cost) as contact_cost,
        sum(facts.elapsed_contacts) as elapsed_contacts,
        sum(facts.converted_contacts) as converted_contacts,
        sum(facts.answers) as answers,
        sum(facts.points) as points,
        months.month
    from facts
    inner join months on {{ month_index('facts.fact_date') }} = months.month_index
    group by
        facts.customer_id,
        months.month
)

select * from customer_months
