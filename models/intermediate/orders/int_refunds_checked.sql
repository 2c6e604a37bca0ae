with

{{ rows_by_key('refunds', 'stg_crm__refunds', 'refund_id') }},

orders as (
    select
        order_id,
        customer_id,
        order_date,
        currency,
        exchange_rate,
        exclusion,
        fate
    from {{ ref('int_orders_checked') }}
    where not is_superseded
),

looked_up as (
    select
        refunds.*,
        orders.customer_id,
        orders.order_date,
        orders.currency,
        case
            when orders.currency = '{{ var("reporting_currency") }}' then refunds.amount
            else cast(refunds.amount * orders.exchange_rate as decimal(18, 2))
        end as reporting_amount,
        {{ name_list({
            'duplicate_key': 'refunds.is_superseded',
            'orphan_row': 'refunds.order_id is not null and ' ~ parent_is_missing('orders'),
        }, also='refunds.defects') }} as all_defects,
        {{ inherited_exclusion('orders', 'refunds.refund_date') }} as exclusion
    from refunds
    left join orders on refunds.order_id = orders.order_id
),

checked as (
    select
        refund_id,
        order_id,
        customer_id,
        currency,
        amount,
        reporting_amount,
        order_date,
        refund_date,
        nulled_columns,
        raw_row,
        all_defects as defects,
        exclusion,
        {{ row_fate('all_defects', 'exclusion') }} as fate
    from looked_up
)

select * from checked
