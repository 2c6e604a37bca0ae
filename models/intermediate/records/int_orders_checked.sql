{{ config(materialized='table') }}  -- the largest input, and the parent of items and refunds
{%- set raw = raw_columns('orders') %}
{%- set defects -%}
    case
        when guests.fate is not null then {{ without_defect('orders.defects', 'missing_customer') }}
        else orders.defects
    end
{%- endset %}
{%- set is_credit = "(orders.amount < 0 and order_statuses.negative_is = 'credit')" %}

with

{{ rows_by_key('orders', raw, 'orders', 'order_id') }},

-- The reporting currency has no rate.
orders_at_rates as (
    select
        orders.*,
        exchange_rates.rate as exchange_rate,
        case
            when orders.currency = '{{ var("reporting_currency") }}' then orders.amount
            else {{ converted('orders.amount', 'exchange_rates.rate') }}
        end as converted_amount
    from orders
    left join {{ ref('strata', 'int_exchange_rates') }} as exchange_rates
        on
            orders.currency = exchange_rates.currency
            and orders.order_date >= exchange_rates.valid_from
            and orders.order_date < exchange_rates.valid_to
),

looked_up as (
    select
        orders.*,
        {{ record_customer(guests=true) }} as unified_customer_id,
        {{ possible_records(guests=true) }} as possible_records,
        {{ as_money('orders.converted_amount') }} as reporting_amount,
        {{ name_list(dict(
            customer_defects('orders', guests=true),
            duplicate_key='orders.is_superseded',
            unknown_status='orders.status is not null and order_statuses.status is null',
            unknown_currency='orders.currency is not null and currencies.currency is null',
            missing_exchange_rate="orders.currency <> '" ~ var('reporting_currency')
            ~ "' and currencies.currency is not null and orders.order_date is not null"
            ~ " and orders.exchange_rate is null",
            invalid_number=converts_to_too_much('orders', 'orders.converted_amount'),
        ), also='case when ' ~ is_credit ~ ' then ' ~ without_defect(defects, 'negative_amount')
        ~ ' else ' ~ defects ~ ' end') }} as all_defects,
        {{ exclusion('orders.order_date', not_a_sale='(not order_statuses.is_sale and not coalesce('
        ~ is_credit ~ ", false)) or (orders.amount = 0 and order_statuses.free_is = 'not_a_sale')"
        ~ ' or case when ' ~ is_credit
        ~ ' then prepayments.is_whole_credit else prepayments.is_whole_order end', guests=true) }} as exclusion,
        coalesce({{ is_credit }}, false) as is_credit,
        prepayments.prepaid_amount
    from orders_at_rates as orders
    left join {{ ref('order_statuses') }} as order_statuses on orders.status = order_statuses.status
    left join {{ ref('currencies') }} as currencies on orders.currency = currencies.currency
    left join {{ ref('strata', 'int_order_prepayments') }} as prepayments
        on {{ reference_key('orders.order_id') }} = prepayments.order_key
    {{ join_customer_records('orders') }}
    {{ join_guests('orders') }}
),

checked as (
    select
        -- of an erased person only hashes stay, by which the children of the order are found
        case
            when exclusion = 'erased_customer' then {{ salted_hash('order_id') }}
            else order_id
        end as order_id,
        case
            when exclusion = 'erased_customer' then {{ salted_hash(only_key('order_id')) }}
            else {{ only_key('order_id') }}
        end as order_key,
        unified_customer_id as customer_id,
        case when is_credit and coalesce(exclusion, '') <> 'erased_customer' then original_order_id end
            as original_order_id,
        channel,
        currency,
        {{ row_fate('all_defects', 'exclusion') }} as fate,
        all_defects as defects,
        exclusion,
        nulled_columns,
        case
            when
                (all_defects is not null or is_credit)
                and coalesce(exclusion, '') <> 'erased_customer'
                then {{ raw_row_of_customer(raw) }}
        end as raw_row,
        amount,
        exchange_rate,
        reporting_amount,
        case
            when is_credit or coalesce(prepaid_amount, 0) <= 0 then cast(0 as decimal(18, 2))
            when prepaid_amount >= amount then reporting_amount
            when exchange_rate is null then prepaid_amount
            else {{ as_money(converted('prepaid_amount', 'exchange_rate')) }}
        end as prepaid_amount,
        is_credit,
        is_superseded,
        order_date,
        ordered_at
    from looked_up
)

select * from checked
