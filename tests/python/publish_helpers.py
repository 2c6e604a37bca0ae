"""What the tests of publishing share: a project of three marts, and readers that read in a loop."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

import duckdb
from conftest import ROOT, Project
from typer.testing import CliRunner, Result

from strata.cli import app
from strata.servers.postgres import Postgres

COPIED = ("dbt_project.yml", "profiles", "macros", "tests/generic", "models/groups.yml")
READER = "chart_maker"
ONE_AT_A_TIME = threading.Lock()
"""The runner of typer changes the environment of the process."""
MARTS = ("customer_tier_history", "customer_tiers", "customers")

CUSTOMERS = """
select
    'c' || number as customer_id,
    case number % 4
        when 0 then 'it''s' when 1 then '' when 2 then chr(10) || '"金",' || chr(9) || '\\'
    end as name,
    number::integer as visits,
    (number * 1000)::bigint as points,
    case when number % 7 > 0 then (number / 7)::decimal(18, 2) - 40 end as revenue,
    case number % 5 when 0 then 'infinity'::double when 1 then null else number / 3 end as score,
    number % 3 = 0 as is_new,
    case when number % 6 > 0 then date '1969-12-01' + number::integer end as first_date,
    timestamp '1999-12-31 23:59:59.123456' + interval (number) minute as seen_at
from range({{ 200 + 41 * as_of_day().day }}) as numbers (number)
"""
TIERS = """
select customer_id, '{{ env_var("TIER", "gold") }}' as tier_code, 1 as tier_rank,
    {{ as_of_date() }} as evaluation_date
from {{ ref('customers') }}
"""
HISTORY = """
{{ config(materialized='incremental', incremental_strategy='delete+insert',
          unique_key='evaluation_date', on_schema_change='fail') }}
select customer_id, tier_code, evaluation_date, false as is_current from {{ ref('customer_tiers') }}
"""
TYPES = {
    "name": "text",
    "visits": "integer",
    "points": "bigint",
    "revenue": "decimal(18, 2)",
    "score": "double",
    "is_new": "boolean",
    "is_current": "boolean",
    "first_date": "date",
    "seen_at": "timestamp",
    "tier_code": "text",
    "tier_rank": "integer",
    "evaluation_date": "date",
    "customer_id": "text",
}
COLUMNS = {
    "customers": ["customer_id", *(it for it in list(TYPES)[:9] if it != "is_current")],
    "customer_tiers": ["customer_id", "tier_code", "tier_rank", "evaluation_date"],
    "customer_tier_history": ["customer_id", "tier_code", "evaluation_date", "is_current"],
}
KEYS = {
    "customers": "[customer_id]",
    "customer_tiers": "[customer_id]",
    "customer_tier_history": "[customer_id, evaluation_date]",
}
UNIT_TEST = """
unit_tests:
  - name: tiers_are_those_of_the_environment
    description: Everybody has the tier of the environment variable.
    model: customer_tiers
    given:
      - input: ref('customers')
        rows: [{customer_id: c1}]
    expect:
      rows: [{customer_id: c1}]
