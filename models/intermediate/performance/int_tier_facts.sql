{%- set measures = {
    'orders': 'integer', 'gross_revenue': 'decimal(18, 2)', 'refunded': 'decimal(18, 2)',
    'net_revenue': 'decimal(18, 2)', 'margin': 'decimal(18, 2)', 'contacts': 'integer',
    'contact_cost': 'decimal(18, 4)', 'elapsed_contacts': 'integer', 'converted_contacts': 'integer',
    'responses': 'integer', 'points': type_double(),
} %}

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

tiers as (
    select
        customer_id,
        start_tier_code,
        is_prior_buyer,
        month
    from {{ ref('strata', 'int_tier_moves') }}
    where month is not null
),

-- A fact of one kind has nulls for the measures of the others. A refund is of the day of its sale.
facts as (
    select
        customer_id,
        {{ typed_columns(measures, {
            'orders': 'orders', 'gross_revenue': 'case when purchase_days = 1 then net_revenue end',
            'refunded': 'refunded', 'net_revenue': 'net_revenue', 'margin': 'margin',
        }) }},
        sale_date as fact_date
    from {{ ref('strata', 'int_customer_days') }}
    where sale_date is not null
    union all
    select
        contacts.customer_id,
        {{ typed_columns(measures, {'contacts': '1', 'contact_cost': 'campaigns.contact_cost'}) }},
        contacts.contact_date as fact_date
    from {{ ref('strata', 'int_campaign_contacts_checked') }} as contacts
    left join campaigns on contacts.campaign_id = campaigns.campaign_id
    where contacts.fate = 'used' and not coalesce(contacts.is_control, false)
    union all
    select
        customer_id,
        {{ typed_columns(measures, {
            'elapsed_contacts': '1', 'converted_contacts': 'case when is_converted then 1 else 0 end',
        }) }},
        contact_date as fact_date
    from {{ ref('strata', 'int_campaign_responses') }}
    where is_elapsed and not is_control
    union all
    select
        customer_id,
        {{ typed_columns(measures, {'responses': '1', 'points': 'points'}) }},
        feedback_date as fact_date
    from {{ ref('strata', 'int_feedback_checked') }}
    where points is not null
),

-- A late order, or a contact before the registration, is of a month in which the history does not know
-- the customer.
tier_facts as (
    select
        facts.*,
        coalesce(tiers.start_tier_code, 'none') as tier_code,
        coalesce(tiers.is_prior_buyer, false) as is_prior_buyer,
        tiers.customer_id is null as is_unknown,
        months.month
    from facts
    inner join months on {{ month_index('facts.fact_date') }} = months.month_index
    left join tiers
        on
            facts.customer_id = tiers.customer_id
            and months.month = tiers.month
)

select * from tier_facts
