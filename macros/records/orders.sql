{#- What a line, a refund or a credit has from its order. -#}

{#- CTEs `orders` and `erased_orders`, for join_orders: the orders that a child row may name, of credits what
    they are as such, for that also depends on the order that they name. -#}
{% macro orders_by_key(credits=false) -%}
    orders as (
        select
            order_id,
            order_key,
            customer_id,
            order_date,
            currency,
            exchange_rate,
            false as is_credit,
            exclusion,
            fate
        from {{ ref('strata', 'int_orders_checked') }}
        where not is_superseded and not is_credit
        {%- if credits %}
        union all
        select
            order_id,
            order_key,
            customer_id,
            credit_date as order_date,
            currency,
            null as exchange_rate,
            true as is_credit,
            coalesce(exclusion, 'not_a_sale') as exclusion,
            fate
        from {{ ref('strata', 'int_credits_checked') }}
        where not is_superseded
        {%- endif %}
    ),

    erased_orders as (
        select
            order_id,
            order_key,
            currency,
            exclusion,
            fate
        from {{ ref('strata', 'int_orders_checked') }}
        where exclusion = 'erased_customer' and not is_superseded
    )
{%- endmacro %}

{#- Joins of a child row to its order, as `orders` or `erased_orders`. -#}
{% macro join_orders(rows, order_column='order_id') -%}
    {%- set key = reference_key(rows ~ '.' ~ order_column) -%}
    left join orders on {{ key }} = orders.order_key
    left join erased_orders
        on case when orders.order_key is null then {{ salted_hash(key) }} end = erased_orders.order_key
{%- endmacro %}

{#- The order of a child row is unknown, or in the quarantine itself. -#}
{% macro order_is_missing() -%}
    {{ return("coalesce(orders.fate, erased_orders.fate, 'quarantined') = 'quarantined'") }}
{%- endmacro %}

{#- A child of an excluded order is excluded with its reason. -#}
{% macro order_exclusion(date_column, not_a_sale='false') -%}
    case
        when coalesce(orders.exclusion, erased_orders.exclusion) is not null
            then coalesce(orders.exclusion, erased_orders.exclusion)
        when {{ not_a_sale }} then 'not_a_sale'
        when {{ date_column }} > {{ as_of_date() }} then 'after_as_of_date'
    end
{%- endmacro %}

{#- What a line of an order comes to, in the currency of the order. -#}
{% macro item_amount(rows) -%}
    {{ as_money(
        '(' ~ at_price(rows ~ '.quantity', rows ~ '.unit_price', 2) ~ ' - coalesce(' ~ rows
        ~ '.discount_amount, 0))', decimals=8) }}
{%- endmacro %}
