"""The raw tables of the day after the full refresh, and the same with a few old orders changed.

Called by path: ``python -m strata.bench.next_day RAW NEXT_DAY OLD_ORDERS``. Tables that do not
change are links to those of ``RAW``.
"""

import os
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

from duckdb import DuckDBPyConnection, connect

from strata.bench.peers import AS_OF
from strata.demo.schema import SCHEMAS

CHANGED: Final = 50
"""Of the orders of the last 31 days one changes for so many customers: 20,000 of a million."""
NEW: Final = 1000
"""A new customer with an order, and a refund of an old order, for so many customers."""
OLD_ORDERS: Final = 100
"""Orders that are twelve months old and change on the second day."""

CHANGED_ORDERS: Final = """
    select orders.* replace (
        cast(
            amount + case when changed.order_id is null then 0 else 5 end as decimal(18, 2)
        ) as amount
    )
    from orders
    left join changed using (order_id)
"""
NEXT_DAY: Final = {
    "customers": """
        from customers
        union all
        select newcomers.* replace (
            'new_' || customer_id as customer_id, null as email, null as phone,
            day as registered_at, day as updated_at
        )
        from newcomers, days
    """,
    "orders": f"""
        {CHANGED_ORDERS}
        union all
        select orders.* replace (
            'new_' || customer_id as order_id,
            'new_' || customer_id as customer_id,
            day as ordered_at
        )
        from orders
        semi join newcomers using (customer_id), days
        qualify row_number() over (partition by customer_id) = 1
    """,
    "refunds": """
        from refunds
        union all
        select 'new_' || order_id, order_id, day, cast(amount / 10 as decimal(18, 2)), 'late'
        from old_orders, days
    """,
}


def _look_at(connection: DuckDBPyConnection, folder: Path) -> None:
    """Make a view of each raw table of a folder."""
    for table in SCHEMAS:
        file = str(folder / f"{table}.parquet").replace("'", "''")
        connection.execute(f"create or replace view {table} as from read_parquet('{file}')")


def _pick(connection: DuckDBPyConnection, name: str, rows: str, count: int) -> None:
    """Make a table of some rows, the same for the same data."""
    connection.execute(
        f"create or replace table {name} as select * from ({rows}) as rows"
        f" order by hash(rows) limit {max(1, count)}"
    )


def _write(
    connection: DuckDBPyConnection, folder: Path, raw: Path, queries: Mapping[str, str]
) -> None:
    """Write a folder of raw tables: those of ``raw``, but for what the queries give."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in SCHEMAS:
        target = folder / f"{table}.parquet"
        target.unlink(missing_ok=True)
        if table in queries:
            connection.sql(queries[table]).write_parquet(str(target))
        else:
            os.link(raw / f"{table}.parquet", target)


def main(raw: Path, next_day: Path, old_orders: Path) -> None:
    """Write both folders.

    Parameters
    ----------
    raw : Path
        Raw tables as Parquet, of the day ``AS_OF``.
    next_day : Path
        Gets the tables of the day after: changed orders, new customers with an order, and refunds.
    old_orders : Path
        Gets those of ``next_day``, with other amounts of orders that are twelve months old.
    """
    connection = connect()
    _look_at(connection, raw)
    count = connection.execute("select count(*) from customers").fetchone()
    assert count is not None
    day = AS_OF + timedelta(days=1)
    connection.execute(f"create table days as select timestamp '{day} 03:00' as day")
    known = "from orders where order_id is not null and amount > 1 and ordered_at"
    recent = f"select order_id {known} > timestamp '{AS_OF - timedelta(days=31)}' group by order_id"
    _pick(connection, "changed", recent, count[0] // CHANGED)
    _pick(connection, "newcomers", "from customers where customer_id is not null", count[0] // NEW)
    half_a_year = AS_OF - timedelta(days=180)
    _pick(connection, "old_orders", f"{known} < timestamp '{half_a_year}'", count[0] // NEW)
    _write(connection, next_day, raw, NEXT_DAY)

    _look_at(connection, next_day)
    year = f"{known} between timestamp '{AS_OF - timedelta(days=395)}'"
    year += f" and timestamp '{AS_OF - timedelta(days=365)}'"
    _pick(connection, "changed", f"select order_id {year} group by order_id", OLD_ORDERS)
    _write(connection, old_orders, next_day, {"orders": CHANGED_ORDERS})


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
