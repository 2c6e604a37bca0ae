"""What the tests share: dbt in a working folder of its own, the built demo, and small raw data."""

import csv
import fcntl
import hashlib
import json
import math
import multiprocessing
import os
import re
import shutil
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import dbt_parsed_once
import duckdb
import pandas as pd
import pytest
from hypothesis import settings
from raw_data import OPTIONAL_TABLES, invent

from strata.servers import postgres, spark
from strata.servers.ports import free_port
from strata.servers.postgres import Postgres
from strata.servers.spark import Spark

ROOT = Path(__file__).parents[2]
DBT = (sys.executable, "-P", str(Path(__file__).with_name("dbt_parsed_once.py")))
FORKS = multiprocessing.get_context("forkserver")
"""Calls of dbt are forked from a process that has imported it: 2 s of CPU less for each."""
FORKS.set_forkserver_preload(["dbt_parsed_once", "dbt.adapters.duckdb.impl"])
PARSED = "PARSED_PROJECTS"
"""Environment variable with the folder of what dbt has parsed, which the workers share."""
DBT_FILES = (
    "dbt_project.yml",
    "selectors.yml",
    "profiles",
    "models",
    "macros",
    "seeds",
    "tests/generic",
    "tests/singular",
    "tests/fixtures",
)
LONGEST = (
    "test_engines.py",
    "test_publish.py",
    "test_incremental.py",
    "test_calibrate.py",
    "test_plain_builds.py",
    "test_retail.py",
    "test_merges.py",
    "test_cdnow.py",
    "test_backtest.py",
    "test_values.py",
    "test_import.py",
    "test_architecture.py",
    "test_import_faults.py",
)
"""Files in the order in which they begin, by the time they take; all others follow.

While one worker builds the demo for the picture of the architecture, another needs none.
"""
THREADS = "1"
"""Models that dbt builds at a time where it computes itself, and no server does."""
READ_LATER: dict[str, object] = {
    "as_of_date": date(2025, 1, 31),
    "business_timezone": "Europe/Berlin",
    "convert_seed_money": True,
    "history_months": 2,
    "identifier_folds": {"letter_case": "to try"},
    "missing_sources": OPTIONAL_TABLES,
    "number_format": "1.234,50",
    "number_formats": {"orders": "1,234.50"},
    "raw_path": "elsewhere",
    "reporting_currency": "EUR",
    "restatement_months": 5,
    "rfm_window_months": None,
    "source_timezone": "Europe/Madrid",
    "source_timezones": {"orders": "America/New_York"},
    "tier_rule_set": "candidate",
}
"""Vars that change nothing in what dbt parses, each with a value that is not its default."""
QUIET = re.compile(r"^\d\d:\d\d:\d\d +($|\d+ of \d+ (START|OK|PASS|SKIP|NO-OP) )")

# a busy machine is not an error
settings.register_profile("strata", deadline=None)
settings.load_profile("strata")

Row = tuple[Any, ...]

REPORTS: dict[str, list[str]] = {}
"""Tables that tests print after the last test, by their titles."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder of the parsed projects, which the workers share; one model at a time.

    Each core has a worker, and two threads of one Python take a sixth more time than one.
    """
    if not hasattr(config, "workerinput"):
        os.environ[PARSED] = tempfile.mkdtemp(prefix="strata-parsed-")
        os.environ["STRATA_THREADS"] = THREADS


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove it."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ[PARSED], ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no worker waits for them at the end."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the tables of a worker to the process that prints."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["reports"] = REPORTS


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the tables of a worker."""
    REPORTS.update(getattr(node, "workeroutput", {}).get("reports", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the tables."""
    for title, lines in REPORTS.items():
        terminalreporter.section(title)
        for line in lines:
            terminalreporter.write_line(line)


def cte_of(sql: str, cte: str) -> str:
    """Return the query of one CTE of a compiled model, which ends by reading its last one."""
    return f"{sql.rpartition('select * from')[0]}select * from {cte}"


