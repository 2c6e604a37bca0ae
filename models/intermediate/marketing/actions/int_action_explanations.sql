{%- set text = dbt.type_string() %}

with

next_actions as (
    select * from {{ ref('strata', 'int_next_actions') }}
),

rules as (
    select
        rule_id,
        min(sentence) as sentence
    from {{ ref('strata', 'int_marketing_rules_in_force') }}
    where decision_table = 'action_rules'
    group by rule_id
),

parts as (
    select
        next_actions.customer_id,
        tiers.label_en || ', stage ' || next_actions.lifecycle_stage
        || ', status ' || next_actions.behaviour_status
        || coalesce(', churn risk ' || next_actions.churn_risk, '')
        || coalesce(
            ', {{ var("reporting_currency") }} ' || cast(next_actions.potential_12m as {{ text }})
            || ' expected in 12 months', ''
        ) as figures,
        lower(triggers.label_en) || coalesce(' (' || milestones.label_en || ')', '') as happening,
        'rule ' || next_actions.rule_id || ', ' || rules.sentence || ', asks for: '
        || actions.label_en as basis,
        case
            when action_channels.suppression_reason is null
                then ', by ' || lower(channels.label_en) || '.'
            else
                '; not now, ' || suppression_reasons.label_en
                || case
                    when action_channels.suppression_reason = 'cooldown'
                        then ', on ' || cast(action_channels.last_contact_date as {{ text }})
                    else ''
                end
                || '.'
        end as outcome
    from next_actions
    inner join {{ ref('strata', 'int_action_channels') }} as action_channels
        on next_actions.customer_id = action_channels.customer_id
    inner join rules on next_actions.rule_id = rules.rule_id
    inner join {{ ref('actions') }} as actions
        on next_actions.action_code = actions.action_code
    inner join {{ ref('tiers') }} as tiers on next_actions.tier_code = tiers.tier_code
    inner join {{ ref('triggers') }} as triggers
        on next_actions.trigger_code = triggers.trigger_code
    left join {{ ref('milestones') }} as milestones
        on next_actions.milestone_id = milestones.milestone_id
    left join {{ ref('channels') }} as channels on action_channels.channel = channels.channel
    left join {{ ref('suppression_reasons') }} as suppression_reasons
        on action_channels.suppression_reason = suppression_reasons.suppression_reason
),

explanations as (
    select
        customer_id,
        figures || '; ' || happening || ': ' || basis || outcome as explanation
    from parts
)

select * from explanations
