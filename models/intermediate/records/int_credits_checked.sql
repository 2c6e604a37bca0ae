{{ config(materialized='table') }}  -- read by five models, and joined to all orders
{#- the reporting currency has no rate #}
{%- set converted_amount -%}
    case
        when not is_at_original_rate then reporting_amount
        when original_rate is null then amount
        else {{ converted('amount', 'original_rate') }}
    end
{%- endset %}
{#- the order that it takes back knows whose it is -#}
{%- set own_defects = 'case when matched.is_of_order then '
    ~ without_defect('matched.defects', 'missing_customer') ~ ' else matched.defects end' %}

with

credits as (
    select * from {{ ref('strata', 'int_orders_checked') }}
    where is_credit
),

{{ orders_by_key() }},

-- Of the order that a credit takes back, in its currency: at its rate, as a refund.
matched as (
    select
        credits.*,
        coalesce(credits.customer_id, orders.customer_id) as known_customer_id,
        coalesce(orders.order_id, erased_orders.order_id, credits.original_order_id) as known_order_id,
        orders.order_date as original_date,
        orders.exchange_rate as original_rate,
        coalesce(orders.fate = 'used' and orders.currency = credits.currency, false)
            as is_at_original_rate,
        credits.original_order_id is not null and not {{ order_is_missing() }} as is_of_order,
        credits.original_order_id is not null
        and ({{ order_is_missing() }} or orders.customer_id <> credits.customer_id) as is_orphan,
        {{ order_exclusion('credits.order_date') }} as original_exclusion
    from credits
    {{ join_orders('credits', 'original_order_id') }}
),

looked_up as (
    select
        matched.order_id,
        matched.order_key,
        matched.known_order_id as original_order_id,
        matched.known_customer_id as customer_id,
        matched.currency,
        matched.amount,
        {{ as_money(converted_amount) }} as reporting_amount,
        coalesce(matched.original_date, matched.order_date) as sale_date,
        matched.order_date as credit_date,
        matched.nulled_columns,
        matched.raw_row,
        matched.is_superseded,
        {{ name_list(
            {
                'orphan_row': 'matched.is_orphan',
                'invalid_number': converts_to_too_much('matched', converted_amount),
            },
            also='case when matched.is_at_original_rate then '
            ~ without_defect(own_defects, 'missing_exchange_rate') ~ ' else ' ~ own_defects ~ ' end',
        ) }} as all_defects,
        case
            when matched.original_exclusion = 'erased_customer' then matched.original_exclusion
            else coalesce(matched.exclusion, matched.original_exclusion)
        end as all_exclusion
    from matched
),

checked as (
    select
        order_id,
        order_key,
        {{ unless_erased('original_order_id', 'all_exclusion') }} as original_order_id,
        customer_id,
        currency,
        amount,
        reporting_amount,
        sale_date,
        credit_date,
        nulled_columns,
        {{ unless_erased('case when all_defects is not null then raw_row end', 'all_exclusion') }} as raw_row,
        is_superseded,
        all_defects as defects,
        all_exclusion as exclusion,
        {{ row_fate('all_defects', 'all_exclusion') }} as fate
    from looked_up
)

select * from checked
