"""Publishing: readers see one complete build, the last that was published, and nothing else."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import psycopg2
import pytest
from conftest import Project, Row, is_same, together
from publish_helpers import (
    COLUMNS,
    MARTS,
    READER,
    Database,
    file_reader,
    postgres_reader,
    publish,
    small_project,
)
from typer.testing import Result

from strata.publish import postgres
from strata.publish.publications import git_revision
from strata.servers.ports import free_port
from strata.servers.postgres import PASSWORD_FILE, Postgres

pytestmark = pytest.mark.slow

TABLES = sorted((*MARTS, "publications"))
FAILS = "is failed: 1 nodes failed or were skipped, first fails"
HOLD = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print(flush=True); input()"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Build the project of three marts; it is only read."""
    project = small_project(tmp_path_factory.mktemp("built"))
    project.dbt("build")
    return project


@pytest.fixture
def another(built: Project, tmp_path: Path) -> Project:
    """Return a copy of the project and its build, to run dbt there."""
    shutil.copytree(built.root, tmp_path / "project")
    (tmp_path / "work").mkdir()
    shutil.copy(built.database, tmp_path / "work")
    return Project(tmp_path / "project", tmp_path / "work", built.variables)


@pytest.fixture
def served_path(tmp_path: Path) -> Path:
    """Return where a test publishes to; the folder is not there yet."""
    return tmp_path / "serve" / "strata.duckdb"


@pytest.fixture
def database(postgres_server: Postgres, request: pytest.FixtureRequest) -> Iterator[Database]:
    """Make an empty database for one test."""
    own = Database(postgres_server, re.sub(r"\W", "_", request.node.name)[:60])
    whole = Database(postgres_server, "strata")
    whole.query(f"create database {own.name}")
    yield own
    whole.query(f"drop database {own.name} with (force)")
    whole.query(f"drop role if exists {READER}")


