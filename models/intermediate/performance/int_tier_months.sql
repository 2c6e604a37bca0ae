{%- set money = ['gross_revenue', 'refunded', 'net_revenue', 'margin'] %}
{%- set others = ['orders', 'contacts', 'elapsed_contacts', 'converted_contacts', 'responses', 'points'] %}

with

tiers as (
    select
        coalesce(start_tier_code, 'none') as tier_code,
        is_prior_buyer,
        is_previous_12m_buyer,
        is_retained_buyer,
        month
    from {{ ref('strata', 'int_tier_moves') }}
    where month is not null
),

tier_facts as (
    select * from {{ ref('strata', 'int_tier_facts') }}
),

sums as (
    select
        tier_code,
        {{ each('sum({}) as {}', others) }},
        {{ each('cast(sum({}) as decimal(18, 2)) as {}', money) }},
        cast(sum(contact_cost) as decimal(18, 4)) as contact_cost,
        month
    from tier_facts
    group by
        month,
        tier_code
),

-- Most months bring nothing: a customer counts by the tier, and by what they did apart.
people as (
    select
        tier_code,
        1 as customers,
        0 as buyers,
        case when is_prior_buyer then 1 else 0 end as prior_buyers,
        0 as repeat_buyers,
        case when is_previous_12m_buyer then 1 else 0 end as buyers_previous_12m,
        case when is_retained_buyer then 1 else 0 end as retained_buyers,
        0 as contacted_customers,
        month
    from tiers
    union all
    select
        tier_code,
        case when is_unknown then 1 else 0 end as customers,
        max(case when orders > 0 then 1 else 0 end) as buyers,
        0 as prior_buyers,
        max(case when orders > 0 and is_prior_buyer then 1 else 0 end) as repeat_buyers,
        0 as buyers_previous_12m,
        0 as retained_buyers,
        max(case when contacts > 0 then 1 else 0 end) as contacted_customers,
        month
    from tier_facts
    group by
        customer_id,
        tier_code,
        is_unknown,
        month
),

counts as (
    select
        tier_code,
        {{ each('sum({}) as {}', [
            'customers', 'buyers', 'prior_buyers', 'repeat_buyers', 'buyers_previous_12m', 'retained_buyers',
            'contacted_customers',
        ]) }},
        month
    from people
    group by
        month,
        tier_code
),

tier_months as (
    select
        counts.*,
        {{ each('sums.{}', others + money + ['contact_cost']) }}
    from counts
    left join sums
        on
            counts.month = sums.month
            and counts.tier_code = sums.tier_code
)

select * from tier_months
