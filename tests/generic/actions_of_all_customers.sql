{#- Each customer has an action, and a channel is missing exactly where there is a reason. -#}
{% test actions_of_all_customers(model, customers) %}

select
    customers.customer_id,
    actions.action_code,
    actions.channel,
    actions.suppression_reason
from {{ customers }} as customers
left join {{ model }} as actions on customers.customer_id = actions.customer_id
where
    actions.customer_id is null
    or (actions.channel is null) <> (actions.suppression_reason is not null)

{% endtest %}
