{%- set text = dbt.type_string() %}

with

-- The ends of the interval as sizes, for an interval that excludes 0; and whether the campaign held
-- anybody back, of whatever tier.
comparisons as (
    select
        *,
        least(abs(difference_lower), abs(difference_upper)) as smaller_change,
        greatest(abs(difference_lower), abs(difference_upper)) as larger_change,
        sum(control + open_control) over (partition by campaign_id) > 0 as has_control
    from {{ ref('strata', 'int_campaign_comparisons') }}
),

campaigns as (
    select
        campaign_id,
        campaign_name,
        cast(conversion_days as {{ text }}) as conversion_days
    from {{ ref('campaigns') }}
),

labels as (
    select
        tier_code,
        label_en
    from {{ ref('strata', 'int_tier_labels') }}
),

parts as (
    select
        comparisons.campaign_id,
        comparisons.tier_code,
        coalesce(campaigns.campaign_name, campaigns.campaign_id) || ', ' || labels.label_en || ': '
            as subject,
        case
            when comparisons.contacted > 0
                then
                    {{ percent('comparisons.contacted_rate') }} || ' of '
                    || {{ counted('comparisons.contacted', 'contacted customer') }} || ' bought within '
                    || campaigns.conversion_days || ' days'
                    || coalesce(
                        ', against ' || {{ percent('comparisons.control_rate') }} || ' of '
                        || cast(comparisons.control as {{ text }}) || ' in the control group', ''
                    )
            when comparisons.open_contacted > 0 and comparisons.control > 0
                then
                    'the ' || campaigns.conversion_days || ' days of the contacted are not over yet; '
                    || {{ percent('comparisons.control_rate') }} || ' of '
                    || cast(comparisons.control as {{ text }}) || ' in the control group bought within theirs'
            when comparisons.open_contacted > 0
                then 'nobody''s ' || campaigns.conversion_days || ' days are over yet'
            when comparisons.control > 0
                then
                    'everybody is in the control group: ' || {{ percent('comparisons.control_rate') }}
                    || ' of ' || {{ counted('comparisons.control', 'customer') }} || ' bought within '
                    || campaigns.conversion_days || ' days'
            else
                'everybody is in the control group, and nobody''s ' || campaigns.conversion_days
                || ' days are over yet'
        end as result,
        case
            when comparisons.contacted = 0 then '.'
            when not comparisons.has_control
                then '. There was no control group, so what the contact changed is unknown.'
            when comparisons.method = 'descriptive'
                then
                    '. Nobody of this tier is in the control group, so what the contact changed is unknown.'
            when comparisons.control = 0 then '. The days of the control group are not over yet.'
            when not comparisons.is_sufficient
                then
                    '. Too few to tell: each group needs '
                    || cast(comparisons.min_group_size as {{ text }}) || ' customers.'
            when not comparisons.is_significant then '. The difference may be chance.'
            else
                case when comparisons.difference > 0 then '. The contact raised' else '. The contact lowered' end
                || ' the share, by ' || {{ rounded('100 * abs(comparisons.difference)') }}
                || ' percentage points (likely between '
                || {{ rounded('100 * comparisons.smaller_change') }} || ' and '
                || {{ rounded('100 * comparisons.larger_change') }}
                || ').'
        end as verdict,
        case
            when comparisons.open_customers > 0
                then ' Still open: ' || cast(comparisons.open_customers as {{ text }}) || '.'
            else ''
        end as outlook
    from comparisons
    inner join campaigns on comparisons.campaign_id = campaigns.campaign_id
    inner join labels on comparisons.tier_code = labels.tier_code
),

summaries as (
    select
        campaign_id,
        tier_code,
        subject || result || verdict || outlook as summary
    from parts
)

select * from summaries
