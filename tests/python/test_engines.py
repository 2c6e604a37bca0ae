"""One project, three engines: DuckDB, PostgreSQL and Spark give the same marts.

Each engine builds the demo as of one day; a month later some facts of the past have
been corrected, and the history is built on. After either, all rows of all marts are compared; the
month later on Spark, whose planning takes minutes, a cluster of Spark and its lost worker are long
tests.
"""

import csv
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from conftest import REPORTS, ROOT, Project, Row

from strata.servers import spark
from strata.servers.postgres import Postgres
from strata.servers.spark import Spark

pytestmark = pytest.mark.slow

STRATA = Path(sys.executable).with_name("strata")
FIRST, LATER = "full refresh", "a month later, corrected"
DAYS = {FIRST: date(2026, 5, 15), LATER: date(2026, 6, 15)}
PREFIX = "engines_"
ERASED = "c0000001"
"""A customer with a history, who is erased between the two moments."""
MONTHS = 6
"""Closed months of history: each is planned for itself on Spark, by the same SQL."""
TOLERANCE = 1e-9
SERVERS = ("postgres", "spark")

Marts = dict[str, list[Row]]


@dataclass(frozen=True)
class Engine:
    """An engine with a project on it.

    Attributes
    ----------
    name
        Its target.
    project
        A project of its own.
    query
        Returns the rows of a query.
    """

    name: str
    project: Project
    query: Callable[[str], list[Row]]

    def load(self, raw: Path) -> None:
        """Bring the raw tables there; DuckDB reads the files in place."""
        self.project.variables["raw_path"] = str(raw)
        if self.name == "duckdb":
            return
        _, environment = self.project.call()
        done = subprocess.run(
            [str(STRATA), "load", "--target", self.name, "--raw-path", str(raw)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def build(self, moment: str) -> None:
        """Build the project; on PostgreSQL the first time with all its tests."""
        day = {"as_of_date": DAYS[moment]}
        if moment == FIRST and self.name == "postgres":
            self.project.dbt("--warn-error", "build", variables=day)
        else:
            self.project.make(variables=day)


def by_cursor(server: Postgres | Spark) -> Callable[[str], list[Row]]:
    """Return what runs a query in a connection of its own."""

    def query(sql: str) -> list[Row]:
        with closing(server.connect()) as connection:
            cursor = connection.cursor()
            cursor.execute(sql)
            return [tuple(row) for row in cursor.fetchall()]

    return query


@pytest.fixture(scope="module")
def engines(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: Postgres, spark_server: Spark
) -> list[Engine]:
    def project(name: str, settings: dict[str, str]) -> Project:
        own = {"STRATA_TARGET": name, "STRATA_SCHEMA_PREFIX": PREFIX}
        return Project(
            ROOT, tmp_path_factory.mktemp(name), {"history_months": MONTHS}, own | settings
        )

    embedded = project("duckdb", {})
    return [
        Engine("duckdb", embedded, embedded.query),
        *(
            Engine(name, project(name, server.settings), by_cursor(server))
            for name, server in zip(SERVERS, (postgres_server, spark_server), strict=True)
        ),
    ]


def columns_of_marts(duckdb: Engine) -> dict[str, list[tuple[str, str]]]:
    """Return the name and the type of each column by mart."""
    found: dict[str, list[tuple[str, str]]] = {}
    for mart, column, data_type in duckdb.query(
        "select table_name, column_name, data_type from information_schema.columns"
        f" where table_schema = '{PREFIX}marts' order by table_name, ordinal_position"
    ):
        found.setdefault(mart, []).append((column, data_type))
    return found


def correct(raw: Path) -> None:
    """Correct the past: orders dearer, cancelled and reported late, and a customer erased."""
    path = raw / "orders.csv"
    with path.open(newline="", encoding="utf-8") as file:
        orders = list(csv.DictReader(file))
    known = [
        order
        for order in orders
        if order["status"] == "completed" and order["ordered_at"].startswith("2026-04")
    ]
    known[0]["amount"] = "98765.43"
    known[1]["status"] = "cancelled"
    orders.append(known[2] | {"order_id": "o_reported_late", "amount": "54321.09"})
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, orders[0].keys())
        writer.writeheader()
        writer.writerows(orders)
    with (raw / "erasure_requests.csv").open("a", newline="", encoding="utf-8") as file:
        file.write(f"{ERASED},2026-05-20 08:00:00\n")


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the demo's raw tables, which is corrected between the two moments."""
    return Path(shutil.copytree(ROOT / "demo", tmp_path_factory.mktemp("raw") / "demo"))


def state(engine: Engine, moment: str, raw: Path, duckdb: Engine) -> Marts:
    """Build a moment; return the rows of all marts, in a fixed order of rows."""
    began = time.monotonic()
    engine.load(raw)
    engine.build(moment)
    took = time.monotonic() - began
    REPORTS.setdefault("engines", []).append(f"{engine.name:9} {moment:25} {took:5.0f} s")
    return {
        mart: rows_of(engine, mart, columns) for mart, columns in columns_of_marts(duckdb).items()
    }


@pytest.fixture(scope="module")
def states(engines: list[Engine], raw: Path) -> dict[tuple[str, str], Marts]:
    """Return the rows of all marts by moment and engine: of the later moment not those of Spark."""
    found = {(FIRST, it.name): state(it, FIRST, raw, engines[0]) for it in engines}
    correct(raw)
    return found | {(LATER, it.name): state(it, LATER, raw, engines[0]) for it in engines[:-1]}


@pytest.fixture(scope="module")
def spark_later(
    engines: list[Engine], states: dict[tuple[str, str], Marts], raw: Path
) -> dict[tuple[str, str], Marts]:
    """Return the rows of the later moment on DuckDB and on Spark."""
    return {
        (LATER, "duckdb"): states[LATER, "duckdb"],
        (LATER, "spark"): state(engines[-1], LATER, raw, engines[0]),
    }


def rows_of(engine: Engine, mart: str, columns: list[tuple[str, str]]) -> list[Row]:
    """Return the rows of a mart, sorted by their exact cells."""
    exact = [position for position, (_, kind) in enumerate(columns) if kind != "DOUBLE"]
    dates = {position for position, (_, kind) in enumerate(columns) if kind == "DATE"}
    names = ", ".join(name for name, _ in columns)
    rows = engine.query(f"select {names} from {PREFIX}marts.{mart}")
    return sorted(
        # the driver of Spark gives dates as texts
        [
            tuple(
                date.fromisoformat(cell) if at in dates and isinstance(cell, str) else cell
                for at, cell in enumerate(row)
            )
            for row in rows
        ],
        key=lambda row: [(row[at] is None, str(row[at])) for at in exact],
    )


def same_cell(cell: Any, other: Any) -> bool:
    """Tell whether two cells are the same: equal and of one type, or doubles very near."""
    if isinstance(cell, float) and isinstance(other, float):
        return math.isclose(cell, other, rel_tol=TOLERANCE, abs_tol=1e-12)
    return type(cell) is type(other) and bool(cell == other)


def differences(rows: list[Row], others: list[Row]) -> list[tuple[Row, Row]]:
    """Return the pairs of rows that differ."""
    return [
        (row, other)
        for row, other in zip(rows, others, strict=False)
        if not all(map(same_cell, row, other))
    ]


def compare(moment: str, states: dict[tuple[str, str], Marts]) -> None:
    """Compare the marts of a moment with those of DuckDB."""
    expected = states[moment, "duckdb"]
    servers = [name for name in SERVERS if (moment, name) in states]
    lines = [
        f"{'mart':30} {''.join(f'{name:>9}' for name in ('duckdb', *servers))}  differing rows"
    ]
    wrong: dict[str, Any] = {}
    for mart, rows in expected.items():
        unlike = {name: differences(rows, states[moment, name][mart]) for name in servers}
        counts = [len(rows), *(len(states[moment, name][mart]) for name in servers)]
        shown = " ".join(f"{count:8,}" for count in counts)
        lines.append(f"{mart:30} {shown}  {sum(map(len, unlike.values()))}")
        if len(set(counts)) > 1 or any(unlike.values()):
            wrong[mart] = {name: pairs[:1] for name, pairs in unlike.items()}
    REPORTS[f"parity: {moment}, {', '.join(servers)}"] = lines
    assert not wrong
    assert all(expected.values()), "a mart without rows proves nothing"


@pytest.mark.parametrize("moment", DAYS)
def test_every_mart_is_the_same_on_the_engines(
    moment: str, states: dict[tuple[str, str], Marts]
) -> None:
    assert (moment, "postgres") in states
    assert (FIRST, "spark") in states
    compare(moment, states)


def test_the_correction_reached_a_month_that_was_stored(
    engines: list[Engine], states: dict[tuple[str, str], Marts]
) -> None:
    mart = "customer_tier_history"
    names = [name for name, _ in columns_of_marts(engines[0])[mart]]
    customer, day, revenue = (
        names.index(name) for name in ("customer_id", "evaluation_date", "net_revenue_12m")
    )
    first, later = (
        {
            row[customer]: row[revenue]
            for row in states[moment, "duckdb"][mart]
            if row[day] == date(2026, 4, 30)
        }
        for moment in DAYS
    )
    changed = {name for name in first.keys() & later.keys() if first[name] != later[name]}
    assert 1 <= len(changed) <= 3


def test_who_was_erased_is_in_no_month(
    states: dict[tuple[str, str], Marts],
) -> None:
    mart = "customer_tier_history"
    for name in ("duckdb", "postgres"):
        assert any(ERASED in row for row in states[FIRST, name][mart])
        assert not any(ERASED in row for row in states[LATER, name][mart])


def test_a_different_cell_is_seen() -> None:
    row = ("c1", 1, 0.5, None)
    assert not differences([row], [("c1", 1, 0.5 + 1e-13, None)])
    for other in (("c2", 1, 0.5, None), ("c1", 1.0, 0.5, None), ("c1", 1, 0.5001, None)):
        assert differences([row], [other])


@pytest.mark.long
def test_a_build_that_loses_a_worker_of_spark_is_whole_or_repaired_by_the_next(
    engines: list[Engine], states: dict[tuple[str, str], Marts], spark_server: Spark
) -> None:
    project = engines[-1].project
    # what a run of the same day makes anew, once it is known which months are stored
    models = ("int_evaluation_dates", "int_evaluation_scope+,+customer_tier_history")
    command, environment = project.call(
        "run", "--select", *models, variables={"as_of_date": DAYS[FIRST]}
    )
    told: list[str] = []
    is_killed = False
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout
        for line in running.stdout:
            told.append(line)
            if "START" in line and "int_customer_scores" in line:
                os.killpg(spark_server.pids["worker1"], signal.SIGKILL)
                is_killed = True
    assert is_killed, told
    if running.returncode:
        errors = [line for line in told if "Database Error" in line or "Runtime Error" in line]
        assert errors, "".join(told[-40:])
    spark.stop(spark_server.folder)
    spark.start(spark_server.folder, spark_server.port)
    if running.returncode:
        project.dbt("run", "--select", *models, variables={"as_of_date": DAYS[FIRST]})
    mart = "customer_tier_history"
    rows = rows_of(engines[-1], mart, columns_of_marts(engines[0])[mart])
    assert len(rows) == len(states[FIRST, "spark"][mart])
    assert not differences(rows, states[FIRST, "spark"][mart])


@pytest.mark.long
def test_every_mart_is_the_same_on_spark_a_month_later(
    states: dict[tuple[str, str], Marts], spark_later: dict[tuple[str, str], Marts]
) -> None:
    compare(FIRST, states)
    compare(LATER, spark_later)
    mart = "customer_tier_history"
    assert any(ERASED in row for row in states[FIRST, "spark"][mart])
    assert not any(ERASED in row for row in spark_later[LATER, "spark"][mart])


@pytest.mark.long
@pytest.mark.usefixtures("spark_later")
def test_all_tests_pass_on_spark(engines: list[Engine]) -> None:
    engines[-1].project.dbt("--warn-error", "test", variables={"as_of_date": DAYS[LATER]})
