{#- On every evaluation date each customer has one row at most, with a known tier, status, stage,
    segment and Pareto class; on those of this run each customer who had started has one, and nobody
    else, the value ranks run from 1 without a gap, a churn risk is there where it can be, and a cluster
    where there is an order and the market has clusters. (Catalogues may change: stored rows stay as they were.) One scan says all of it: the history is the largest
    table. -#}
{% test one_tier_per_customer_and_date(model, customers, tiers) %}
{%- set codes = {
    'behaviour_status': [ref('behaviour_statuses'), 'status_code'],
    'lifecycle_stage': [ref('lifecycle_stages'), 'stage_code'],
    'rfm_segment': [ref('rfm_segment_labels'), 'segment_code'],
    'pareto_class': [ref('pareto_classes'), 'class_code'],
    'churn_risk': [ref('churn_risks'), 'risk_code'],
} %}

with
{% for column, catalogue in codes.items() %}
-- grouped, for a code may be in force several times
{{ column }}_codes as (
    select
        {{ catalogue[1] }} as {{ column }}
        {{- ', max(case when can_churn then 1 else 0 end) = 1 as can_churn' if column == 'behaviour_status' }}
    from {{ catalogue[0] }}
    group by {{ catalogue[1] }}
),
{% endfor %}
dates as (
    select
        history.evaluation_date,
        count(*) as history_rows,
        count(distinct history.customer_id) as history_customers,
        min(history.value_rank) as first_value_rank,
        max(history.value_rank) as last_value_rank,
        sum(case when tiers.tier_code is null then 1 else 0 end) as unknown_tiers
        {%- for column in codes if column != 'churn_risk' %},
        sum(case when {{ column }}_codes.{{ column }} is null then 1 else 0 end)
            as unknown_{{ column }}
        {%- endfor %},
        sum(
            case
                when history.churn_risk is not null and churn_risk_codes.churn_risk is null then 1
                else 0
            end
        ) as unknown_churn_risk,
        sum(
            case
                when
                    (history.churn_risk is not null)
                    <> (history.lifetime_orders > 0 and behaviour_status_codes.can_churn)
                    then 1
                else 0
            end
        ) as misplaced_churn_risks,
        sum(
            case
                when
                    (history.rfm_cluster is not null)
                    <> (history.lifetime_orders > 0 and clusters.market is not null)
                    then 1
                else 0
            end
        ) as misplaced_rfm_clusters
    from {{ model }} as history
    left join {{ tiers }} as tiers on history.tier_code = tiers.tier_code
    left join {{ ref('strata', 'int_rfm_clusters') }} as clusters
        on
            history.evaluation_date = clusters.evaluation_date
            and history.market = clusters.market
    {%- for column in codes %}
    left join {{ column }}_codes on history.{{ column }} = {{ column }}_codes.{{ column }}
    {%- endfor %}
    group by history.evaluation_date
),

expected as (
    select
        dates.evaluation_date,
        count(*) as started_customers
    from dates
    inner join {{ ref('strata', 'int_evaluation_dates') }} as run_dates
        on dates.evaluation_date = run_dates.evaluation_date and not run_dates.is_stored
    inner join {{ customers }} as customers
        on dates.evaluation_date >= customers.start_date
    group by dates.evaluation_date
)

select
    dates.*,
    expected.started_customers
from dates
left join expected on dates.evaluation_date = expected.evaluation_date
where
    dates.history_customers <> dates.history_rows
    or dates.unknown_tiers > 0
    {%- for column in codes %}
    or dates.unknown_{{ column }} > 0
    {%- endfor %}
    or (
        expected.evaluation_date is not null
        and (
            dates.history_rows <> expected.started_customers
            or dates.first_value_rank <> 1
            or dates.last_value_rank > dates.history_rows
            or dates.misplaced_churn_risks > 0
            or dates.misplaced_rfm_clusters > 0
        )
    )

{% endtest %}
