"""Loading of the raw tables: the rows of the files, all or none, a clear line on an error."""

import csv
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import ROOT, Project, read_raw, together
from raw_data import OPTIONAL_TABLES, write_csv
from typer.testing import CliRunner

from strata.cli import app
from strata.load.declared import read_tables
from strata.servers.ports import free_port
from strata.servers.postgres import Postgres
from strata.servers.spark import Spark

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
def run(
    monkeypatch: pytest.MonkeyPatch, postgres_server: Postgres, spark_server: Spark
) -> Callable[..., str]:
    """Return what calls `strata load` and gives what it prints."""
    monkeypatch.chdir(ROOT)
    for name, value in {**postgres_server.settings, **spark_server.settings}.items():
        monkeypatch.setenv(name, value)

    def call(target: str, folder: Path | str, *options: str, expect: int = 0) -> str:
        done = CliRunner().invoke(
            app, ["load", "--target", target, "--raw-path", str(folder), *options]
        )
        assert done.exit_code == expect, done.output
        return done.output

    return call


def load_apart(target: str, folder: Path) -> None:
    """Load in a process of its own, for several at the same time."""
    command = [sys.executable, "-m", "strata.cli", "load", "--target", target]
    subprocess.run([*command, "--raw-path", folder, *NO_OTHERS], check=True, timeout=120)


@pytest.fixture
def reader(postgres_server: Postgres, spark_server: Spark) -> Any:
    """Return what runs a query on each engine."""
    servers: dict[str, Any] = {"postgres": postgres_server, "spark": spark_server}

    def read(target: str, query: str) -> list[Row]:
        with closing(servers[target].connect()) as connection:
            cursor = connection.cursor()
            cursor.execute(query)
            found: list[Row] = cursor.fetchall()
            return found

    return read


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
        writer.writerow(["surplus", "Full_Name", "customer_id"])
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
    row = ["o", "c0", "2024-05-01 10:00:00", "paid", "web", "CNY", "1.00", "0", "0", "0", ""]
    write_csv(folder / "orders.csv", columns, [row] * orders)
    return folder


@pytest.mark.parametrize("target", ["postgres", "spark"])
def test_the_demo_arrives_whole(run: Callable[..., str], reader: Any, target: str) -> None:
    assert "47,916 rows" in run(target, "demo")
    for table in TABLES:
        assert in_order(reader(target, texts(table))) == expected(table, read_raw(table))


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("target", ["postgres", "spark"])
def test_every_text_arrives_as_it_is(
    run: Callable[..., str], reader: Any, tmp_path: Path, target: str, line_end: str
) -> None:
    folder = tmp_path / "it's a folder"
    write_nasty(folder, line_end)
    run(target, folder, *NO_OTHERS)
    customers = [{"customer_id": key, "full_name": name} for key, name in NAMES.items()]
    assert in_order(reader(target, texts("customers"))) == expected(
        "customers", [*customers, {"customer_id": "quoted_blank"}]
    )
    first, second = sorted(reader(target, texts("orders")))
    found = dict(zip(TABLES["orders"].columns, first, strict=True))
    assert found == {
        "order_id": "o1",
        "customer_id": "c1",
        "ordered_at": "2024-05-01 10:00:00.5",
        "status": "paid",
        "channel": None,
        "currency": "CNY",
        "amount": "1.50",
        "discount_amount": None,
        "tax_amount": "7",
        "shipping_amount": None,
        # a text has the zone; a time of Spark has none
        "updated_at": "2024-05-01 10:00:00.5" + ("+00" if target == "postgres" else ""),
    }
    assert [cell or None for cell in second] == [
        *("o2", "c\\2", None, None, None, None, "-20.00", None, None, None, None)
    ]
    assert reader(target, "select * from raw.web_events") == []


