-- depends_on: {{ ref('strata', 'int_customers') }}
-- depends_on: {{ ref('strata', 'int_evaluation_scope') }}
{%- set history = stored_history() %}
{%- set text = dbt.type_string() %}

with
{% if history %}
customers as (
    select customer_id
    from {{ ref('strata', 'int_customers') }}
),

scope as (
    select * from {{ ref('strata', 'int_evaluation_scope') }}
),

stored_months as (
    select
        history.customer_id,
        history.market,
        history.computed_tier_code,
        history.pareto_class,
        history.value_rank,
        history.lifetime_orders,
        history.days_since_last_order,
        history.rfm_orders,
        history.rfm_revenue,
        history.net_revenue_12m,
        history.composite_score,
        scope.customer_id is not null or customers.customer_id is null as is_restated,
        history.evaluation_date
    from {{ history }} as history
    left join customers on history.customer_id = customers.customer_id
    left join scope
        on
            history.customer_id = scope.customer_id
            and history.evaluation_date >= scope.restated_from
    where not history.is_current
)
{% else %}
stored_months as (
    select
        cast(null as {{ text }}) as customer_id,
        cast(null as {{ text }}) as market,
        cast(null as {{ text }}) as computed_tier_code,
        cast(null as {{ text }}) as pareto_class,
        cast(null as integer) as value_rank,
        cast(null as integer) as lifetime_orders,
        cast(null as integer) as days_since_last_order,
        cast(null as integer) as rfm_orders,
        cast(null as decimal(18, 2)) as rfm_revenue,
        cast(null as decimal(18, 2)) as net_revenue_12m,
        cast(null as {{ type_double() }}) as composite_score,
        false as is_restated,
        cast(null as date) as evaluation_date
    where false
)
{% endif %}
select * from stored_months
