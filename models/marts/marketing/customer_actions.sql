with

next_actions as (
    select * from {{ ref('strata', 'int_next_actions') }}
),

actions as (
    select * from {{ ref('actions') }}
),

action_channels as (
    select * from {{ ref('strata', 'int_action_channels') }}
),

explanations as (
    select * from {{ ref('strata', 'int_action_explanations') }}
),

last_contacts as (
    select
        customer_id,
        max(last_contact_date) as last_contact_date
    from {{ ref('strata', 'int_contact_counts') }}
    group by customer_id
),

customer_actions as (
    select
        next_actions.customer_id,
        next_actions.market,
        next_actions.rule_id,
        next_actions.action_code,
        actions.purpose,
        action_channels.channel,
        action_channels.suppression_reason,
        actions.owner,
        actions.label_en,
        actions.label_zh,
        actions.objective,
        actions.incentive,
        next_actions.tier_code,
        next_actions.trigger_code,
        next_actions.milestone_id,
        explanations.explanation,
        next_actions.potential_12m,
        last_contacts.last_contact_date,
        next_actions.evaluation_date,
        explanations.explanation_zh
    from next_actions
    inner join actions on next_actions.action_code = actions.action_code
    inner join action_channels on next_actions.customer_id = action_channels.customer_id
    inner join explanations on next_actions.customer_id = explanations.customer_id
    left join last_contacts on next_actions.customer_id = last_contacts.customer_id
)

select * from customer_actions
