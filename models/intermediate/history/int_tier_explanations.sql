with

history as (
    select * from {{ ref('strata', 'customer_tier_history') }}
    where is_current
),

rules as (
    select
        rule_id,
        min(sentence) as sentence,
        min(sentence_zh) as sentence_zh
    from {{ ref('strata', 'int_rules_in_force') }}
    where decision_table = 'tier_rules'
    group by rule_id
),

tiers as (
    select
        tier_code,
        label_en,
        label_zh
    from {{ ref('tiers') }}
),

overrides as (
    select
        override_id,
        mode,
        tier_code,
        coalesce(reason, '') as reason,
        coalesce(approved_by, '') as approved_by
    from {{ ref('tier_overrides') }}
),

next_tiers as (
    select * from {{ ref('strata', 'int_next_tiers') }}
),

texts as (
    {{ explanation_texts([
        'count_of_one', 'count_of_many', 'tier_figures', 'tier_score', 'tier_by_rule', 'tier_other_rule', 'tier_held',
        'tier_override', 'next_none', 'next_overridden', 'next_blocked', 'next_takes', 'next_count_of_one',
        'next_count_of_many', 'tier_explanation',
    ]) | indent(4) }}
),

parts as (
    select
        history.customer_id,
        texts.language,
        texts.tier_explanation,
        {{ filled('texts.tier_figures', {
            'revenue': money('history.net_revenue_12m'),
            'orders': filled(
                'case when history.orders_12m = 1 then texts.count_of_one else texts.count_of_many end',
                {'count': text_of('history.orders_12m')}
            ),
            'tier': label_of('tiers'),
        }) }} as figures,
        {{ filled('texts.tier_score', {'score': rounded('history.composite_score')}) }} as score_told,
        {{ filled('case when history.computed_tier_code = history.tier_code then texts.tier_by_rule'
            ~ ' else texts.tier_other_rule end', {
            'computed_tier': label_of('computed_tiers'),
            'rule': 'history.rule_id',
            'conditions': "case when texts.language = 'zh' then rules.sentence_zh else rules.sentence end",
        }) }} as rule_told,
        case history.tier_basis
            when 'held' then texts.tier_held
            when 'override'
                then {{ filled('texts.tier_override', {
                    'override': 'overrides.override_id',
                    'mode': 'overrides.mode',
                    'override_tier': label_of('override_tiers'),
                    'approver': 'overrides.approved_by',
                    'reason': 'overrides.reason',
                }) }}
        end as basis,
        {{ filled("case when next_tiers.next_tier_code is null then texts.next_none"
            ~ " when next_tiers.next_tier_blocker = 'override' then texts.next_overridden"
            ~ ' when next_tiers.next_tier_blocker is not null then texts.next_blocked else texts.next_takes end', {
            'revenue': 'coalesce(' ~ money('next_tiers.revenue_to_next_tier') ~ ", '')",
            'orders': filled(
                'case when next_tiers.orders_to_next_tier = 1 then texts.next_count_of_one'
                ~ ' else texts.next_count_of_many end',
                {'count': 'coalesce(' ~ text_of('next_tiers.orders_to_next_tier') ~ ", '')"}
            ),
            'blocker': "coalesce(next_tiers.next_tier_blocker, '')",
            'next_tier': 'coalesce(' ~ label_of('above_tiers') ~ ", '')",
        }) }} as next_step
    from history
    inner join tiers on history.tier_code = tiers.tier_code
    inner join tiers as computed_tiers on history.computed_tier_code = computed_tiers.tier_code
    inner join rules on history.rule_id = rules.rule_id
    left join overrides on history.override_id = overrides.override_id
    left join tiers as override_tiers on overrides.tier_code = override_tiers.tier_code
    left join next_tiers on history.customer_id = next_tiers.customer_id
    left join tiers as above_tiers on next_tiers.next_tier_code = above_tiers.tier_code
    cross join texts
),

explanations as (
    select
        customer_id,
        language,
        {{ filled('tier_explanation', {
            'figures': 'coalesce(' ~ filled('score_told', {'figures': 'figures'}) ~ ', figures)',
            'next': 'next_step',
            'basis': 'coalesce(' ~ filled('basis', {'basis': 'rule_told'}) ~ ', rule_told)',
        }) }} as explanation
    from parts
)

select * from explanations
