{%- set double = type_double() %}

with

comparisons as (
    select * from {{ ref('strata', 'int_campaign_comparisons') }}
),

campaigns as (
    {{ seed_in_reporting_currency('campaigns', [
        'campaign_id', 'campaign_name', 'action_code', 'contact_cost',
    ]) }}
),

labels as (
    select * from {{ ref('strata', 'int_tier_labels') }}
),

summaries as (
    select * from {{ ref('strata', 'int_campaign_summaries') }}
),

effects as (
    select
        comparisons.campaign_id,
        campaigns.campaign_name,
        campaigns.action_code,
        comparisons.tier_code,
        labels.label_en,
        labels.label_zh,
        comparisons.method,
        summaries.summary,
        labels.tier_rank,
        comparisons.contacted,
        comparisons.contacted_converted,
        comparisons.contacted_rate,
        comparisons.control,
        comparisons.control_converted,
        comparisons.control_rate,
        comparisons.difference,
        comparisons.difference_lower,
        comparisons.difference_upper,
        comparisons.confidence_level,
        comparisons.incremental_conversions,
        {{ to_decimal('comparisons.incremental_revenue_per_customer') }}
            as incremental_revenue_per_customer,
        cast(comparisons.contacts * campaigns.contact_cost as decimal(18, 2)) as contact_cost,
        {{ to_decimal(
            'cast(comparisons.contacts * campaigns.contact_cost as ' ~ double ~ ')'
            ~ ' / nullif(greatest(comparisons.incremental_conversions, 0), 0)'
        ) }} as cost_per_incremental_conversion,
        comparisons.open_customers,
        comparisons.is_sufficient,
        comparisons.is_significant,
        comparisons.open_customers = 0 as is_complete
    from comparisons
    inner join campaigns on comparisons.campaign_id = campaigns.campaign_id
    inner join labels on comparisons.tier_code = labels.tier_code
    inner join summaries
        on
            comparisons.campaign_id = summaries.campaign_id
            and comparisons.tier_code = summaries.tier_code
)

select * from effects
