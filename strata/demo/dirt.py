"""Defects and other rows that staging must not use, declared one by one.

Each declaration copies sound rows of a table, gives the copies fresh keys (or none, or the same)
and spoils one column. So every reason of the quarantine occurs, and nothing sound is lost.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strata.demo.arrays import Generator, ids
from strata.demo.schema import KEYS

CUSTOMERS_PER_COPY: Final = 1000
"""A chunk has one copy of each defect per this many customers, at least one."""
SMALLEST_CHUNK_WITH_DIRT: Final = 200
ROWS_PER_ORPHAN: Final = 25
"""So many rows of a table have one orphan at most: more than a twentieth would fail a build."""

UNKNOWN_CUSTOMER: Final = "cx00001"
UNKNOWN_ORDER: Final = "ox00001"
UNKNOWN_PRODUCT: Final = "p999"


@dataclass(frozen=True)
class Text:
    """A value that its column type cannot hold: text in CSV, null in Parquet."""

    value: str


@dataclass(frozen=True)
class Defect:
    """One kind of row that staging must reject, exclude, or use without its bad value.

    Attributes
    ----------
    table, column : str
        The column of the table that is overwritten.
    value : object
        Its new value; a ``Text`` where only CSV can carry it.
    outcome : str
        Reason of the quarantine or exclusion, or ``nulled`` for a bad optional value.
    copies : int
        Multiple of the usual number of copies.
    """

    table: str
    column: str
    value: object
    outcome: str
    copies: int = 1


def _moment(year: int, month: int, day: int, hour: int = 3) -> datetime:
    return datetime(year, month, day, hour, 20, tzinfo=UTC).replace(tzinfo=None)


AFTER_AS_OF: Final = tuple(_moment(2026, 6, day) for day in range(16, 21))
BEFORE_1970: Final = _moment(1969, 12, 30)
FAR_FUTURE: Final = _moment(2099, 1, 1)
MALFORMED_MOMENT: Final = Text("2025-13-45")

DEFECTS: Final = (
    Defect("customers", "customer_id", None, "missing_key"),
    Defect("customers", "gender", "x9", "nulled"),
    Defect("customers", "birth_date", Text("1850-99-01"), "nulled"),
    Defect("customers", "birth_date", date(2031, 5, 4), "nulled"),
    Defect("customers", "employee_count", Text("many"), "nulled"),
    Defect("customers", "registered_at", AFTER_AS_OF, "after_as_of_date"),
    Defect("orders", "order_id", None, "missing_key"),
    Defect("orders", "customer_id", None, "missing_customer", copies=3),
    Defect("orders", "customer_id", UNKNOWN_CUSTOMER, "unknown_customer"),
    Defect("orders", "amount", Text("abc"), "invalid_number"),
    Defect("orders", "amount", Text("12,5"), "invalid_number"),
    Defect("orders", "amount", Decimal("-199.00"), "negative_amount"),
    Defect("orders", "ordered_at", MALFORMED_MOMENT, "invalid_timestamp"),
    Defect("orders", "ordered_at", BEFORE_1970, "invalid_timestamp"),
    Defect("orders", "ordered_at", FAR_FUTURE, "future_timestamp"),
    Defect("orders", "status", "lost", "unknown_status"),
    Defect("orders", "currency", "XXX", "unknown_currency"),
    Defect("orders", "currency", "GBP", "missing_exchange_rate"),
    Defect("orders", "ordered_at", AFTER_AS_OF, "after_as_of_date", copies=2),
    Defect("order_items", "order_item_id", None, "missing_key"),
    Defect("order_items", "product_id", UNKNOWN_PRODUCT, "unknown_product"),
    Defect("order_items", "order_id", UNKNOWN_ORDER, "orphan_row"),
    Defect("order_items", "quantity", Text("two"), "invalid_number"),
    Defect("refunds", "refund_id", None, "missing_key"),
    Defect("refunds", "order_id", UNKNOWN_ORDER, "orphan_row"),
    Defect("refunds", "amount", Text("n/a"), "invalid_number"),
    Defect("refunds", "amount", Decimal("-50.00"), "negative_amount"),
    Defect("web_events", "event_id", None, "missing_key"),
    Defect("web_events", "event_type", "teleport", "unknown_category"),
    Defect("web_events", "customer_id", UNKNOWN_CUSTOMER, "unknown_customer"),
    Defect("web_events", "product_id", UNKNOWN_PRODUCT, "nulled"),
    Defect("web_events", "occurred_at", MALFORMED_MOMENT, "invalid_timestamp"),
    Defect("web_events", "occurred_at", AFTER_AS_OF, "after_as_of_date", copies=2),
    Defect("interactions", "interaction_type", "telepathy", "unknown_category"),
    Defect("interactions", "customer_id", None, "missing_customer"),
    Defect("feedback", "feedback_type", "emoji", "unknown_category"),
    Defect("feedback", "score", 11, "invalid_number"),
    Defect("feedback", "score", Text("good"), "invalid_number"),
    Defect("campaign_contacts", "contact_id", None, "missing_key"),
    Defect("campaign_contacts", "customer_id", UNKNOWN_CUSTOMER, "unknown_customer"),
    Defect("consents", "status", "maybe", "unknown_category"),
    Defect("consents", "changed_at", FAR_FUTURE, "future_timestamp"),
)

DUPLICATED: Final = ("customers", "orders", "order_items", "refunds", "web_events")
"""Tables in which some keys occur twice: an older state, or else exactly the same row."""
DUPLICATE_SURCHARGE: Final = Decimal("10.00")

PARENT_COLUMNS: Final = ("status", "currency", "customer_id")
"""Orders spoiled in these columns, or dated after the as-of day, get an item and a refund."""
REFUND_DELAY: Final = timedelta(days=5)

SOUND_ROWS: Final[Mapping[str, tuple[str, object]]] = {
    "orders": ("status", "completed"),
    "feedback": ("feedback_type", "csat"),
    "web_events": ("event_type", "view"),
}
"""Rows that are copied: column and value they must have."""


@dataclass
class Batch:
    """Rows of one table of one chunk, with the text that only CSV can carry.

    Attributes
    ----------
    table : Table
        Typed rows; null where ``texts`` has something to say.
    texts : list of tuple
        Row, column and text.
    """

    table: pa.Table
    texts: list[tuple[int, str, str]]


Row = dict[str, Any]
FirstNumber = Callable[[str, int], int]
"""Reserves a number of fresh ids of a table and returns the first."""


def copies_for(customers: int) -> int:
    """Return the number of copies of each defect in a chunk of so many customers."""
    if customers < SMALLEST_CHUNK_WITH_DIRT:
        return 0
    return max(1, customers // CUSTOMERS_PER_COPY)


def dirty_customers(copies: int) -> int:
    """Return how many rows of the table ``customers`` are added as dirt."""
    defects = sum(defect.copies for defect in DEFECTS if defect.table == "customers")
    return (defects + DUPLICATED.count("customers")) * copies


def add_dirt(
    rng: Generator, tables: Mapping[str, pa.Table], copies: int, first_number: FirstNumber
) -> dict[str, Batch]:
    """Append the declared defects to the sound tables of a chunk."""
    batches = {name: Batch(table, []) for name, table in tables.items()}
    if copies == 0:
        return batches
    spoiled_orders: list[Row] = []
    for defect in DEFECTS:
        rows = _sample(rng, tables, defect.table, copies * defect.copies)
        _spoil(rows, defect, first_number)
        texts = _append(batches[defect.table], rows)
        if defect.table == "orders" and (
            defect.column in PARENT_COLUMNS or defect.value is AFTER_AS_OF
        ):
            spoiled_orders.extend(rows[:copies])
        batches[defect.table].texts.extend(texts)
    for name in DUPLICATED:
        _append(batches[name], _duplicates(_sample(rng, tables, name, copies)))
    for name in ("order_items", "refunds"):
        parents = spoiled_orders[: len(tables[name]) // ROWS_PER_ORPHAN]
        _append(batches[name], _children(rng, tables, name, parents, first_number))
    return batches


def _sample(rng: Generator, tables: Mapping[str, pa.Table], name: str, count: int) -> list[Row]:
    """Copy distinct sound rows (fewer if the table is too small)."""
    table = tables[name]
    if name in SOUND_ROWS:
        column, value = SOUND_ROWS[name]
        candidates = np.flatnonzero(pc.equal(table[column], value).to_numpy())
    else:
        candidates = np.arange(len(table))
    chosen = rng.choice(candidates, min(count, len(candidates)), replace=False)
    rows: list[Row] = table.take(pa.array(chosen)).to_pylist()
    return rows


def _spoil(rows: list[Row], defect: Defect, first_number: FirstNumber) -> None:
    """Give the rows fresh keys and overwrite the column of the defect."""
    _renew_keys(rows, defect.table, first_number)
    for position, row in enumerate(rows):
        value = defect.value
        if isinstance(value, tuple):
            value = value[position % len(value)]
        row[defect.column] = value
        if defect.value is AFTER_AS_OF and "updated_at" in row:
            row["updated_at"] = value


def _renew_keys(rows: list[Row], table: str, first_number: FirstNumber) -> None:
    if table not in KEYS:
        return
    key = KEYS[table][0]
    start = first_number(table, len(rows))
    fresh = ids(table, start + np.arange(len(rows))).to_pylist()
    for row, text in zip(rows, fresh, strict=True):
        row[key] = text
        if table == "customers":  # a copy must not be taken for the same person
            row.update(email=f"{text}@example.cn", phone=None, is_test=False, deleted_at=None)


def _duplicates(rows: list[Row]) -> list[Row]:
    """Turn copies that keep their key into an older state of the same row, where it has states."""
    for row in rows:
        start = row.get("ordered_at") or row.get("registered_at")
        if start is not None:
            elapsed = (row["updated_at"] - start) // 2
            row["updated_at"] = start + timedelta(minutes=elapsed // timedelta(minutes=1))
        if "ordered_at" in row:
            row["amount"] += DUPLICATE_SURCHARGE
    return rows


def _children(
    rng: Generator,
    tables: Mapping[str, pa.Table],
    name: str,
    parents: list[Row],
    first_number: FirstNumber,
) -> list[Row]:
    """Copy one row of a child table for each spoiled order."""
    rows = _sample(rng, tables, name, len(parents))
    _renew_keys(rows, name, first_number)
    for row, parent in zip(rows, parents, strict=False):
        row["order_id"] = parent["order_id"]
        if name == "refunds":
            row["refunded_at"] = parent["ordered_at"] + REFUND_DELAY
    return rows


def _append(batch: Batch, rows: list[Row]) -> list[tuple[int, str, str]]:
    """Append rows to a batch; return what only CSV can carry."""
    texts = []
    first_row = len(batch.table)
    for position, row in enumerate(rows):
        for column, value in row.items():
            if isinstance(value, Text):
                texts.append((first_row + position, column, value.value))
                row[column] = None
    more = pa.Table.from_pylist(rows, schema=batch.table.schema)
    batch.table = pa.concat_tables([batch.table, more])
    return texts
