{#- What the words depend on, but for amounts and dates. -#}
{%- set kind = [
    'rule_id', 'action_code', 'tier_code', 'lifecycle_stage', 'behaviour_status', 'churn_risk', 'milestone_id',
    'trigger_code', 'channel', 'suppression_reason', 'has_potential',
] %}
{%- set places = {'amount': 'described.amount', 'date': 'described.contact_date'} %}

with

described as (
    select
        next_actions.customer_id,
        {{ each("coalesce(next_actions.{}, '') as {}", kind[:8]) }},
        {{ each("coalesce(action_channels.{}, '') as {}", kind[8:10]) }},
        next_actions.potential_12m is not null as has_potential,
        coalesce({{ money('next_actions.potential_12m') }}, '') as amount,
        coalesce(cast(action_channels.last_contact_date as {{ dbt.type_string() }}), '') as contact_date
    from {{ ref('strata', 'int_next_actions') }} as next_actions
    inner join {{ ref('strata', 'int_action_channels') }} as action_channels
        on next_actions.customer_id = action_channels.customer_id
),

-- Few kinds of many customers: words are put together once for each.
kinds as (
    select {{ each('{}', kind) }}
    from described
    group by {{ each('{}', kind) }}
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
        kinds.*,
        texts.*,
        {{ filled('texts.action_figures', {
            'stage': "case when texts.language = 'zh' then stages.label_zh else kinds.lifecycle_stage end",
            'status': "case when texts.language = 'zh' then statuses.label_zh else kinds.behaviour_status end",
            'tier': label_of('tiers'),
        }) }} as figures,
        {{ filled('texts.action_risk', {
            'risk': "case when texts.language = 'zh' then risks.label_zh else risks.risk_code end",
        }) }} as risk_told,
        case when kinds.has_potential then texts.action_potential end as potential_told,
        lower({{ label_of('triggers') }}) as trigger_label,
        {{ filled('texts.action_milestone', {'milestone': label_of('milestones')}) }} as milestone_told,
        case when texts.language = 'zh' then rules.sentence_zh else rules.sentence end as conditions,
        {{ label_of('actions') }} as action_label,
        lower({{ label_of('channels') }}) as channel_label,
        {{ label_of('suppression_reasons') }} as reason_label,
        case when kinds.suppression_reason = 'cooldown' then texts.reason_since end as reason_since_told
    from kinds
    inner join rules on kinds.rule_id = rules.rule_id
    inner join {{ ref('actions') }} as actions on kinds.action_code = actions.action_code
    inner join {{ ref('tiers') }} as tiers on kinds.tier_code = tiers.tier_code
    inner join {{ ref('triggers') }} as triggers on kinds.trigger_code = triggers.trigger_code
    left join {{ ref('lifecycle_stages') }} as stages on kinds.lifecycle_stage = stages.stage_code
    left join {{ ref('behaviour_statuses') }} as statuses on kinds.behaviour_status = statuses.status_code
    left join {{ ref('churn_risks') }} as risks on kinds.churn_risk = risks.risk_code
    left join {{ ref('milestones') }} as milestones on kinds.milestone_id = milestones.milestone_id
    left join {{ ref('channels') }} as channels on kinds.channel = channels.channel
    left join {{ ref('suppression_reasons') }} as suppression_reasons
        on kinds.suppression_reason = suppression_reasons.suppression_reason
    cross join texts
),

at_risk as (
    select
        parts.*,
        coalesce({{ filled('parts.risk_told', {'figures': 'parts.figures'}) }}, parts.figures) as figures_at_risk
    from parts
),

templates as (
    select
        at_risk.*,
        {{ filled('case when reason_label is null then action_by_channel else action_not_now end', {
            'figures': 'coalesce(' ~ filled('potential_told', {'figures': 'figures_at_risk'}) ~ ', figures_at_risk)',
            'happening': 'coalesce(' ~ filled('milestone_told', {'happening': 'trigger_label'}) ~ ', trigger_label)',
            'rule': 'rule_id',
            'action': 'action_label',
            'channel': "coalesce(channel_label, '')",
            'reason': 'coalesce(' ~ filled('reason_since_told', {'reason': 'reason_label'}) ~ ", reason_label, '')",
        }) }} as template
    from at_risk
),

explanations as (
    select
        described.customer_id,
        {{ filled(filled('in_english.template', places), {'conditions': 'in_english.conditions'}) }}
            as explanation,
        {{ filled(filled('in_chinese.template', places), {'conditions': 'in_chinese.conditions'}) }}
            as explanation_zh
    from described
    inner join templates as in_english
        on in_english.language = 'en' and {{ each('described.{} = in_english.{}', kind, ' and') }}
    inner join templates as in_chinese
        on in_chinese.language = 'zh' and {{ each('described.{} = in_chinese.{}', kind, ' and') }}
)

select * from explanations
