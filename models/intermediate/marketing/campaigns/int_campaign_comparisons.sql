with

campaign_groups as (
    select * from {{ ref('strata', 'int_campaign_groups') }}
),

policies as (
    {{ in_force_today(ref('effect_policies'), ['method', 'confidence_level', 'min_group_size']) }}
),

-- Both groups of a campaign and tier in one row; the rates of a group that is not there are null.
paired as (
    select
        campaign_id,
        tier_code,
        case when count(*) = 2 then 'newcombe' else 'descriptive' end as method,
        cast(sum(open_customers) as integer) as open_customers,
        cast(sum(case when is_control then 0 else contacts end) as integer) as contacts,
        cast(sum(case when not is_control then customers else 0 end) as integer) as contacted,
        cast(sum(case when not is_control then converted else 0 end) as integer) as contacted_converted,
        cast(sum(case when not is_control then open_customers else 0 end) as integer) as open_contacted,
        max(case when not is_control then rate end) as contacted_rate,
        max(case when not is_control then rate_lower end) as contacted_lower,
        max(case when not is_control then rate_upper end) as contacted_upper,
        max(case when not is_control then revenue_per_customer end) as contacted_revenue,
        cast(sum(case when is_control then customers else 0 end) as integer) as control,
        cast(sum(case when is_control then converted else 0 end) as integer) as control_converted,
        cast(sum(case when is_control then open_customers else 0 end) as integer) as open_control,
        max(case when is_control then rate end) as control_rate,
        max(case when is_control then rate_lower end) as control_lower,
        max(case when is_control then rate_upper end) as control_upper,
        max(case when is_control then revenue_per_customer end) as control_revenue
    from campaign_groups
    group by
        campaign_id,
        tier_code
),

-- Newcombe's interval of a difference: an end is as far away as the ends of both rates' own intervals
-- that lie that way, taken together as the legs of a right angle.
compared as (
    select
        *,
        contacted_rate - control_rate as difference,
        contacted_rate - control_rate
        - sqrt(power(contacted_rate - contacted_lower, 2) + power(control_upper - control_rate, 2))
            as difference_lower,
        contacted_rate - control_rate
        + sqrt(power(contacted_upper - contacted_rate, 2) + power(control_rate - control_lower, 2))
            as difference_upper,
        (contacted_rate - control_rate) * contacted as incremental_conversions,
        contacted_revenue - control_revenue as incremental_revenue_per_customer
    from paired
),

judged as (
    select
        compared.*,
        policies.confidence_level,
        policies.min_group_size,
        compared.method = 'newcombe'
        and compared.contacted >= policies.min_group_size
        and compared.control >= policies.min_group_size as is_sufficient
    from compared
    inner join policies on compared.method = policies.method
),

comparisons as (
    select
        *,
        is_sufficient and (difference_lower > 0 or difference_upper < 0) as is_significant
    from judged
)

select * from comparisons
