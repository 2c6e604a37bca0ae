"""Two raw files are enough; what is missing or malformed is named, in one message."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import Project
from raw_data import OPTIONAL_TABLES

ORDERS = ("--select", "stg_crm__orders", "int_orders_checked")


@contextmanager
def put_back(folder: Path) -> Iterator[None]:
    """Restore the files of a folder at the end."""
    before = {path: path.read_bytes() for path in folder.iterdir()}
    try:
        yield
    finally:
        for path in folder.iterdir():
            path.unlink()
        for path, content in before.items():
            path.write_bytes(content)


def test_two_files_build_everything(small_build: Project) -> None:
    counts = {
        table: small_build.value(f"select count(*) from marts.{table}")
        for (table,) in small_build.query(
            "select table_name from information_schema.tables where table_schema = 'marts'"
        )
    }
    assert counts["customers"] == counts["customer_tiers"] == 30
    assert counts["customer_tier_history"] > 90
    assert counts["customer_lifetime_values"] > 10
    assert counts["customer_recommendations"] == 0
    reasons = "select suppression_reason, count(*) from marts.customer_actions group by all"
    assert small_build.query(reasons) == [("no_consent", 30)]
    assert counts["data_quality_summary"] > 0
    reconciled = small_build.query("select distinct source_table from marts.source_reconciliation")
    assert set(reconciled) == {("customers",), ("orders",)}


def test_missing_optional_columns_are_null(small_build: Project) -> None:
    assert small_build.query(
        "select count(email_hash), count(birth_year), count(region), count(records)"
        " from marts.customers"
    ) == [(0, 0, 0, 30)]
    segments = "select distinct segment_code from marts.customer_attribute_segments"
    assert small_build.query(segments) == [("unknown",)]


def test_what_needs_a_missing_table_is_null(small_build: Project) -> None:
    """Not zero: nobody knows what they looked at, said, or cost."""
    columns = ["views_90d", "carts_90d", "inquiries_90d", "response_count", "satisfaction"]
    columns += ["last_interaction_date", "lifetime_margin", "margin_12m"]
    counts = ", ".join(f"count({column})" for column in columns)
    assert small_build.query(f"select {counts} from marts.customer_tier_history") == [
        (0,) * len(columns)
    ]


def without_column(name: str) -> Callable[[Path], None]:
    """Return a fault that drops a column of the orders."""

    def fault(raw: Path) -> None:
        lines = (raw / "orders.csv").read_text(encoding="utf-8").splitlines()
        place = lines[0].split(",").index(name)
        cells = [line.split(",") for line in lines]
        kept = [",".join(line[:place] + line[place + 1 :]) for line in cells]
        (raw / "orders.csv").write_text("\n".join(kept) + "\n", encoding="utf-8")

    return fault


def ragged(raw: Path) -> None:
    """Give a line more cells than the header has."""
    lines = (raw / "orders.csv").read_text(encoding="utf-8").splitlines()
    lines[20] += ",one,more"
    (raw / "orders.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def ragged_far_below(raw: Path) -> None:
    """Give a line more cells beyond the lines by which the reader judges the file."""
    lines = (raw / "orders.csv").read_text(encoding="utf-8").splitlines()
    lines += lines[1:] * (50_000 // len(lines)) + [lines[1] + ",one,more"]
    (raw / "orders.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def both_formats(raw: Path) -> None:
    """Write the orders as Parquet too."""
    duckdb.sql(f"from read_csv('{raw / 'orders.csv'}')").write_parquet(str(raw / "orders.parquet"))


FAULTS: list[Any] = [
    pytest.param(
        lambda raw: (raw / "customers.csv").unlink(),
        ("table customers is neither customers.csv nor customers.parquet in demo; ", "raw_path"),
        id="no_customers",
    ),
    pytest.param(
        lambda raw: (raw / "orders.csv").unlink(),
        ("table orders is neither orders.csv nor orders.parquet in demo; ", "raw_path"),
        id="no_orders",
    ),
    pytest.param(both_formats, ("demo/orders.csv", "demo/orders.parquet"), id="both_formats"),
    pytest.param(
        without_column("amount"), ("orders", "amount", "required"), id="no_required_column"
    ),
    pytest.param(
        lambda raw: (raw / "orders.csv").write_bytes(b""),
        ("demo/orders.csv, line 1: there are no names of columns", "such as order_id"),
        id="empty_file",
    ),
    pytest.param(ragged, ("demo/orders.csv",), id="ragged_line"),
    pytest.param(ragged_far_below, ("demo/orders.csv",), id="ragged_line_far_below"),
]


@pytest.mark.parametrize(("fault", "told"), FAULTS)
def test_faulty_files_are_named(
    small_build: Project, fault: Callable[[Path], None], told: tuple[str, ...]
) -> None:
    before = small_build.rows("marts.customer_tiers")
    with put_back(small_build.root / "demo"):
        fault(small_build.root / "demo")
        output = small_build.dbt(
            "run", "--select", "stg_crm__orders", "int_orders_checked", expect=None
        )
    assert "rror" in output
    assert "ERROR=0" not in output
    assert "Traceback" not in output
    assert [words for words in told if words not in output] == [], output
    assert small_build.rows("marts.customer_tiers") == before


def test_files_of_other_systems_are_read(small_build: Project) -> None:
    """A byte order mark, CRLF, quotes and another order of the columns are no fault."""
    before = small_build.rows("intermediate.int_orders_checked")
    with put_back(small_build.root / "demo"):
        path = small_build.root / "demo" / "orders.csv"
        cells = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
        lines = [",".join(f'"{cell}"' for cell in reversed(line)) for line in cells]
        path.write_bytes(("\ufeff" + "\r\n".join(lines) + "\r\n").encode())
        small_build.dbt("run", *ORDERS)
        assert small_build.rows("intermediate.int_orders_checked") == before


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        pytest.param(
            {"missing_sources": [table for table in OPTIONAL_TABLES if table != "feedback"]},
            ("feedback", "missing_sources"),
            id="optional_table_not_declared_missing",
        ),
        pytest.param(
            {"missing_sources": [*OPTIONAL_TABLES, "customers"]},
            ("customers", "missing_sources", "required"),
            id="required_table_declared_missing",
        ),
        pytest.param({"as_of_date": "soon"}, ("as_of_date", "soon"), id="no_date"),
        pytest.param(
            {"as_of_date": "2025-02-30"},
            ("as_of_date", "2025-02-30"),
            id="day_that_no_month_has",
        ),
    ],
)
def test_wrong_vars_are_named(
    small_build: Project, variables: dict[str, object], told: tuple[str, ...]
) -> None:
    select = ("--select", "stg_crm__orders", "int_evaluation_dates")
    output = small_build.dbt("run", *select, variables=variables, expect=None)
    assert "Completed successfully" not in output
    assert "Traceback" not in output
    assert [words for words in told if words not in output] == [], output


@pytest.mark.slow
def test_raw_tables_tell_how_fresh_they_are(
    small_build: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(small_build.root)
    told = small_build.dbt("source", "freshness", expect=1)
    assert "ERROR STALE freshness of crm.orders" in told
    # what missing_sources names is not judged
    assert "PASS freshness of crm.web_events" in told
    results = json.loads((small_build.work / "target/sources.json").read_text(encoding="utf-8"))
    newest = small_build.value("select max(ordered_at) from staging.stg_crm__orders")
    (orders,) = [it for it in results["results"] if it["unique_id"] == "source.strata.crm.orders"]
    assert orders["max_loaded_at"] == f"{newest.isoformat()}+00:00"
