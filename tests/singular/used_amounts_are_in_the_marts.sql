-- The used orders less the used refunds and what was no revenue, such as gift cards, converted, are the
-- lifetime revenue of the marts, to the cent; used credits, orders below zero, lower it too. And per currency the reconciliation tells the same amounts unconverted.

with

used as (
    select
        currency,
        amount,
        reporting_amount - prepaid_amount as reporting_amount
    from {{ ref('strata', 'int_orders_checked') }}
    where fate = 'used' and not is_credit
    union all
    select
        currency,
        amount,
        reporting_amount
    from {{ ref('strata', 'int_credits_checked') }}
    where fate = 'used'
    union all
    select
        currency,
        -amount as amount,
        -reporting_amount as reporting_amount
    from {{ ref('strata', 'int_refunds_checked') }}
    where fate = 'used'
),

totals as (
    select
        (select sum(reporting_amount) from used) as used_amount,
        (select sum(lifetime_net_revenue) from {{ ref('strata', 'customer_tiers') }}) as mart_amount,
        (select sum(amount) from used) as used_unconverted,
        (
            select sum(case when source_table = 'orders' then used_amount else -used_amount end)
            from {{ ref('strata', 'source_reconciliation') }}
            where source_table in ('orders', 'refunds')
        ) as reconciled_unconverted
)

select * from totals
where
    coalesce(used_amount, 0) <> coalesce(mart_amount, 0)
    or coalesce(used_unconverted, 0) <> coalesce(reconciled_unconverted, 0)
