"""A raw table with types of its own means what the same table means as texts."""

from decimal import Decimal
from itertools import cycle, islice
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT, Project

pytestmark = pytest.mark.slow

TIMES = (
    "2024-03-31 01:30:00",  # never shown by a clock in London
    "2024-10-27 01:30:00",  # shown twice
    "2024-06-01 00:00:00",
    "2024-06-01 12:34:56.123456",
    "1969-12-31 23:59:59",
    "1970-01-01 00:00:00",
    "0001-01-01 00:00:00",
    "0044-03-15 (BC) 00:00:00",
    "9999-12-31 23:59:59.999999",
    "10000-01-01 00:00:00",
    "infinity",
    "-infinity",
)
DAYS = ("1990-02-28", "1899-12-31", "0001-01-01", "9999-12-31", "10000-01-01", "infinity")
NUMBERS = (
    *("0", "-0.005", "0.005", "1.005", "-1.005", "2.5", "-2.5", "12.344999", "0.0049999999"),
    *("99999999999999.99", "1234567890123456789.5", "-1234567890123456789.5"),
)
STORED = {
    "customers": {
        "birth_date": ("date", DAYS),
        "registered_at": ("timestamp", TIMES),
        "deleted_at": ("date", DAYS),
        "updated_at": ("timestamp", TIMES[::-1]),
        "is_test": ("boolean", ("true", "false")),
        "employee_count": ("decimal(38, 10)", NUMBERS),
    },
    "orders": {
        "status": ("varchar", (" Paid ",)),
        "currency": ("varchar", ("cny", "n/a")),
        "ordered_at": ("timestamp", TIMES),
        "amount": ("decimal(38, 10)", NUMBERS),
        "tax_amount": ("hugeint", ("1", "-1", str(10**30))),
        "discount_amount": ("bigint", ("0", str(2**62))),
        "shipping_amount": ("double", ("0.1", "-0.005", "nan", "inf", "1e300")),
        "updated_at": ("date", DAYS),
    },
    "products": {"unit_cost": ("decimal(18, 6)", ("0.004", "-1"))},
    "order_items": {
        "quantity": ("decimal(9, 4)", ("0.4", "-2.5", "99999.9999")),
        "unit_price": ("smallint", ("1", "-1", "32767")),
    },
}
"""Type and values of columns by table; the values of a column take turns, null among them."""
IDENTIFIERS = {
    "customers": ("customer_id",),
    "orders": ("order_id", "customer_id"),
    "products": ("product_id",),
    "order_items": ("order_item_id", "order_id", "product_id"),
}
ROWS = 91  # of 7 and 13: every value meets others


def write_typed(folder: Path, are_texts: bool) -> Path:
    """Write each table as Parquet, with its types or all of it as texts."""
    folder.mkdir()
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for table, columns in STORED.items():
            values = [list(islice(cycle((*given, None)), ROWS)) for (_, given) in columns.values()]
            names = ", ".join([*IDENTIFIERS[table], *columns])
            keys = [f"{name[0]}{{row}}" for name in IDENTIFIERS[table]]
            connection.execute(
                f"create or replace table written ({names.replace(',', ' varchar,')} varchar)"
            )
            marks = ", ".join("?" * (len(keys) + len(columns)))
            connection.executemany(
                f"insert into written values ({marks})",
                [
                    [*(key.format(row=row) for key in keys), *cells]
                    for row, cells in enumerate(zip(*values, strict=True))
                ],
            )
            chosen = list(IDENTIFIERS[table])
            for name, (of_type, _) in columns.items():
                written_as = "varchar" if are_texts else of_type
                chosen.append(f"cast(cast({name} as {of_type}) as {written_as}) as {name}")
            file = folder / f"{table}.parquet"
            connection.execute(
                f"copy (select {', '.join(chosen)} from written) to '{file}' (format parquet)"
            )
    return folder


def test_a_stored_type_means_what_its_text_means(tmp_path: Path) -> None:
    project = Project(
        ROOT,
        tmp_path / "project",
        variables={
            "business_timezone": "Asia/Kolkata",
            "source_timezone": "Europe/London",
            "missing_sources": [
                *("refunds", "web_events", "interactions", "feedback", "campaign_contacts"),
                *("consents", "erasure_requests"),
            ],
        },
    )
    found = {}
    for form in ("texts", "types"):
        raw = write_typed(tmp_path / form, are_texts=form == "texts")
        models = [f"stg_crm__{table}" for table in STORED]
        project.make("+int_seeds_proved", *models, variables={"raw_path": str(raw)})
        (compiled,) = (project.work / "target" / "compiled").rglob("stg_crm__orders.sql")
        assert ("cast(amount as TEXT)" in compiled.read_text()) == (form == "texts")
        for table, columns in STORED.items():
            lost = [name for name, (of_type, _) in columns.items() if of_type != "varchar"]
            relation = f"staging.stg_crm__{table}"
            found[form, table] = project.rows(relation, but=[f"raw_{name}" for name in lost])
    for table in STORED:
        assert found["types", table] == found["texts", table]
        assert len(found["types", table]) == ROWS
    amounts = {row[0] for row in project.query("select amount from staging.stg_crm__orders")}
    assert {Decimal("1.01"), Decimal("-1.01"), None} < amounts
