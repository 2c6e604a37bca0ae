-- One row per opportunity; the close date is that day in every zone. Amounts are taken as they are:
-- without tax, in the reporting currency. An organization with several has currency_iso_code. With history
-- mode on, add: and _fivetran_active.
select
    id as order_id,
    account_id as customer_id,
    -- the day on which an open opportunity is expected is none on which anything happened
    case
        when is_closed then cast(cast(close_date as date) as varchar)
        else cast(created_date as varchar)
    end as ordered_at,
    case when is_won then 'completed' when is_closed then 'cancelled' else 'pending' end as status,
    'sales' as channel,
    '{{ var("reporting_currency") }}' as currency,
    case
        when is_won then cast(amount as decimal(18, 2))
        else coalesce(cast(amount as decimal(18, 2)), 0)
    end as amount
from {{ source('fivetran', 'opportunity') }}
where not coalesce(is_deleted, false)