def served(path: Path, sql: str) -> list[Row]:
    """Return the rows of a query of a served file."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def publishes(result: Result) -> bool:
    """Tell whether a publication was done; if not, it said why in one line, with exit code 2."""
    if result.exit_code == 0:
        return True
    assert result.exit_code == 2, result.output
    assert result.output.startswith("strata publish: "), result.output
    assert result.output.count("\n") == 1, result.output
    return False


def test_readers_see_only_whole_publications(
    another: Project, database: Database, served_path: Path
) -> None:
    """Five builds and publications, while a file and tables are read in a loop."""
    assert publishes(publish(another, "--serve", served_path))
    assert publishes(publish(another, to=database))
    with (
        file_reader(served_path) as end_file_reader,
        postgres_reader(database, database.add_reader()) as end_postgres_reader,
        duckdb.connect(str(served_path), read_only=True) as held,
    ):
        for day in range(2, 7):
            another.dbt("build", variables={"as_of_date": date(2026, 5, day)})
            assert publishes(publish(another, "--serve", served_path))
            assert publishes(publish(another, to=database))
        # who holds the file open keeps it, and has disturbed nobody
        assert held.execute("select count(*) from marts.publications").fetchall() == [(3,)]
        assert held.execute("select count(*) from marts.customers").fetchall() == [(241,)]
        for seen in (end_file_reader(), end_postgres_reader()):
            assert seen.problems == []
            assert seen.reads > 20
            assert len(seen.publications) > 3
    counts = [200 + 41 * day for day in range(1, 7)]
    expected = [
        (date(2026, 5, day), mart, sum(counts[:day]) if "history" in mart else counts[day - 1])
        for day in range(1, 7)
        for mart in MARTS
    ]
    sql = "select as_of_date, mart_name, row_count from marts.publications order by 1, 2"
    assert served(served_path, sql) == expected
    assert database.query(sql) == expected


@pytest.mark.parametrize(
    ("step", "variables", "environment", "refusal"),
    [
        (("test",), {}, {}, ""),
        (("docs", "generate"), {}, {}, ""),
        (("build",), {"as_of_date": date(2026, 4, 1)}, {}, ""),
        (("run", "--select", "customers"), {}, {}, "is partial: it was dbt run with --select"),
        (("build", "--exclude-resource-type", "unit_test"), {}, {}, "is partial: it was dbt build"),
        (("build", "--empty"), {}, {}, "is partial: it was dbt build with --empty"),
        (("build",), {}, {"IS_BROKEN": "true"}, FAILS),
        (("test",), {}, {"IS_BROKEN": "true"}, FAILS),
        (("build",), {}, {"TIER": "it's"}, "skipped, first tiers_are_those_of_the_environment"),
        (("build",), {"as_of_date": "soon"}, {}, ""),
    ],
)
def test_only_what_is_complete_is_published(
    another: Project,
    served_path: Path,
    *,
    step: tuple[str, ...],
    variables: dict[str, object],
    environment: dict[str, str],
    refusal: str,
) -> None:
    """After a complete build comes one more step of dbt; a step that is refused is none."""
    assert publishes(publish(another, "--serve", served_path))
    before = served_path.read_bytes()
    another.settings = environment
    another.dbt(*step, variables=variables, expect=None)
    result = publish(another, "--serve", served_path)
    assert publishes(result) == (not refusal)
    if refusal:
        assert refusal in result.output
        assert served_path.read_bytes() == before


def test_a_user_is_told_in_one_line(
    built: Project, database: Database, tmp_path: Path, served_path: Path
) -> None:
    def told(project: Project, *arguments: object, to: Database | None = None) -> str:
        result = publish(project, *arguments, to=to)
        assert not publishes(result)
        return result.output

    assert "--to must be duckdb or postgres" in told(built, "--to", "paper")
    assert "is the build itself" in told(built, "--serve", built.database)
    (tmp_path / PASSWORD_FILE).write_text("of nobody")
    nobody = Database(Postgres(tmp_path, free_port()), "strata")
    assert "is not reachable" in (output := told(built, to=nobody))
    assert "STRATA_PG_PORT" in output
    assert "--serve must be a file, not '.'" in told(built, "--serve", ".")
    for variable in ("STRATA_THREADS", "STRATA_DUCKDB_MEMORY"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(variable, "many")
            assert f"{variable} must not be 'many': " in told(built, "--serve", served_path)

    project = Project(built.root, tmp_path / "blocks")
    assert "does not exist" in told(project, "--serve", served_path)
    project.database.write_text("no database")
    assert "cannot be read" in told(project, "--serve", served_path)
    project.database.unlink()
    duckdb.connect(str(project.database)).close()
    assert "has no build" in told(project, "--serve", served_path)
    assert not served_path.parent.exists()

    foreign = tmp_path / "foreign.duckdb"
    shutil.copy(project.database, foreign)
    assert "is not what was published before" in told(built, "--serve", foreign)
    assert foreign.read_bytes() == project.database.read_bytes()
    database.query("create schema marts")
    database.query("create table marts.customers (customer_id text)")
    assert "was not made by `strata publish`" in told(built, to=database)


def test_a_warehouse_that_changes_is_not_published(another: Project, served_path: Path) -> None:
    with subprocess.Popen(
        (sys.executable, "-c", HOLD, another.database),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        result = publish(another, "--serve", served_path)
        assert not publishes(result)
        assert "another process has it open; wait until that build or reader ends" in result.output
        writer.communicate("\n")
    for change, refusal in (
        ("drop table marts.customers", "has no table marts.customers"),
        ("delete from runs.built_marts", "has no marts"),
    ):
        with duckdb.connect(str(another.database)) as connection:
            connection.execute(change)
        result = publish(another, "--serve", served_path)
        assert not publishes(result)
        assert refusal in result.output


def test_what_a_dead_publication_left_is_removed(built: Project, tmp_path: Path) -> None:
    for left in (".strata.duckdb.publishing", ".strata.duckdb.publishing.wal"):
        (tmp_path / left).write_text("half a file")
    assert publishes(publish(built, "--serve", tmp_path / "strata.duckdb"))
    (only,) = (path for path in tmp_path.iterdir() if path.is_file())
    assert only.name == "strata.duckdb"
    assert only.stat().st_mode & 0o222 == 0


def test_a_file_has_the_marts_their_comments_and_nothing_else(
    built: Project, served_path: Path
) -> None:
    assert publishes(publish(built, "--serve", served_path))
    tables = served(
        served_path, "select schema_name, table_name, comment from duckdb_tables() order by 2"
    )
    assert [row[:2] for row in tables] == [("marts", name) for name in TABLES]
    assert tables[2][2] == 'One row per customers; it\'s "so", 100 % sure.\n'
    assert served(served_path, "from duckdb_views() where not internal") == []
    for mart, names in COLUMNS.items():
        assert served(served_path, f"from marts.{mart} order by all") == built.rows(f"marts.{mart}")
        assert served(
            served_path,
            "select column_name, comment from duckdb_columns()"
            f" where table_name = '{mart}' order by column_index",
        ) == [(name, f"The {name} of {mart}") for name in names]
    revision = git_revision(Path.cwd())
    assert served(
        served_path, "select mart_name, key_columns, git_revision from marts.publications"
    ) == [
        ("customer_tier_history", "customer_id, evaluation_date", revision),
        ("customer_tiers", "customer_id", revision),
        ("customers", "customer_id", revision),
    ]


def test_postgres_has_rows_comments_keys_and_grants(built: Project, database: Database) -> None:
    database.query("create schema private")
    database.query("create table private.salaries (amount int)")
    for _ in range(2):
        assert publishes(publish(built, to=database))
    reader = database.add_reader()
    for mart, names in COLUMNS.items():
        selected = ", ".join(names)
        rows = database.query(f"select {selected} from marts.{mart}", reader)
        expected = built.query(f"select {selected} from marts.{mart}")
        assert sorted(rows, key=repr) == sorted(expected, key=repr)
        assert database.query(
            "select attname, col_description(attrelid, attnum) from pg_attribute"
            f" where attrelid = 'marts.{mart}'::regclass and attnum > 0 order by attnum"
        ) == [(name, f"The {name} of {mart}") for name in names]
    assert database.query("select obj_description('marts.customers'::regclass)") == [
        ('One row per customers; it\'s "so", 100 % sure.\n',)
    ]
    assert database.query("select count(*) from marts.publications", reader) == [(6,)]
    assert database.query(
        "select conrelid::regclass::text, pg_get_constraintdef(oid) from pg_constraint"
        " where contype = 'p' and conrelid > 16384 order by 1"
    ) == [
        ("marts.customer_tier_history", "PRIMARY KEY (customer_id, evaluation_date)"),
        ("marts.customer_tiers", "PRIMARY KEY (customer_id)"),
        ("marts.customers", "PRIMARY KEY (customer_id)"),
        ("marts.publications", "PRIMARY KEY (publication_id, mart_name)"),
    ]
    assert database.query(
        "select table_schema, table_name, privilege_type from information_schema.table_privileges"
        " where grantee = 'strata_reader' order by 2"
    ) == [("marts", name, "SELECT") for name in TABLES]
    for forbidden in ("select * from private.salaries", "delete from marts.customers"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            database.query(forbidden, reader)


def test_dbt_builds_nothing_where_marts_are_published(built: Project, database: Database) -> None:
    settings = {"STRATA_TARGET": "postgres", **database.settings}
    on_postgres = Project(built.root, built.work / "postgres", built.variables, settings)
    assert publishes(publish(built, to=database))
    before = database.query("select schema_name from information_schema.schemata order by 1")
    told = on_postgres.dbt("build", expect=None)
    assert "build in another database, or with another STRATA_SCHEMA_PREFIX" in told
    after = database.query("select schema_name from information_schema.schemata order by 1")
    assert {name for (name,) in after} - {name for (name,) in before} <= {"seeds"}


def test_a_failure_half_way_leaves_what_was_there(another: Project, database: Database) -> None:
    """The last mart has a row that the server refuses, after many that it takes."""
    assert publishes(publish(another, to=database))
    database.query("alter table marts.customers add constraint few check (visits < 270)")
    before = database.query("select * from marts.customer_tiers order by 1")
    another.dbt("build", variables={"as_of_date": date(2026, 5, 2)})
    result = publish(another, to=database)
    assert not publishes(result)
    assert 'violates check constraint "few"' in result.output
    assert database.query("select * from marts.customer_tiers order by 1") == before
    assert database.query("select count(*) from marts.customers") == [(241,)]
    assert database.query("select count(*) from marts.publications") == [(3,)]
    database.query("alter table marts.customers drop constraint few")
    assert publishes(publish(another, to=database))
    assert database.query("select count(*) from marts.customers") == [(282,)]


def change_columns(project: Project) -> None:
    """Take a column from the mart `customers`, give it another, and change the type of a third."""
    sql = project.root / "models" / "marts" / "customers.sql"
    text = sql.read_text()
    text = text.replace("number::integer as visits", "'m' || number as market")
    sql.write_text(text.replace("(number * 1000)::bigint", "(number * 1000)::decimal(18, 2)"))
    described = sql.with_suffix(".yml")
    text = described.read_text().replace("visits", "market").replace("'integer'", "'text'")
    described.write_text(text.replace("'bigint'", "'decimal(18, 2)'"))


def test_a_transaction_keeps_its_rows_where_columns_change(
    another: Project, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert publishes(publish(another, to=database))
    database.query("create table marts.retired (n int)")
    database.query(
        "insert into marts.publications (publication_id, mart_name, published_at)"
        " select 'p', 'retired', max(published_at) from marts.publications"
    )
    change_columns(another)
    another.dbt("build", variables={"as_of_date": date(2026, 5, 2)})
    with closing(database.connect()) as connection:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        cursor = connection.cursor()

        def value(sql: str) -> Any:
            cursor.execute(sql)
            ((found,),) = cursor.fetchall()
            return found

        # who reads the table itself is waited for
        assert value("select count(*) from marts.customers") == 241
        monkeypatch.setattr(postgres, "WAIT", 0.2)
        result = publish(another, to=database)
        assert not publishes(result)
        assert "retired, customers must change its columns or go" in result.output
        connection.rollback()

        # a transaction that comes to the table later has the rows of its beginning
        assert value("select count(*) from marts.publications") == 4
        assert publishes(publish(another, to=database))
        assert value("select count(*) from marts.publications") == 4
        assert value("select count(*) from marts.customers") == 241
        assert value("select count(name) from marts.customers") == 181
        assert value("select count(*) from marts.customer_tiers") == 241
        assert value("select count(market) from marts.customers") == 0
        connection.rollback()
        assert value("select count(*) from marts.customers") == 282
        assert value("select sum(points) from marts.customers") == 1000 * 281 * 282 / 2
        assert value("select min(market) from marts.customers") == "m0"
        assert value("select count(*) from pg_constraint where conname = 'customers_pkey'") == 1
        assert value("select to_regclass('marts.retired')::text") is None


def test_the_real_marts_are_published(
    demo_build: Project, database: Database, served_path: Path
) -> None:
    """All of them, with a key but where it may be null."""
    assert publishes(publish(demo_build, "--serve", served_path))
    assert publishes(publish(demo_build, to=database))
    sql = "select mart_name, row_count, as_of_date, key_columns from marts.publications order by 1"
    rows = served(served_path, sql)
    assert database.query(sql) == rows
    assert [row[0] for row in rows] == [
        name
        for (name,) in demo_build.query(
            "select table_name from duckdb_tables() where schema_name = 'marts' order by 1"
        )
    ]
    assert [name for name, *_, key in rows if key is None] == [
        "quarantined_rows",
        "source_reconciliation",
    ]
    for name, count, as_of_date, _ in rows:
        assert as_of_date == date(2026, 6, 15)
        assert database.query(f"select count(*) from marts.{name}") == [(count,)]
    for name in ("customer_tiers", "tier_backtest", "quarantined_rows"):
        expected = sorted(demo_build.query(f"from marts.{name}"), key=repr)
        assert sorted(served(served_path, f"from marts.{name}"), key=repr) == expected
        assert sorted(database.query(f"select * from marts.{name}"), key=repr) == expected


def run_and_kill(project: Project, share: float) -> None:
    """Run dbt until it has started a share of its nodes, and kill it with all its processes."""
    command, environment = project.call("build", "--exclude-resource-type", "test", "unit_test")
    with subprocess.Popen(
        command,
        cwd=project.root,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            node = re.search(r"(\d+) of (\d+) START (?!hook)", line)
            if node and int(node[1]) >= share * int(node[2]):
                break
        os.killpg(process.pid, signal.SIGKILL)
        process.stdout.read()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    "kills",
    [
        [(8, 3)],
        pytest.param([(1, 8, 3, 6, 4), (9, 0, 7, 2, 5)], marks=pytest.mark.long),
    ],
)
def test_killed_builds_leave_the_served_file_and_no_trace(
    small_build: Project, tmp_path: Path, served_path: Path, kills: list[tuple[int, ...]]
) -> None:
    """Builds of the next month are killed, each in another tenth of the nodes."""
    assert publishes(publish(small_build, "--serve", served_path))
    before = served_path.read_bytes()
    next_month = small_build.variables | {"as_of_date": date(2025, 4, 9)}
    random = Random(11)

    def copy(name: str) -> Project:
        project = Project(small_build.root, tmp_path / name, next_month)
        shutil.copy(small_build.database, project.database)
        return project

    def disturb(project: Project, tenths: Sequence[int]) -> None:
        for tenth in tenths:
            run_and_kill(project, (tenth + random.random()) / 10)
            result = publish(project, "--serve", served_path)
            assert not publishes(result)
            assert "is started: it did not come to its end" in result.output
            assert served_path.read_bytes() == before
        project.make()

    undisturbed = copy("undisturbed")
    disturbed = {copy(f"disturbed_{tenths[0]}"): tenths for tenths in kills}
    together(undisturbed.make, *(partial(disturb, *it) for it in disturbed.items()))
    marts = undisturbed.query(
        "select table_name from duckdb_tables() where schema_name = 'marts' order by 1"
    )
    assert len(marts) > 15
    dates = undisturbed.query("select distinct evaluation_date from marts.customer_tier_history")
    assert (date(2025, 3, 31),) in dates
    for (mart,) in marts:
        expected = undisturbed.rows(f"marts.{mart}")
        for project in disturbed:
            rows = project.rows(f"marts.{mart}")
            assert len(rows) == len(expected), mart
            assert all(map(is_same, rows, expected)), mart


def test_the_revision_says_whether_there_were_changes(tmp_path: Path) -> None:
    assert git_revision(tmp_path) == "unknown"
    identity = ("-c", "user.name=strata", "-c", "user.email=strata@example.com")
    for command in (("init",), (*identity, "commit", "--allow-empty", "--message", "first")):
        subprocess.run(("git", *command), cwd=tmp_path, check=True, capture_output=True)
    assert re.fullmatch("[0-9a-f]{40}", commit := git_revision(tmp_path))
    (tmp_path / "customers.sql").write_text("select 1")
    assert git_revision(tmp_path) == f"{commit}-dirty"
