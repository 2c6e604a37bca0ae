{%- set double = type_double() %}
{%- set money = 'decimal(18, 2)' %}
{#- Credits among the orders tell of what came back, too. -#}
{%- set refunded = 'case when max(abs(refunded)) over () > 0 then coalesce(refunded, 0) end' %}

with

labels as (
    select * from {{ ref('strata', 'int_tier_labels') }}
),

months as (
    select
        is_complete,
        month
    from {{ ref('strata', 'int_covered_months') }}
),

-- What nobody did is 0, but what an optional raw table would tell is not known without it.
tier_months as (
    select
        tier_code,
        cast(customers as integer) as customers,
        cast(buyers as integer) as buyers,
        cast(prior_buyers as integer) as prior_buyers,
        cast(repeat_buyers as integer) as repeat_buyers,
        cast(buyers_previous_12m as integer) as buyers_previous_12m,
        cast(retained_buyers as integer) as retained_buyers,
        {{ unless_missing('orders', 'orders') }} as orders,
        {{ unless_missing('contacts', 'campaign_contacts') }} as contacts,
        {{ unless_missing('contacted_customers', 'campaign_contacts') }} as contacted_customers,
        {{ unless_missing('elapsed_contacts', 'campaign_contacts') }} as elapsed_contacts,
        {{ unless_missing('converted_contacts', 'campaign_contacts') }} as converted_contacts,
        {{ unless_missing('responses', 'feedback') }} as responses,
        {{ unless_missing('gross_revenue', 'orders', money) }} as gross_revenue,
        {{ unless_missing('refunded', 'refunds', money, unknown=refunded) }} as refunded,
        {{ unless_missing('net_revenue', 'orders', money) }} as net_revenue,
        {{ unless_missing('contact_cost', 'campaign_contacts', money) }} as contact_cost,
        cast(margin as decimal(18, 2)) as margin,
        points,
        month
    from {{ ref('strata', 'int_tier_months') }}
),

performance as (
    select
        tier_months.tier_code,
        labels.label_en,
        labels.label_zh,
        labels.tier_rank,
        tier_months.customers,
        tier_months.orders,
        tier_months.gross_revenue,
        tier_months.refunded,
        tier_months.net_revenue,
        cast(tier_months.net_revenue as {{ double }})
        / nullif(cast(sum(tier_months.net_revenue) over (partition by tier_months.month) as {{ double }}), 0)
            as revenue_share,
        tier_months.margin,
        tier_months.buyers,
        tier_months.prior_buyers,
        tier_months.repeat_buyers,
        cast(tier_months.repeat_buyers as {{ double }}) / nullif(tier_months.prior_buyers, 0)
            as repurchase_rate,
        tier_months.buyers_previous_12m,
        tier_months.retained_buyers,
        cast(tier_months.retained_buyers as {{ double }}) / nullif(tier_months.buyers_previous_12m, 0)
            as retention_rate,
        tier_months.contacts,
        tier_months.contact_cost,
        tier_months.contacted_customers,
        tier_months.elapsed_contacts,
        tier_months.converted_contacts,
        cast(tier_months.converted_contacts as {{ double }}) / nullif(tier_months.elapsed_contacts, 0)
            as conversion_rate,
        tier_months.responses,
        tier_months.points / nullif(tier_months.responses, 0) as satisfaction,
        months.is_complete,
        months.month
    from tier_months
    inner join labels on tier_months.tier_code = labels.tier_code
    inner join months on tier_months.month = months.month
)

select * from performance
