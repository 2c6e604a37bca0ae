"""Loading of the raw tables: the rows of the files, all or none, a clear line on an error."""

import csv
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import ROOT, Project, read_raw, together
from raw_data import OPTIONAL_TABLES, write_csv
from typer.testing import CliRunner

from strata.cli import app
from strata.load import spark
from strata.load.declared import read_tables
from strata.load.files import inspect
from strata.load.spark import KEPT, STAMP
from strata.servers.ports import free_port

pytestmark = pytest.mark.slow

Row = tuple[Any, ...]
TABLES = {table.name: table for table in read_tables(ROOT)}
NO_OTHERS = ["--missing-sources", ",".join(OPTIONAL_TABLES)]
MOMENT = datetime(2024, 5, 1, 10, 0, 0, 500_000)
NAMES = {
    "plain": "Ann",
    "blank": "",
    "quote": 'quo"ted "twice"',
    "comma": "a,b",
    "line": "two\nlines",
    "windows_line": "two\r\nlines",
    "chinese": "王浩然 ☕ é",
    "backslash_n": "\\N",
    "backslash": "back\\slash\\",
    "escape": '\\"',
    "spaces": "  spaces  ",
    "no_break_space": "\u00a0x\u00a0",
    "tab": "\ttab\t",
    "null": "NULL",
    "end_of_data": "\\.",
    "end_of_data_line": "a\n\\.\nb",
    "only_quotes": '""',
    "format": "${a} %s {0}",
    "long": "x" * 5000,
    "#comment": "# x",
}
"""What a person may have typed, by customer."""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Return what calls `strata load` and gives what it prints."""
    monkeypatch.chdir(ROOT)

    def call(target: str, folder: Path | str, *options: str, expect: int = 0) -> str:
        done = CliRunner().invoke(
            app, ["load", "--target", target, "--raw-path", str(folder), *options]
        )
        assert done.exit_code == expect, done.output
        return done.output

    return call


@dataclass(frozen=True)
class Engine:
    """A target, its server, and what loads onto it."""

    target: str
    server: Any
    run: Callable[..., str]

    def load(self, folder: Path | str, *options: str, expect: int = 0) -> str:
        """Call `strata load` and return what it prints."""
        return self.run(self.target, folder, *options, expect=expect)

    def read(self, *queries: str) -> list[Row]:
        """Run queries and return the rows of the last one."""
        with closing(self.server.connect()) as connection:
            cursor = connection.cursor()
            for query in queries:
                cursor.execute(query)
            found: list[Row] = cursor.fetchall()
            return found


@pytest.fixture
def engine(
    run: Callable[..., str], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Engine:
    """Return the engine of the target that the test names; the environment points to it."""
    server = request.getfixturevalue(f"{request.param}_server")
    for name, value in server.settings.items():
        monkeypatch.setenv(name, value)
    return Engine(request.param, server, run)


on_postgres = pytest.mark.parametrize("engine", ["postgres"], indirect=True)
on_spark = pytest.mark.parametrize("engine", ["spark"], indirect=True)
on_both = pytest.mark.parametrize("engine", ["postgres", "spark"], indirect=True)


def load_apart(target: str, folder: Path) -> None:
    """Load in a process of its own, for several at the same time."""
    command = [sys.executable, "-m", "strata.cli", "load", "--target", target]
    subprocess.run([*command, "--raw-path", folder, *NO_OTHERS], check=True, timeout=120)


def texts(table: str) -> str:
    """Return the query of a raw table as texts."""
    cells = [f"cast({name} as varchar(9999))" for name in TABLES[table].columns]
    return f"select {', '.join(cells)} from raw.{table}"


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Sort rows that have nulls."""
    return sorted(rows, key=lambda row: [(cell is not None, cell or "") for cell in row])


def expected(table: str, rows: Sequence[dict[str, str | None]]) -> list[Row]:
    """Return what the raw table of such rows has: an empty cell is null."""
    return in_order(
        [tuple(row.get(name) or None for name in TABLES[table].columns) for row in rows]
    )


