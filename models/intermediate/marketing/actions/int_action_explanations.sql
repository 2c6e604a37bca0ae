{%- set text = dbt.type_string() %}

with

next_actions as (
    select * from {{ ref('strata', 'int_next_actions') }}
),

rules as (
    select
        rule_id,
        min(sentence) as sentence,
        min(sentence_zh) as sentence_zh
    from {{ ref('strata', 'int_marketing_rules_in_force') }}
    where decision_table = 'action_rules'
    group by rule_id
),

texts as (
    {{ explanation_texts([
        'action_figures', 'action_risk', 'action_potential', 'action_milestone', 'action_by_channel', 'action_not_now',
        'reason_since',
    ]) | indent(4) }}
),

-- Codes in English, as in the marts; their labels in Chinese.
parts as (
    select
        next_actions.customer_id,
        next_actions.rule_id,
        texts.language,
        texts.action_by_channel,
        texts.action_not_now,
        {{ filled('texts.action_figures', {
            'stage': "case when texts.language = 'zh' then stages.label_zh else next_actions.lifecycle_stage end",
            'status': "case when texts.language = 'zh' then statuses.label_zh else next_actions.behaviour_status end",
            'tier': label_of('tiers'),
        }) }} as figures,
        {{ filled('texts.action_risk', {
            'risk': "case when texts.language = 'zh' then risks.label_zh else next_actions.churn_risk end",
        }) }} as risk_told,
        {{ filled('texts.action_potential', {'amount': money('next_actions.potential_12m')}) }} as potential_told,
        lower({{ label_of('triggers') }}) as trigger_label,
        {{ filled('texts.action_milestone', {'milestone': label_of('milestones')}) }} as milestone_told,
        case when texts.language = 'zh' then rules.sentence_zh else rules.sentence end as conditions,
        {{ label_of('actions') }} as action_label,
        lower({{ label_of('channels') }}) as channel_label,
        {{ label_of('suppression_reasons') }} as reason_label,
        case
            when action_channels.suppression_reason = 'cooldown'
                then {{ filled('texts.reason_since', {
                    'date': 'cast(action_channels.last_contact_date as ' ~ text ~ ')',
                    'reason': label_of('suppression_reasons'),
                }) }}
        end as reason_since_told
    from next_actions
    inner join {{ ref('strata', 'int_action_channels') }} as action_channels
        on next_actions.customer_id = action_channels.customer_id
    inner join rules on next_actions.rule_id = rules.rule_id
    inner join {{ ref('actions') }} as actions
        on next_actions.action_code = actions.action_code
    inner join {{ ref('tiers') }} as tiers on next_actions.tier_code = tiers.tier_code
    inner join {{ ref('triggers') }} as triggers
        on next_actions.trigger_code = triggers.trigger_code
    left join {{ ref('lifecycle_stages') }} as stages on next_actions.lifecycle_stage = stages.stage_code
    left join {{ ref('behaviour_statuses') }} as statuses on next_actions.behaviour_status = statuses.status_code
    left join {{ ref('churn_risks') }} as risks on next_actions.churn_risk = risks.risk_code
    left join {{ ref('milestones') }} as milestones
        on next_actions.milestone_id = milestones.milestone_id
    left join {{ ref('channels') }} as channels on action_channels.channel = channels.channel
    left join {{ ref('suppression_reasons') }} as suppression_reasons
        on action_channels.suppression_reason = suppression_reasons.suppression_reason
    cross join texts
),

at_risk as (
    select
        parts.*,
        coalesce({{ filled('parts.risk_told', {'figures': 'parts.figures'}) }}, parts.figures) as figures_at_risk
    from parts
),

explanations as (
    select
        customer_id,
        language,
        {{ filled('case when reason_label is null then action_by_channel else action_not_now end', {
            'figures': 'coalesce(' ~ filled('potential_told', {'figures': 'figures_at_risk'}) ~ ', figures_at_risk)',
            'happening': 'coalesce(' ~ filled('milestone_told', {'happening': 'trigger_label'}) ~ ', trigger_label)',
            'rule': 'rule_id',
            'action': 'action_label',
            'channel': "coalesce(channel_label, '')",
            'reason': "coalesce(reason_since_told, reason_label, '')",
            'conditions': 'conditions',
        }) }} as explanation
    from at_risk
)

select * from explanations