class Project:
    """A dbt project with a warehouse, a target and a log folder that nobody else uses.

    Parameters
    ----------
    root
        Folder of ``dbt_project.yml``; it is only read.
    work
        Folder for everything that dbt writes.
    variables
        Vars of every call; those of a call are added to them.
    settings
        Environment variables of every call, such as the target and where its server is.
    """

    def __init__(
        self,
        root: Path,
        work: Path,
        variables: Mapping[str, object] | None = None,
        settings: Mapping[str, str] | None = None,
    ):
        self.root = root
        self.work = work
        self.variables = dict(variables or {})
        self.settings = dict(settings or {})
        self.database = work / "strata.duckdb"
        self.output = ""
        work.mkdir(parents=True, exist_ok=True)

    def dbt(
        self,
        *arguments: str,
        variables: Mapping[str, object] | None = None,
        expect: int | None = 0,
    ) -> str:
        """Run dbt, check its exit code (``None``: whatever it is) and return what it printed."""
        command, environment = self.call(*arguments, variables=variables)
        told = self.work / f"told-{uuid.uuid4().hex}.txt"
        process = FORKS.Process(
            target=dbt_parsed_once.call,
            args=(command[len(DBT) :], self.root, environment, told),
        )
        process.start()
        process.join(timeout=2400)
        if process.is_alive():
            process.kill()
            process.join()
        self.output = told.read_text(encoding="utf-8", errors="replace")
        told.unlink()
        if expect is not None and process.exitcode != expect:
            lines = [line for line in self.output.splitlines() if not QUIET.search(line)]
            shown = "\n".join(lines[-40:])
            pytest.fail(f"exit code {process.exitcode} of {command}:\n{shown}", pytrace=False)
        return self.output

    def call(
        self, *arguments: str, variables: Mapping[str, object] | None = None
    ) -> tuple[list[str], dict[str, str]]:
        """Return the command line and the environment of a call of dbt."""
        given = self.variables | dict(variables or {})
        command = [*DBT, "--no-use-colors", *arguments]
        if given:
            command += ["--vars", json.dumps(given, default=str)]
        kept = {name: text for name, text in os.environ.items() if name[:4] not in ("DBT_", "STRA")}
        own = {
            "DBT_PROFILES_DIR": self.root / "profiles",
            "DBT_TARGET_PATH": self.work / "target",
            "DBT_LOG_PATH": self.work / "logs",
            "STRATA_DUCKDB_PATH": self.database,
            "PARSED_PROJECT": self.parsed(given),
        } | self.settings
        if self.settings.get("STRATA_TARGET", "duckdb") == "duckdb":
            own.setdefault("STRATA_THREADS", THREADS)
        return command, kept | {name: str(path) for name, path in own.items()}

    def parsed(self, variables: Mapping[str, object]) -> Path:
        """Return the folder for what dbt parses of these files, settings and vars.

        Some vars are read later, when a query is made, and so are the rows of seeds.
        """
        read = {name: variables[name] for name in variables if name not in READ_LATER}
        digest = hashlib.sha256(json.dumps([read, self.settings], default=str).encode())
        for name in DBT_FILES:
            for path in sorted([self.root / name, *(self.root / name).rglob("*")]):
                if path.is_file():
                    digest.update(f"{path.relative_to(self.root)}\n".encode())
                    digest.update(b"" if path.suffix == ".csv" else path.read_bytes())
        return Path(os.environ[PARSED]) / digest.hexdigest()

    def make(self, *select: str, variables: Mapping[str, object] | None = None) -> str:
        """Make seeds and models, without tests; all of them if none is selected."""
        chosen = ("--select", *select) if select else ()
        without = ("--exclude-resource-type", "test", "unit_test")
        return self.dbt("--warn-error", "build", *chosen, *without, variables=variables)

    def query(self, sql: str) -> list[Row]:
        """Return all rows of a query."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def value(self, sql: str) -> Any:
        """Return the only value of a query."""
        ((only,),) = self.query(sql)
        return only

    def records(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows of a query by the names of their columns."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            found = connection.execute(sql)
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def frame(self, sql: str) -> pd.DataFrame:
        """Return the rows of a query as a data frame; decimals become doubles."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(sql).df()

    def rows(self, relation: str, but: Sequence[str] = (), where: str = "true") -> list[Row]:
        """Return the rows of a relation in a fixed order, without some columns."""
        left_out = f"exclude ({', '.join(but)})" if but else ""
        return self.query(f"select * {left_out} from {relation} where {where} order by all")

    def compiled(self, model: str, cte: str | None = None) -> str:
        """Return the SQL of a model as it was compiled; or of one of its CTEs."""
        found = (self.work / "target" / "compiled").glob(f"strata/models/**/{model}.sql")
        (path,) = (it for it in found if ".yml" not in str(it))  # unit tests are compiled too
        sql = path.read_text(encoding="utf-8")
        return sql if cte is None else cte_of(sql, cte)

    def seed(self, name: str) -> Path:
        """Find the CSV of a seed."""
        (path,) = self.root.glob(f"seeds/*/{name}.csv")
        return path