def test_duckdb_reads_the_same_texts(tmp_path: Path) -> None:
    projects = []
    for name, line_end in (("unix", "\n"), ("windows", "\r\n")):
        folder = tmp_path / name / "raw"
        write_nasty(folder, line_end)
        variables = {"raw_path": str(folder), "missing_sources": OPTIONAL_TABLES}
        projects.append(Project(ROOT, tmp_path / name, variables))
    together(*[lambda of=of: of.dbt("run", "--select", "stg_crm__orders") for of in projects])
    wanted = {**NAMES, "quoted_blank": ""}
    for project in projects:
        rows = project.query("select customer_id, full_name from raw.customers")
        assert dict(rows) == {key: name or None for key, name in wanted.items()}


@pytest.mark.parametrize("target", ["postgres", "spark"])
def test_a_url_is_read_by_spark_alone(
    run: Callable[..., str], reader: Any, tmp_path: Path, target: str
) -> None:
    write_nasty(tmp_path, "\n")
    if target == "postgres":
        assert "only Spark reads a URL" in run(target, tmp_path.as_uri(), *NO_OTHERS, expect=2)
        return
    assert "23 rows" in run(target, tmp_path.as_uri(), *NO_OTHERS)
    names = dict(reader(target, "select customer_id, full_name from raw.customers"))
    assert names == {key: name or None for key, name in {**NAMES, "quoted_blank": ""}.items()}
    told = run(target, (tmp_path / "none").as_uri(), *NO_OTHERS, expect=2)
    assert "neither customers.csv nor customers.parquet" in told
    (tmp_path / "orders.parquet").unlink()
    write_csv(tmp_path / "orders.csv", ["order_id"], [["o1"]])
    told = run(target, tmp_path.as_uri(), *NO_OTHERS, expect=2)
    assert "orders.csv has no column customer_id, which is required; it has order_id" in told


FAULTS: dict[str, tuple[bytes, str]] = {
    "short_row": (b'customer_id,city\nc1,"a\nb"\nc2\n', "customers.csv, line 4: the row has too"),
    "open_quote": (b'customer_id,city\nc1,"a\nc2,b\n', "customers.csv, line 2: a quote is not"),
    "not_utf8": (b"customer_id,city\nc1,\xe9\n", "customers.csv, line 2: the row is not UTF-8"),
    "no_header": (b"", "customers.csv, line 1: there are no names of columns"),
    "no_key": (b"id,city\n", "has no column customer_id, which is required; it has id, city"),
}


