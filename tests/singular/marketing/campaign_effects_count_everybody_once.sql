-- Each person whom a listed campaign contacted or held back is in one tier of it, elapsed or open, and
-- once in its total.

with

persons as (
    select
        contacts.campaign_id,
        contacts.customer_id
    from {{ ref('strata', 'int_campaign_contacts_checked') }} as contacts
    inner join {{ ref('campaigns') }} as campaigns on contacts.campaign_id = campaigns.campaign_id
    where contacts.fate = 'used'
    group by
        contacts.campaign_id,
        contacts.customer_id
),

needed as (
    select
        campaign_id,
        count(*) as persons
    from persons
    group by campaign_id
),

told as (
    select
        campaign_id,
        sum(case when tier_code = 'all' then contacted + control + open_customers else 0 end) as in_total,
        sum(case when tier_code = 'all' then 0 else contacted + control + open_customers end) as in_tiers
    from {{ ref('strata', 'campaign_effects') }}
    group by campaign_id
),

compared as (
    select
        coalesce(needed.campaign_id, told.campaign_id) as campaign_id,
        coalesce(needed.persons, 0) as persons,
        coalesce(told.in_total, 0) as in_total,
        coalesce(told.in_tiers, 0) as in_tiers
    from needed
    full join told on needed.campaign_id = told.campaign_id
)

select * from compared
where
    persons <> in_total
    or persons <> in_tiers