def copy_project(folder: Path, variables: Mapping[str, object] | None = None) -> Project:
    """Copy everything that dbt reads, except the demo data, so that it can be broken there."""
    root = folder / "project"
    for name in DBT_FILES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name)
        elif source.exists():
            root.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, root / name)
    return Project(root, folder / "work", variables)


def together(*calls: Callable[[], Any]) -> list[Any]:
    """Run calls at the same time, for dbt uses one core, and return their results in order."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def is_same(row: Iterable[Any], other: Iterable[Any]) -> bool:
    """Tell whether two rows are the same, but for the order in which doubles were summed."""
    return all(
        cell == its
        or (isinstance(cell, float) and isinstance(its, float) and math.isclose(cell, its))
        for cell, its in zip(row, other, strict=True)
    )


def read_seed(name: str) -> list[dict[str, str]]:
    """Read a seed of the project as texts."""
    (path,) = ROOT.glob(f"seeds/*/{name}.csv")
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read_raw(name: str) -> list[dict[str, str]]:
    """Read a raw table of the demo as texts."""
    with (ROOT / "demo" / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def made_once(
    tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]
) -> Path:
    """Return the folder of this name that all workers share, after one of them has filled it."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / name
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (done := folder / "done").exists():
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def demo_build(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Build the committed demo with all its tests, warnings being errors: once for all workers."""

    def make(folder: Path) -> None:
        told = Project(ROOT, folder).dbt("--warn-error", "build")
        (folder / "told.txt").write_text(told, encoding="utf-8")

    project = Project(ROOT, made_once(tmp_path_factory, "demo", make))
    project.output = (project.work / "told.txt").read_text(encoding="utf-8")
    return project


@pytest.fixture(scope="session")
def history(demo_build: Project) -> list[dict[str, Any]]:
    """Return the history of the demo by customer and date; it is only read."""
    return demo_build.records(
        "select * from marts.customer_tier_history order by customer_id, evaluation_date"
    )


@pytest.fixture(scope="session")
def small_build_as_built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Build a copy of the project, with all its tests, from two files that have few columns.

    It is built once for all workers, and only read. Its vars are the same in every call, so that
    dbt parses it once.
    """
    last_day = date(2025, 3, 17)
    variables = {"missing_sources": OPTIONAL_TABLES, "as_of_date": last_day, "history_months": 3}

    def make(folder: Path) -> None:
        project = copy_project(folder, variables)
        data = invent(5, date(2023, 6, 1), last_day)
        data.write(project.root / "demo", ("customers", "orders"))
        project.dbt("--warn-error", "build")

    built = made_once(tmp_path_factory, "small", make)
    return Project(built / "project", built / "work", variables)


def project_as_built(built: Project, folder: Path) -> Project:
    """Copy a built project with everything that dbt wrote."""
    shutil.copytree(built.root, folder / "project")
    shutil.copytree(built.work, folder / "work")
    return Project(folder / "project", folder / "work", built.variables)


@pytest.fixture(scope="session")
def small_build(small_build_as_built: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Copy the small build for a worker; tests may edit it if they put back what was there.

    What dbt writes beside the warehouse, such as the manifest, is of the last call of any test.
    """
    return project_as_built(small_build_as_built, tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """Start a PostgreSQL server, and stop it after the last test.

    Its folder is not one of pytest: another pytest that starts takes the rights of other users from
    the folder of them all, and the server runs as another user.
    """
    with tempfile.TemporaryDirectory(prefix="strata-postgres-") as name:
        folder = Path(name) / "data"
        yield postgres.start(folder, free_port())
        postgres.stop(folder)


@pytest.fixture(scope="session")
def spark_server(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Spark]:
    """Start Spark, and stop it after the last test.

    It is a cluster where a long test runs, for one kills a worker. Else it is one process that
    compiles no code: on small data workers and compilers take more CPU time than the rows.
    """
    folder = tmp_path_factory.mktemp("spark")
    if any(it.get_closest_marker("long") for it in request.session.items):
        started = spark.start(folder, free_port())
    else:
        tuning = spark.SMALL_DATA | {"spark.sql.codegen.factoryMode": "NO_CODEGEN"}
        started = spark.start(folder, free_port(), tuning=tuning, workers=0)
    yield started
    spark.stop(folder)


@pytest.fixture
def project_copy(tmp_path: Path) -> Project:
    """Copy the project for a test that edits it."""
    return copy_project(tmp_path)