@pytest.mark.parametrize("target", ["duckdb", "postgres", "spark"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_file_is_named(
    run: Callable[..., str], tmp_path: Path, target: str, fault: str
) -> None:
    content, told = FAULTS[fault]
    write_two(tmp_path, 1, 1)
    (tmp_path / "customers.csv").write_bytes(content)
    assert told in run(target, tmp_path, *NO_OTHERS, expect=2)


def test_a_wrong_call_gets_one_line(run: Callable[..., str], tmp_path: Path) -> None:
    folder = write_two(tmp_path, 1, 1)
    cases = [
        (("mysql", folder), "--target must be duckdb, postgres, spark, not 'mysql'"),
        (("duckdb", tmp_path / "none"), "is not a folder"),
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


@pytest.mark.parametrize("target", ["postgres", "spark"])
def test_a_failed_load_changes_nothing(
    run: Callable[..., str], reader: Any, tmp_path: Path, target: str
) -> None:
    run(target, write_two(tmp_path / "old", 3, 4), *NO_OTHERS)
    made = reader(target, "show tables in raw_files") if target == "spark" else []
    told = break_orders(write_two(tmp_path / "new", 1, 1), target)
    assert told in run(target, tmp_path / "new", *NO_OTHERS, expect=2)
    for table, rows in (("customers", 3), ("orders", 4)):
        assert reader(target, f"select count(*) from raw.{table}") == [(rows,)]
    if target == "spark":
        assert reader(target, "show tables in raw_files") == made


def test_views_of_postgres_show_the_new_rows(
    run: Callable[..., str], postgres_server: Postgres, tmp_path: Path
) -> None:
    run("postgres", write_two(tmp_path / "old", 3, 4), *NO_OTHERS)
    with closing(postgres_server.connect()) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("create view public.seen as select count(*) from raw.customers")
        run("postgres", write_two(tmp_path / "new", 5, 6), *NO_OTHERS)
        cursor.execute("select * from public.seen")
        assert cursor.fetchall() == [(5,)]
        cursor.execute("drop view public.seen")


def test_a_table_of_others_on_postgres_is_left_alone(
    run: Callable[..., str], postgres_server: Postgres, tmp_path: Path
) -> None:
    with closing(postgres_server.connect()) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("create schema theirs; create table theirs.orders (amount numeric)")
        cursor.execute("insert into theirs.orders values (1)")
        folder = write_two(tmp_path, 1, 1)
        told = run("postgres", folder, *NO_OTHERS, "--raw-schema", "theirs", expect=2)
        assert "its column amount is numeric, not text" in told
        cursor.execute("select * from theirs.orders")
        assert cursor.fetchall() == [(Decimal(1),)]


def test_a_transaction_of_postgres_sees_the_old_rows_to_its_end(
    run: Callable[..., str], postgres_server: Postgres, tmp_path: Path
) -> None:
    run("postgres", write_two(tmp_path / "old", 3, 4), *NO_OTHERS)
    counts = "select (select count(*) from raw.customers), (select count(*) from raw.orders)"
    with closing(postgres_server.connect()) as connection, connection.cursor() as cursor:
        connection.set_session(isolation_level="REPEATABLE READ")
        cursor.execute("select 1")  # the snapshot; no table is locked
        run("postgres", write_two(tmp_path / "new", 5, 6), *NO_OTHERS)
        cursor.execute(counts)
        assert cursor.fetchall() == [(3, 4)]
        connection.rollback()
        cursor.execute(counts)
        assert cursor.fetchall() == [(5, 6)]


@pytest.mark.parametrize("target", ["postgres", "spark"])
def test_readers_during_loads_see_old_or_new(
    run: Callable[..., str], reader: Any, tmp_path: Path, target: str
) -> None:
    folders = [write_two(tmp_path / str(rows), rows, rows) for rows in (3, 4)]
    run(target, folders[0], *NO_OTHERS)
    # one statement sees one state on PostgreSQL; on Spark each table is replaced for itself
    query = "select count(*) from raw.customers"
    if target == "postgres":
        query = f"select ({query}), (select count(*) from raw.orders)"
    seen: set[Row] = set()
    ended = threading.Event()

    def read() -> None:
        while not ended.is_set():
            seen.update(reader(target, query))

    def load() -> None:
        try:
            for folder in (folders[1], folders[0], folders[1]):
                load_apart(target, folder)
        finally:
            ended.set()

    together(read, load)
    assert seen <= ({(3, 3), (4, 4)} if target == "postgres" else {(3,), (4,)})
    assert reader(target, "select count(*) from raw.orders") == [(4,)]


def test_a_table_of_others_on_spark_is_left_alone(
    run: Callable[..., str], spark_server: Spark, tmp_path: Path
) -> None:
    folder = write_two(tmp_path, 1, 1)
    with closing(spark_server.connect()) as connection:
        cursor = connection.cursor()
        cursor.execute("create database theirs")
        cursor.execute("create table theirs.orders as select 1 as amount")
        told = run("spark", folder, *NO_OTHERS, "--raw-schema", "theirs", expect=2)
        assert "theirs.orders on Spark is not of strata load: it is a table" in told
        cursor.execute("show tables in theirs")
        assert [row[1] for row in cursor.fetchall()] == ["orders"]


@pytest.mark.usefixtures("run")
def test_two_loads_to_postgres_do_not_add_up(
    postgres_server: Postgres, reader: Any, tmp_path: Path
) -> None:
    folder = write_two(tmp_path, 3, 4)
    with closing(postgres_server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("drop schema if exists raw cascade")
        connection.commit()
    together(*[lambda: load_apart("postgres", folder)] * 3)
    assert reader("postgres", "select count(*) from raw.orders") == [(4,)]