def write_nasty(folder: Path, line_end: str) -> None:
    """Write customers with all that a CSV may hold, and typed orders."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "customers.csv").open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file, lineterminator=line_end)
        writer.writerow(["surplus", " Full_Name\u00a0", "customer_id "])
        writer.writerows(("x", name, customer) for customer, name in NAMES.items())
        file.write(f'{line_end}"","","quoted_blank"{line_end}')
    moments = [MOMENT, None]
    columns = {
        "Order_ID": pa.array(["o1", "o2"]),
        "surplus": pa.array([[1], []]),
        "ordered_at": pa.array(moments, pa.timestamp("us")),
        "updated_at": pa.array(moments, pa.timestamp("us", "UTC")),
        "status": pa.array(["paid", ""]).dictionary_encode(),
        "customer_id": pa.array(["c1", "c\\2"], pa.large_string()),
        "currency": pa.array(["CNY", None]),
        "amount": pa.array([Decimal("1.50"), Decimal("-20.00")], pa.decimal128(18, 2)),
        "tax_amount": pa.array([7, None], pa.int32()),
    }
    pq.write_table(pa.table(columns), folder / "orders.parquet")


def write_two(folder: Path, customers: int, orders: int) -> Path:
    """Write the two required tables with so many rows."""
    write_csv(folder / "customers.csv", ["customer_id"], [[f"c{n}"] for n in range(customers)])
    columns = TABLES["orders"].columns
    row = {"order_id": "o", "customer_id": "c0", "ordered_at": "2024-05-01 10:00:00"}
    row |= {"status": "paid", "currency": "CNY", "amount": "1.00"}
    write_csv(folder / "orders.csv", columns, [[row.get(name) for name in columns]] * orders)
    return folder


@on_both
def test_the_demo_arrives_whole(engine: Engine) -> None:
    assert "47,916 rows" in engine.load("demo")
    for table in TABLES:
        assert in_order(engine.read(texts(table))) == expected(table, read_raw(table))


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@on_both
def test_every_text_arrives_as_it_is(engine: Engine, tmp_path: Path, line_end: str) -> None:
    folder = tmp_path / "it's a folder"
    write_nasty(folder, line_end)
    engine.load(folder, *NO_OTHERS)
    customers = [{"customer_id": key, "full_name": name} for key, name in NAMES.items()]
    assert in_order(engine.read(texts("customers"))) == expected(
        "customers", [*customers, {"customer_id": "quoted_blank"}]
    )
    columns = TABLES["orders"].columns
    first, second = sorted(engine.read(texts("orders")))
    assert dict(zip(columns, first, strict=True)) == dict.fromkeys(columns) | {
        "order_id": "o1",
        "customer_id": "c1",
        "ordered_at": "2024-05-01 10:00:00.5",
        "status": "paid",
        "currency": "CNY",
        "amount": "1.50",
        "tax_amount": "7",
        # a text has the zone; a time of Spark has none
        "updated_at": "2024-05-01 10:00:00.5" + ("+00" if engine.target == "postgres" else ""),
    }
    told = {name: cell or None for name, cell in zip(columns, second, strict=True)}
    assert told == dict.fromkeys(columns) | {
        "order_id": "o2",
        "customer_id": "c\\2",
        "amount": "-20.00",
    }
    assert engine.read("select * from raw.web_events") == []


def test_duckdb_reads_the_same_texts(tmp_path: Path) -> None:
    write_nasty(tmp_path, "\n")
    tables = [table for table in TABLES.values() if table.is_required]
    customers, _ = inspect(tmp_path, tables, [], lambda *_: None)
    with duckdb.connect() as connection:
        query = f"select customer_id, full_name from ({customers.view()})"
        names = dict(connection.execute(query).fetchall())
    assert names == {key: name or None for key, name in {**NAMES, "quoted_blank": ""}.items()}


def test_unit_tests_of_staging_hold_on_typed_files(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "strata.cli", "demo", "--customers", "100"]
    raw = tmp_path / "raw"
    subprocess.run([*command, "--out", raw, "--format", "parquet"], check=True, timeout=120)
    project = Project(ROOT, tmp_path / "work", {"raw_path": str(raw)})
    project.dbt("run", "--select", "path:models/staging")
    told = project.dbt("test", "--select", "path:models/staging,test_type:unit")
    assert "ERROR=0" in told
    assert "PASS=0" not in told


@on_spark
def test_spark_reads_a_url(engine: Engine, tmp_path: Path) -> None:
    write_nasty(tmp_path, "\n")
    assert "23 rows" in engine.load(tmp_path.as_uri(), *NO_OTHERS)
    names = dict(engine.read("select customer_id, full_name from raw.customers"))
    assert names == {key: name or None for key, name in {**NAMES, "quoted_blank": ""}.items()}
    told = engine.load((tmp_path / "none").as_uri(), *NO_OTHERS, expect=2)
    assert "neither customers.csv nor customers.parquet" in told
    (tmp_path / "orders.parquet").unlink()
    write_csv(tmp_path / "orders.csv", ["order_id"], [["o1"]])
    told = engine.load(tmp_path.as_uri(), *NO_OTHERS, expect=2)
    orders = TABLES["orders"]
    lacking = [it for it in orders.columns if it in orders.required_columns and it != "order_id"]
    assert len(lacking) > 1
    assert (
        f"orders.csv has no column {', '.join(lacking)}, which are required; it has order_id"
        in " ".join(told.split())
    )


FAULTS: dict[str, tuple[bytes, str]] = {
    "short_row": (b'customer_id,city\nc1,"a\nb"\nc2\n', "customers.csv, line 4: the row has too"),
    "open_quote": (b'customer_id,city\nc1,"a\nc2,b\n', "customers.csv, line 2: a quote is not"),
    "not_utf8": (b"customer_id,city\nc1,\x93\n", "customers.csv, line 2: it is not UTF-8, and"),
    "no_header": (b"", "customers.csv, line 1: there are no names of columns"),
    "ends_of_rows": (
        b"customer_id,city\nc1,a\r\nc2,b\n",
        "customers.csv, line 2: the rows do not all end",
    ),
    "after_a_long_cell": (
        b"customer_id,city\nc1," + 150_000 * b"x" + b"\nc2\n",
        "customers.csv, line 3: the row has too",
    ),
    "no_key": (b"id,city\n", "has no column customer_id, which is required; it has city, 1 name"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_file_is_named(run: Callable[..., str], tmp_path: Path, fault: str) -> None:
    content, told = FAULTS[fault]
    write_two(tmp_path, 1, 1)
    (tmp_path / "customers.csv").write_bytes(content)
    for target in ("duckdb", "postgres", "spark"):
        assert told in run(target, tmp_path, *NO_OTHERS, expect=2)


def test_a_wrong_call_gets_one_line(run: Callable[..., str], tmp_path: Path) -> None:
    folder = write_two(tmp_path, 1, 1)
    cases = [
        (("mysql", folder), "--target must be duckdb, postgres, spark, not 'mysql'"),
        (("duckdb", tmp_path / "none"), "is not a folder"),
        (("postgres", folder.as_uri()), "only Spark reads a URL"),
        (("duckdb", folder), "if you have none, name it in --missing-sources"),
        (("duckdb", folder, "--missing-sources", "nothing"), "there is no raw table 'nothing'"),
        (("duckdb", folder, "--missing-sources", "orders"), "orders is required"),
        (("duckdb", folder, "--raw-schema", "a b"), "--raw-schema must be a name"),
    ]
    for call, told in cases:
        assert told in run(*call, expect=2)
    (folder / "orders.parquet").write_bytes(b"x")
    assert "remove one of them" in run("duckdb", folder, *NO_OTHERS, expect=2)
    (folder / "orders.csv").unlink()
    assert "orders.parquet: " in run("duckdb", folder, *NO_OTHERS, expect=2)


def test_a_parquet_file_whose_pages_are_damaged_is_refused(
    run: Callable[..., str], tmp_path: Path
) -> None:
    folder = write_two(tmp_path, 1, 1)
    (folder / "orders.csv").unlink()
    numbers = pa.array(str(number * number) for number in range(100_000))
    pq.write_table(
        pa.table(dict.fromkeys(TABLES["orders"].columns, numbers)), folder / "orders.parquet"
    )
    assert "100,001 rows" in run("duckdb", folder, *NO_OTHERS)
    with (folder / "orders.parquet").open("r+b") as file:
        file.seek(100_000)
        file.write(b"x" * 4_000)
    for target in ("duckdb", "postgres", "spark"):
        assert "orders.parquet: " in run(target, folder, *NO_OTHERS, expect=2)


@pytest.mark.parametrize(("target", "letters"), [("postgres", "PG"), ("spark", "SPARK")])
def test_a_server_that_is_not_there_is_named(
    run: Callable[..., str], monkeypatch: pytest.MonkeyPatch, target: str, letters: str
) -> None:
    monkeypatch.setenv(f"STRATA_{letters}_PORT", str(free_port()))
    told = run(target, "demo", expect=2)
    assert f"set STRATA_{letters}_HOST, STRATA_{letters}_PORT" in told
    assert len(told.strip().splitlines()) == 1


def break_orders(folder: Path, target: str) -> str:
    """Make the second table one that the server refuses; return what is then told."""
    (folder / "orders.csv").unlink()
    ids = {name: ["o\0" if target == "postgres" else "o"] for name in TABLES["orders"].columns}
    unit = "us" if target == "postgres" else "ns"
    ids["ordered_at"] = pa.array([MOMENT], pa.timestamp(unit))
    pq.write_table(pa.table(ids), folder / "orders.parquet")
    return "invalid byte sequence" if target == "postgres" else "write ordered_at in microseconds"


@on_both
def test_a_failed_load_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    engine.load(write_two(tmp_path / "old", 3, 4), *NO_OTHERS)
    made = engine.read("show tables in raw_files") if engine.target == "spark" else []
    told = break_orders(write_two(tmp_path / "new", 1, 1), engine.target)
    assert told in engine.load(tmp_path / "new", *NO_OTHERS, expect=2)
    for table, rows in (("customers", 3), ("orders", 4)):
        assert engine.read(f"select count(*) from raw.{table}") == [(rows,)]
    if engine.target == "spark":
        assert engine.read("show tables in raw_files") == made


@on_postgres
def test_views_of_postgres_show_the_new_rows(engine: Engine, tmp_path: Path) -> None:
    engine.load(write_two(tmp_path / "old", 3, 4), *NO_OTHERS)
    with closing(engine.server.connect()) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("create view public.seen as select count(*) from raw.customers")
        engine.load(write_two(tmp_path / "new", 5, 6), *NO_OTHERS)
        cursor.execute("select * from public.seen")
        assert cursor.fetchall() == [(5,)]
        cursor.execute("drop view public.seen")


@on_postgres
def test_a_table_of_others_on_postgres_is_left_alone(engine: Engine, tmp_path: Path) -> None:
    with closing(engine.server.connect()) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("create schema theirs; create table theirs.orders (amount numeric)")
        cursor.execute("insert into theirs.orders values (1)")
        folder = write_two(tmp_path, 1, 1)
        told = engine.load(folder, *NO_OTHERS, "--raw-schema", "theirs", expect=2)
        assert "its column amount is numeric, not text" in told
        cursor.execute("select * from theirs.orders")
        assert cursor.fetchall() == [(Decimal(1),)]


@on_spark
def test_a_table_of_others_on_spark_is_left_alone(engine: Engine, tmp_path: Path) -> None:
    folder = write_two(tmp_path, 1, 1)
    making = ("create database theirs", "create table theirs.orders as select 1 as amount")
    assert engine.read(*making, "select * from theirs.orders") == [(1,)]
    told = engine.load(folder, *NO_OTHERS, "--raw-schema", "theirs", expect=2)
    assert "theirs.orders on Spark is not of strata load: it is a table" in told
    assert engine.read("select amount from theirs.orders") == [(1,)]
    assert len(engine.read("show tables in theirs")) == 1


@on_postgres
def test_a_transaction_of_postgres_sees_the_old_rows(engine: Engine, tmp_path: Path) -> None:
    engine.load(write_two(tmp_path / "old", 3, 4), *NO_OTHERS)
    counts = "select (select count(*) from raw.customers), (select count(*) from raw.orders)"
    with closing(engine.server.connect()) as connection, connection.cursor() as cursor:
        connection.set_session(isolation_level="REPEATABLE READ")
        cursor.execute("select 1")  # the snapshot; no table is locked
        engine.load(write_two(tmp_path / "new", 5, 6), *NO_OTHERS)
        cursor.execute(counts)
        assert cursor.fetchall() == [(3, 4)]
        connection.rollback()
        cursor.execute(counts)
        assert cursor.fetchall() == [(5, 6)]


@on_both
def test_readers_during_loads_see_old_or_new(engine: Engine, tmp_path: Path) -> None:
    folders = {rows: write_two(tmp_path / str(rows), rows, rows) for rows in (3, 4)}
    engine.load(folders[3], *NO_OTHERS)
    # one statement sees one state on PostgreSQL; on Spark each table is replaced for itself
    query = "select count(*) from raw.customers"
    if engine.target == "postgres":
        query = f"select ({query}), (select count(*) from raw.orders)"
    seen: set[Row] = set()
    ended = threading.Event()

    def wait_until_read(rows: int) -> None:
        deadline = time.monotonic() + 60
        while not any(rows in row for row in tuple(seen)) and time.monotonic() < deadline:
            time.sleep(0.05)

    def read() -> None:
        while not ended.is_set():
            seen.update(engine.read(query))

    def load() -> None:
        try:
            wait_until_read(3)
            for rows in (4, 3):
                load_apart(engine.target, folders[rows])
                wait_until_read(rows)
        finally:
            ended.set()

    together(read, load)
    assert seen == ({(3, 3), (4, 4)} if engine.target == "postgres" else {(3,), (4,)})
    assert engine.read("select count(*) from raw.orders") == [(3,)]


@on_both
def test_loads_at_once_are_one_load(engine: Engine, tmp_path: Path) -> None:
    folder = write_two(tmp_path, 3, 4)
    with closing(engine.server.connect()) as connection:
        connection.cursor().execute("drop schema if exists raw cascade")
        connection.commit()
    together(*[lambda: load_apart(engine.target, folder)] * 3)
    assert engine.read("select count(*) from raw.orders") == [(4,)]


@on_spark
def test_a_view_of_a_load_that_ends_meanwhile_is_not_a_table(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_two(tmp_path, 3, 4)
    engine.read("drop schema if exists raw cascade", "show databases")
    names, listed = spark._names, []

    def names_and_a_load(cursor: Any, query: str) -> set[str]:
        found = names(cursor, query)
        listed.append(query)
        if len(listed) == 1:
            load_apart(engine.target, folder)
        return found

    monkeypatch.setattr(spark, "_names", names_and_a_load)
    engine.load(folder, *NO_OTHERS)
    assert engine.read("select count(*) from raw.orders") == [(4,)]


@on_spark
def test_tables_of_earlier_loads_are_dropped_a_day_later(engine: Engine, tmp_path: Path) -> None:
    folder = write_two(tmp_path, 3, 4)
    engine.load(folder, *NO_OTHERS)
    now = datetime.now(UTC)
    made = {
        f"orders_{(now - age).strftime(STAMP)}": is_kept
        for age, is_kept in ((KEPT * 1.1, False), (KEPT / 2, True))
    } | {f"theirs_{(now - KEPT * 2).strftime(STAMP)}": True}
    with closing(engine.server.connect()) as connection:
        for name in made:
            connection.cursor().execute(f"create table raw_files.{name} as select 1 as one")
    engine.load(folder, *NO_OTHERS)
    found = {name for _, name, _ in engine.read("show tables in raw_files")}
    assert {name: name in found for name in made} == made
