with

contacts as (
    select
        campaign_id,
        channel
    from {{ ref('strata', 'int_campaign_contacts_checked') }}
    where fate = 'used'
),

consents as (
    select channel
    from {{ ref('strata', 'int_consents_checked') }}
    where fate = 'used'
),

products as (
    select category
    from {{ ref('strata', 'int_products_checked') }}
    where fate = 'used'
),

customers as (
    select keys.customer_key
    from {{ ref('strata', 'int_customer_keys') }} as keys
    inner join {{ ref('strata', 'int_customers') }} as customers
        on keys.customer_id = customers.customer_id
    where keys.source_system = ''
),

records as (
    select record_id
    from {{ ref('strata', 'int_customers_unified') }}
    where fate <> 'erased_customer'
),

overrides as (
    select {{ identifier('seed.customer_id') }} as identifier
    from {{ ref('tier_overrides') }} as seed
),

unmatched as (
    select
        'campaign_contacts' as source_table,
        'unmatched_value' as check_type,
        'campaign_id' as check_name
    from contacts
    left join {{ ref('campaigns') }} as campaigns on contacts.campaign_id = campaigns.campaign_id
    where contacts.campaign_id is not null and campaigns.campaign_id is null
    union all
    select
        'campaign_contacts' as source_table,
        'unmatched_value' as check_type,
        'channel' as check_name
    from contacts
    left join {{ ref('channels') }} as channels on contacts.channel = channels.channel
    where contacts.channel is not null and channels.channel is null
    union all
    select
        'consents' as source_table,
        'unmatched_value' as check_type,
        'channel' as check_name
    from consents
    left join {{ ref('channels') }} as channels on consents.channel = channels.channel
    where channels.channel is null
    union all
    select
        'products' as source_table,
        'unmatched_value' as check_type,
        'category' as check_name
    from products
    left join {{ ref('product_categories') }} as categories on products.category = categories.category
    where products.category is not null and categories.category is null
    union all
    select
        'customers' as source_table,
        'unmatched_override' as check_type,
        'customer_id of tier_overrides' as check_name
    from overrides
    left join customers on {{ reference_key('overrides.identifier') }} = customers.customer_key
    where customers.customer_key is null
    union all
    select
        'customers' as source_table,
        'unmatched_merge' as check_type,
        'from_customer_id of customer_merges' as check_name
    from {{ ref('customer_merges') }} as decisions
    left join records on decisions.from_customer_id = records.record_id
    where records.record_id is null
    union all
    select
        'customers' as source_table,
        'unmatched_merge' as check_type,
        'into_customer_id of customer_merges' as check_name
    from {{ ref('customer_merges') }} as decisions
    left join records on decisions.into_customer_id = records.record_id
    where records.record_id is null
),

unmatched_values as (
    select
        source_table,
        check_type,
        check_name,
        count(*) as rows_found
    from unmatched
    group by
        source_table,
        check_type,
        check_name
)

select * from unmatched_values
