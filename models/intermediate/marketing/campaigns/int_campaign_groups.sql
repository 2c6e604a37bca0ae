with

responses as (
    select * from {{ ref('strata', 'int_campaign_responses') }}
),

policies as (
    {{ in_force_today(ref('effect_policies'), ['method', 'z_score']) }}
),

groups_of_tiers as (
    select
        campaign_id,
        tier_code,
        sum(case when is_elapsed then 1 else 0 end) as customers,
        sum(case when is_elapsed and is_converted then 1 else 0 end) as converted,
        sum(case when is_elapsed then contacts else 0 end) as contacts,
        sum(case when is_elapsed then conversion_revenue else 0 end) as conversion_revenue,
        sum(case when is_elapsed then 0 else 1 end) as open_customers,
        is_control
    from responses
    group by
        campaign_id,
        tier_code,
        is_control
),

groups_with_total as (
    select * from groups_of_tiers
    union all
    select
        campaign_id,
        'all' as tier_code,
        sum(customers) as customers,
        sum(converted) as converted,
        sum(contacts) as contacts,
        sum(conversion_revenue) as conversion_revenue,
        sum(open_customers) as open_customers,
        is_control
    from groups_of_tiers
    group by
        campaign_id,
        is_control
),

measured as (
    select
        groups_with_total.*,
        cast(groups_with_total.converted as {{ type_double() }}) as successes,
        nullif(cast(groups_with_total.customers as {{ type_double() }}), 0) as trials,
        policies.z_score
    from groups_with_total
    cross join policies
    where policies.method = 'newcombe'
),

-- Wilson's score interval of a rate: its centre, and the distance of its ends.
intervals as (
    select
        *,
        successes / trials as rate,
        (successes + z_score * z_score / 2) / (trials + z_score * z_score) as centre,
        z_score / (trials + z_score * z_score)
        * sqrt(successes * (trials - successes) / trials + z_score * z_score / 4) as half_width
    from measured
),

bounded as (
    select
        campaign_id,
        tier_code,
        customers,
        converted,
        contacts,
        open_customers,
        cast(conversion_revenue as {{ type_double() }}) / trials as revenue_per_customer,
        rate,
        centre - half_width as rate_lower,
        centre + half_width as rate_upper,
        is_control
    from intervals
)

select * from bounded
