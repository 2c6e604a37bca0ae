-- The bodies of the loops below are indented as they are read.
-- noqa: disable=LT02
-- The kinds of fact, and what is summed of each; another kind has null there.
{%- set money = 'decimal(18, 2)' %}
{%- set facts = {
    'sales': {
        'orders': 'integer', 'gross_revenue': money, 'refunded': money, 'net_revenue': money,
        'margin': money,
    },
    'contacts': {'contacts': 'integer', 'contact_cost': 'decimal(18, 4)'},
    'responses': {'elapsed_contacts': 'integer', 'converted_contacts': 'integer'},
    'answers': {'answers': 'integer', 'points': type_double()},
} %}

with

campaigns as (
    {{ seed_in_reporting_currency('campaigns', ['campaign_id', 'contact_cost']) }}
),

sales as (
    select
        customer_id,
        orders,
        case when purchase_days = 1 then net_revenue end as gross_revenue,
        refunded,
        net_revenue,
        margin,
        sale_date as fact_date
    from {{ ref('strata', 'int_customer_days') }}
    where sale_date is not null
),

contacts as (
    select
        contacts.customer_id,
        1 as contacts,
        campaigns.contact_cost,
        contacts.contact_date as fact_date
    from {{ ref('strata', 'int_campaign_contacts_checked') }} as contacts
    left join campaigns on contacts.campaign_id = campaigns.campaign_id
    where contacts.fate = 'used' and not coalesce(contacts.is_control, false)
),

responses as (
    select
        customer_id,
        1 as elapsed_contacts,
        case when is_converted then 1 else 0 end as converted_contacts,
        contact_date as fact_date
    from {{ ref('strata', 'int_campaign_responses') }}
    where is_elapsed and not is_control
),

answers as (
    select
        customer_id,
        1 as answers,
        points,
        feedback_date as fact_date
    from {{ ref('strata', 'int_feedback_points') }}
),

activities as (
    {%- for fact in facts %}
    select
        customer_id,
        {%- for kind, measures in facts.items() %}
        {%- for measure, data_type in measures.items() %}
        cast({{ measure if kind == fact else 'null' }} as {{ data_type }}) as {{ measure }},
        {%- endfor %}
        {%- endfor %}
        {{ month_index('fact_date') }} as month_index
    from {{ fact }}
        {{- '\n    union all' if not loop.last }}
    {%- endfor %}
)

select * from activities
