"""The peer in DuckDB: one hand-written statement.

What it computes, and why its tiers may differ from Strata's, is said in ``strata.bench.peers``.
``python -m strata.bench.peer_duckdb RAW_DIR OUT_FILE``; memory limit and threads come from the
environment variables that Strata's own profile reads.
"""

import os
import sys
from pathlib import Path
from typing import Final

import duckdb

from strata.bench.peers import (
    AS_OF,
    BUSINESS_UTC_OFFSET_HOURS,
    EXCHANGE_RATES,
    HIGH_ORDERS,
    HIGH_REVENUE,
    LOW_ORDERS,
    LOW_REVENUE,
    MEMORY_VARIABLE,
    REPORTING_CURRENCY,
    SALE_STATUSES,
    SCORE_BINS,
    THREADS_VARIABLE,
    WINDOW_START,
)
from strata.sql import literal

STATEMENT: Final = """
copy (
    with

    rate_periods as (
        select
            currency,
            valid_from,
            least(coalesce(valid_to - 1, {as_of}), {as_of}) as last_date,
            rate::double as rate
        from read_csv(
            {exchange_rates},
            columns = {{
                'currency': 'varchar', 'to_currency': 'varchar', 'valid_from': 'date',
                'valid_to': 'date', 'rate': 'double'
            }}
        )
        where to_currency = {reporting_currency}
        union all
        select {reporting_currency}, date '1999-01-01', {as_of}, 1
    ),

    rates as (
        select
            currency,
            unnest(range(
                year(valid_from) * 12 + month(valid_from),
                year(last_date) * 12 + month(last_date) + 1
            )) as month_index,
            rate
        from rate_periods
    ),

    orders as (
        select
            customer_id,
            currency,
            amount::double as amount,
            (ordered_at + interval {offset} hour)::date as order_date
        from read_parquet({orders})
        where status in {statuses}
    ),

    customer_days as (
        select
            orders.customer_id,
            orders.order_date,
            count(*) as orders,
            sum(orders.amount * rates.rate) as amount
        from orders
        inner join rates
            on
                orders.currency = rates.currency
                and year(orders.order_date) * 12 + month(orders.order_date) = rates.month_index
        where
            orders.customer_id is not null
            and orders.amount is not null
            and orders.order_date <= {as_of}
        group by
            orders.customer_id,
            orders.order_date
    ),

    measures as (
        select
            customer_id,
            sum(orders)::bigint as lifetime_orders,
            {as_of} - max(order_date) as days_since_last_order,
            sum(case when order_date > {window_start} then orders else 0 end)::bigint
                as orders_12m,
            sum(case when order_date > {window_start} then amount else 0 end) as revenue_12m,
            (count(*) - 1)::double as bgnbd_frequency,
            (max(order_date) - min(order_date))::double as bgnbd_recency_days,
            ({as_of} - min(order_date))::double as bgnbd_age_days,
            coalesce(
                (sum(amount) - arg_min(amount, order_date)) / nullif(count(*) - 1, 0), 0
            ) as bgnbd_monetary
        from customer_days
        group by customer_id
    ),

    customers as (
        select distinct customer_id
        from read_parquet({customers})
        where customer_id is not null
    ),

    measured as (
        select
            customers.customer_id,
            measures.days_since_last_order,
            coalesce(measures.lifetime_orders, 0) as lifetime_orders,
            coalesce(measures.orders_12m, 0) as orders_12m,
            coalesce(measures.revenue_12m, 0) as revenue_12m,
            measures.bgnbd_frequency,
            measures.bgnbd_recency_days,
            measures.bgnbd_age_days,
            measures.bgnbd_monetary
        from customers
        left join measures on customers.customer_id = measures.customer_id
    ),

    -- The least value is a cut point too, so a score is the number of cut points below, or 1.
    cut_points as (
        select
            list_distinct(quantile_cont(-days_since_last_order, {quantiles})) as recency,
            list_distinct(quantile_cont(orders_12m, {quantiles})) as frequency,
            list_distinct(quantile_cont(revenue_12m, {quantiles})) as monetary
        from measured
        where lifetime_orders > 0
    )

    select
        measured.*,
        case
            when lifetime_orders > 0 then greatest(
                len(list_filter(cut_points.recency, lambda x: x < -days_since_last_order)), 1
            )
        end as recency_score,
        case
            when lifetime_orders > 0
                then greatest(len(list_filter(cut_points.frequency, lambda x: x < orders_12m)), 1)
        end as frequency_score,
        case
            when lifetime_orders > 0
                then greatest(len(list_filter(cut_points.monetary, lambda x: x < revenue_12m)), 1)
        end as monetary_score,
        case
            when lifetime_orders < 1 then 'potential'
            when revenue_12m > {high_revenue} and orders_12m >= {high_orders} then 'high'
            when revenue_12m < {low_revenue} and orders_12m < {low_orders} then 'low'
            else 'medium'
        end as tier_code
    from measured
    cross join cut_points
) to {out_file} (format parquet)
"""


def main(raw_dir: Path, out_file: Path) -> None:
    """Classify the raw customer records.

    Parameters
    ----------
    raw_dir : Path
        Folder with ``customers.parquet`` and ``orders.parquet``.
    out_file : Path
        Parquet file to write, one row per distinct raw customer_id; what does not fit into memory
        spills beside it.
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": os.environ.get(MEMORY_VARIABLE, "8GB"),
        "threads": os.environ.get(THREADS_VARIABLE, "2"),
        "preserve_insertion_order": "false",
        "temp_directory": str(out_file.with_suffix(".tmp")),
    }
    with duckdb.connect(config=settings) as connection:
        connection.execute(
            STATEMENT.format(
                as_of=f"date '{AS_OF}'",
                window_start=f"date '{WINDOW_START}'",
                offset=BUSINESS_UTC_OFFSET_HOURS,
                statuses=SALE_STATUSES,
                reporting_currency=literal(REPORTING_CURRENCY),
                exchange_rates=literal(EXCHANGE_RATES),
                orders=literal(raw_dir / "orders.parquet"),
                customers=literal(raw_dir / "customers.parquet"),
                out_file=literal(out_file),
                quantiles=[step / SCORE_BINS for step in range(SCORE_BINS + 1)],
                high_revenue=HIGH_REVENUE,
                high_orders=HIGH_ORDERS,
                low_revenue=LOW_REVENUE,
                low_orders=LOW_ORDERS,
            )
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
