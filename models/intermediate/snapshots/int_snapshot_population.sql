-- The bodies of the loops below are indented as they are read.
-- noqa: disable=LT02
-- depends_on: {{ ref('strata', 'int_stored_customers') }}
-- depends_on: {{ ref('strata', 'int_evaluation_dates') }}
{%- set history = stored_history() %}
{%- set columns = [
    'customer_id', 'market', 'lifetime_orders', 'days_since_last_order', 'rfm_orders', 'rfm_revenue',
    'net_revenue_12m', 'composite_score', 'evaluation_date',
] %}

with

evaluations as (
    select
        {%- for column in columns %}
        {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('strata', 'int_customer_scores') }}
)
{%- if history %},

-- A new customer of a frozen month is compared with those whom the history has.
frozen_dates as (
    select evaluations.evaluation_date
    from evaluations
    inner join {{ ref('strata', 'int_evaluation_dates') }} as dates
        on evaluations.evaluation_date = dates.evaluation_date and dates.is_frozen
    group by evaluations.evaluation_date
),

stored as (
    select
        {%- for column in columns %}
        history.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ history }} as history
    inner join frozen_dates on history.evaluation_date = frozen_dates.evaluation_date
    inner join {{ ref('strata', 'int_stored_customers') }} as customers
        on history.customer_id = customers.customer_id
),

population as (
    select * from evaluations
    union all
    select * from stored
)

select * from population
{%- else %}

select * from evaluations
{%- endif %}
