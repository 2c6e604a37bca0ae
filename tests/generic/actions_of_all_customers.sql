{#- Each customer has an action, nobody else has one, and a channel is missing exactly where there is
    a reason. -#}
{% test actions_of_all_customers(model, customers) %}

select
    customers.customer_id as tiered_customer_id,
    actions.customer_id,
    actions.channel,
    actions.suppression_reason
from {{ customers }} as customers
full outer join {{ model }} as actions on customers.customer_id = actions.customer_id
where
    customers.customer_id is null
    or actions.customer_id is null
    or (actions.channel is null) <> (actions.suppression_reason is not null)

{% endtest %}