"""


def describe(mart: str) -> str:
    """Return the YAML of a mart."""
    lines = [
        "models:",
        f"  - name: {mart}",
        f'    description: >\n      One row per {mart}; it\'s "so", 100 % sure.',
        "    data_tests:",
        f"      - grain: {{name: {mart}_grain, arguments: {{columns: {KEYS[mart]}}}}}",
        "    columns:",
    ]
    for name in COLUMNS[mart]:
        described = f"description: 'The {name} of {mart}', data_type: '{TYPES[name]}'"
        lines.append(f"      - {{name: {name}, {described}}}")
    return "\n".join(lines) + "\n"


def small_project(folder: Path) -> Project:
    """Write a project of three marts with the settings and macros of the real one.

    The days of as_of_date differ in the rows of each mart; the environment variables TIER and
    IS_BROKEN give a tier and fail a test.
    """
    root = folder / "project"
    for name in COPIED:
        source = ROOT / name
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, root / name)
    marts = root / "models" / "marts"
    marts.mkdir()
    queries = {"customers": CUSTOMERS, "customer_tiers": TIERS, "customer_tier_history": HISTORY}
    for mart, query in queries.items():
        (marts / f"{mart}.sql").write_text(query)
        (marts / f"{mart}.yml").write_text(describe(mart))
    (marts / "unit_tests.yml").write_text(UNIT_TEST)
    (root / "tests" / "singular").mkdir()
    (root / "tests" / "singular" / "fails.sql").write_text(
        "select 1 as found where {{ env_var('IS_BROKEN', 'false') }}"
    )
    return Project(root, folder / "work", {"as_of_date": date(2026, 5, 1)})


@dataclass(frozen=True)
class Database:
    """A database of a test on the server of all tests."""

    server: Postgres
    name: str

    @property
    def settings(self) -> dict[str, str]:
        """Return the environment variables that name it."""
        return self.server.settings | {"STRATA_PG_DATABASE": self.name}

    def connect(self, user: str = "strata") -> Any:
        """Open a connection; close it yourself."""
        return self.server.connect(user, self.name)

    def query(self, sql: str, user: str = "strata") -> list[tuple[Any, ...]]:
        """Run a statement, commit it, and return its rows."""
        with closing(self.connect(user)) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(sql)
            return list(cursor.fetchall()) if cursor.description else []

    def add_reader(self) -> str:
        """Make a user who is a strata_reader and nothing else, and return the name."""
        self.query(
            f"create role {READER} login password '{self.server.password}' in role strata_reader"
        )
        return READER


def publish(project: Project, *arguments: object, to: Database | None = None) -> Result:
    """Run `strata publish` on the warehouse of a project, to a file or to a database."""
    settings = {"STRATA_DUCKDB_PATH": str(project.database)}
    if to is not None:
        settings |= to.settings
        arguments = ("--to", "postgres", *arguments)
    with ONE_AT_A_TIME:
        return CliRunner().invoke(app, ["publish", *map(str, arguments)], env=settings)


@dataclass
class Seen:
    """What a reader saw in a loop: publications, numbers of reads, and what was wrong."""

    reads: int = 0
    publications: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def read(self, query: Callable[[str], list[Any]], pause: Callable[[], None]) -> None:
        """Compare all marts with the last publication, in what should be one state."""
        rows = query(
            "select publication_id, mart_name, row_count, as_of_date from marts.publications"
            " where published_at = (select max(published_at) from marts.publications)"
            " order by mart_name"
        )
        pause()
        problems = []
        if tuple(row[1] for row in rows) != MARTS:
            problems.append(f"publications has {rows}")
        for _, mart, count, as_of_date in rows:
            last = "max(evaluation_date)" if mart != "customers" else "null"
            found = query(f"select count(*), {last} from marts.{mart}")
            if found != [(count, as_of_date if mart != "customers" else None)]:
                problems.append(f"{mart} has {found}, not {count} as of {as_of_date}")
        self.reads += 1
        self.problems += problems
        for publication_id in {row[0] for row in rows} - set(self.publications):
            self.publications.append(publication_id)


def read_file(path: Path, stop: Any, answers: Any) -> None:
    """Open a served file again and again, until told to stop."""
    seen = Seen()
    random = Random(1)
    while not stop.is_set():
        try:
            with duckdb.connect(str(path), read_only=True) as connection:
                seen.read(
                    lambda sql: connection.execute(sql).fetchall(),
                    lambda: time.sleep(random.uniform(0, 0.1)),
                )
        except duckdb.Error as error:
            seen.problems.append(str(error))
    answers.put(seen)


@contextmanager
def file_reader(path: Path) -> Iterator[Callable[[], Seen]]:
    """Read a served file in a process of its own; call what is yielded to stop it."""
    context = get_context("spawn")
    stop: Any = context.Event()
    answers: Any = context.Queue()
    reader = context.Process(target=read_file, args=(path, stop, answers))
    reader.start()

    def end() -> Seen:
        stop.set()
        seen: Seen = answers.get(timeout=60)
        return seen

    try:
        yield end
    finally:
        stop.set()
        reader.join(60)


@contextmanager
def postgres_reader(database: Database, user: str) -> Iterator[Callable[[], Seen]]:
    """Read published tables in transactions, in a thread; call what is yielded to stop it."""
    seen = Seen()
    stop = threading.Event()
    random = Random(2)

    def read() -> None:
        with closing(database.connect(user)) as connection:
            connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
            cursor = connection.cursor()

            def query(sql: str) -> list[Any]:
                cursor.execute(sql)
                rows: list[Any] = cursor.fetchall()
                return rows

            while not stop.is_set():
                try:
                    seen.read(query, lambda: time.sleep(random.uniform(0, 0.5)))
                except Exception as error:
                    seen.problems.append(str(error))
                connection.rollback()

    thread = threading.Thread(target=read)
    thread.start()

    def end() -> Seen:
        stop.set()
        thread.join(60)
        return seen

    try:
        yield end
    finally:
        end()
