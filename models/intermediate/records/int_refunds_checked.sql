{{ config(materialized='table') }}  -- read by several; of erased persons' rows it has no names
{%- set raw = raw_columns('refunds') %}
{#- the reporting currency has no rate #}
{%- set converted_amount -%}
    case
        when orders.currency = '{{ var("reporting_currency") }}' then refunds.amount
        else {{ converted('refunds.amount', 'orders.exchange_rate') }}
    end
{%- endset %}

with

{{ rows_by_key('refunds', raw, 'refunds', 'refund_id') }},

{{ orders_by_key() }},

looked_up as (
    select
        refunds.*,
        coalesce(orders.order_id, erased_orders.order_id, refunds.order_id) as known_order_id,
        orders.customer_id,
        orders.order_date,
        coalesce(orders.currency, erased_orders.currency) as currency,
        {{ as_money(converted_amount) }} as reporting_amount,
        {{ name_list({
            'duplicate_key': 'refunds.is_superseded',
            'orphan_row': 'refunds.order_id is not null and ' ~ order_is_missing(),
            'invalid_number': converts_to_too_much('refunds', converted_amount),
        }, also='refunds.defects') }} as all_defects,
        {{ order_exclusion('refunds.refund_date') }} as exclusion
    from refunds
    {{ join_orders('refunds') }}
),

checked as (
    select
        {{ unless_erased('refund_id') }} as refund_id,
        known_order_id as order_id,
        customer_id,
        currency,
        amount,
        reporting_amount,
        order_date,
        refund_date,
        nulled_columns,
        {{ unless_erased('case when all_defects is not null then ' ~ raw_row(raw) ~ ' end') }} as raw_row,
        all_defects as defects,
        exclusion,
        {{ row_fate('all_defects', 'exclusion') }} as fate
    from looked_up
)

select * from checked
