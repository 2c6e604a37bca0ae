with

changes as (
    select * from {{ ref('strata', 'int_tier_changes') }}
),

counterfactuals as (
    select * from {{ ref('strata', 'int_tier_counterfactuals') }}
),

compared as (
    select
        changes.*,
        case
            when changes.previous_tier_rank is null then 'first'
            when changes.tier_rank > changes.previous_tier_rank then 'up'
            else 'down'
        end as direction,
        changes.computed_tier_rank <> changes.previous_computed_tier_rank as is_recomputed,
        counterfactuals.old_rules_tier_rank,
        counterfactuals.new_rules_tier_rank,
        counterfactuals.old_score_tier_rank,
        counterfactuals.no_refunds_tier_rank
    from changes
    left join counterfactuals
        on
            changes.customer_id = counterfactuals.customer_id
            and changes.evaluation_date = counterfactuals.evaluation_date
),

-- The first cause that applies. A counterfactual explains a change if it undoes it.
caused as (
    select
        customer_id,
        previous_tier_code as from_tier_code,
        tier_code as to_tier_code,
        direction,
        case
            when direction = 'first' then 'first_evaluation'
            when coalesce(override_id, '') <> coalesce(previous_override_id, '') then 'override'
            when
                is_recomputed
                and old_rules_tier_rank = previous_computed_tier_rank
                and new_rules_tier_rank <> old_rules_tier_rank
                then 'rule_change'
            when direction = 'down' and computed_tier_rank >= previous_computed_tier_rank
                then 'hold_expired'
            when
                is_recomputed
                and refunded > 0
                and no_refunds_tier_rank = previous_computed_tier_rank
                then 'refund'
            when direction = 'up' and new_orders > 0 then 'new_orders'
            when
                direction = 'down'
                and left_orders > 0
                and (
                    orders_12m < previous_orders_12m
                    or net_revenue_12m < previous_net_revenue_12m
                )
                then 'ageing'
            when is_recomputed and old_score_tier_rank = previous_computed_tier_rank
                then 'score_shift'
            else 'restated'
        end as cause,
        evaluation_date
    from compared
)

select * from caused
