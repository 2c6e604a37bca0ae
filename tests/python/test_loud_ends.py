"""What `strata` says where a build cannot start: one line, the mend in it, and exit code 2."""

import errno
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pytest
from conftest import ROOT
from typer.testing import CliRunner

from strata.cli import app
from strata.dbt_duckdb import Plugin
from strata.errors import UserError, reason
from strata.trial.dbt import reason_of
from strata.unfinished import told_to_end, unfinished_in, whole
from strata.warehouse import reading

Run = Callable[..., str]
HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); input()"
VERSION_PLACE = 12
"""Where a DuckDB file has the number of its format, after a checksum and a mark."""
READERS = (
    *("summary", "publish", "doctor", "digest", "preview"),
    *("export --format hubspot", "calibrate --dry-run --what bands"),
)
WORKBOOK = """
import resource, sys
from pathlib import Path
from strata.errors import reason
from strata.export.workbook import write_workbook

class Build:
    def relation(self, name):
        return name

    def rows(self, query):
        return [("column",)] if query.startswith("describe") else [("text" * 9000,)] * 9

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_workbook(Build(), Path(sys.argv[1]))
except OSError as error:
    print(reason(error))
"""
WAIT = 30
"""Seconds in which what should happen at once has happened on a busy machine."""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what calls `strata` on a warehouse and gives what it prints."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "logs"))
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))

    def call(command: str, warehouse: Path, *, expect: int = 2) -> str:
        monkeypatch.setenv("STRATA_DUCKDB_PATH", str(warehouse))
        done = CliRunner().invoke(app, shlex.split(command))
        assert done.exit_code == expect, done.output
        assert expect == 0 or len(done.output.strip().splitlines()) == 1
        return done.output

    return call


def make(path: Path, rows: int = 1) -> Path:
    """Make a warehouse of one table."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"create table kept as select range as number from range({rows})")
    return path


def of_version(path: Path, version: int) -> Path:
    """Make a file as a DuckDB of the future, or of long ago, writes it."""
    content = bytearray(make(path).read_bytes())
    content[VERSION_PLACE] = version
    path.write_bytes(content)
    with pytest.raises(duckdb.Error, match=r"computed checksum \d+") as told:
        duckdb.connect(str(path))
    (computed,) = re.findall(r"computed checksum (\d+)", str(told.value))
    path.write_bytes(int(computed).to_bytes(8, "little") + content[8:])
    return path


def test_what_stops_a_build_is_told_in_one_line(run: Run, tmp_path: Path) -> None:
    text = tmp_path / "text.duckdb"
    text.write_text("this is a text, and no warehouse\n" * 1000)
    cut = make(tmp_path / "cut.duckdb", 100_000)
    cut.write_bytes(cut.read_bytes()[:8000])
    newer = of_version(tmp_path / "newer.duckdb", 250)
    older = of_version(tmp_path / "older.duckdb", 40)
    empty = tmp_path / "empty.duckdb"
    empty.touch()
    for path, told in {
        tmp_path / "none" / "s.duckdb": "there is no folder",
        tmp_path: "is a folder; STRATA_DUCKDB_PATH must name a file",
        text: "it is no DuckDB file, or damaged: move it away and build again",
        cut: "damaged: move it away and build again",
        newer: "a newer DuckDB wrote it: move it away, or install that version",
        older: "an older DuckDB wrote it: move it away and build again",
        empty: "it is no DuckDB file, or damaged: move it away and build again",
    }.items():
        assert told in run("check", path), path
        for command in READERS if path.exists() else ():
            assert told.replace("is a folder", "it is a folder") in run(command, path), path
    run("check", tmp_path / "fresh.duckdb", expect=0)
    assert (tmp_path / "logs").stat().st_mode & 0o077 == 0


def test_a_file_that_another_holds_is_told(run: Run, tmp_path: Path) -> None:
    path = make(tmp_path / "s.duckdb")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        for command in ("check", "compact", *READERS):
            told = run(command, path)
            assert "another process has it open; wait until that build or reader ends" in told
            assert "dbt build" not in told
        holder.communicate("\n")


def test_a_wrong_target_is_told(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRATA_TARGET", "duckbd")
    told = run("check", tmp_path / "s.duckdb")
    assert "STRATA_TARGET must be duckdb, postgres, spark, not 'duckbd'" in told
    monkeypatch.setenv("STRATA_TARGET", "duckdb")
    monkeypatch.chdir(tmp_path)
    assert "there is no dbt_project.yml here" in run("check", tmp_path / "s.duckdb")


def test_compacting_leaves_no_byte_of_a_deleted_row(run: Run, tmp_path: Path) -> None:
    path = make(tmp_path / "s.duckdb", 10)
    secret = b"Zaphod Beeblebrox"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        connection.execute(f"create table marts.people as select '{secret.decode()}' as name")
        connection.execute("comment on table marts.people is 'One row per person'")
        connection.execute("create view marts.names as select name from s.marts.people")
        connection.execute("checkpoint")
        connection.execute("update marts.people set name = 'erased'")
    path.chmod(0o640)
    assert secret in path.read_bytes()
    assert "bytes; it had" in run("compact", path, expect=0)
    assert secret not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(tmp_path.glob("*s.duckdb*")) == [path]
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.execute("from marts.names").fetchall() == [("erased",)]
        assert connection.execute(
            "select comment from duckdb_tables() where comment is not null"
        ).fetchall() == [("One row per person",)]
    assert "there is no warehouse" in run("compact", tmp_path / "none.duckdb")


def test_a_warehouse_without_a_build_or_of_another_name_is_told(run: Run, tmp_path: Path) -> None:
    path = make(tmp_path / "s.duckdb")
    for command in READERS[:-1]:  # calibrate would make a build
        assert "`dbt build" in run(command, path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        connection.execute("create view marts.seen as from s.main.kept")
    renamed = path.rename(tmp_path / "renamed.duckdb")
    mend = "it was built as s.duckdb, which its views name: give it that name back"
    with pytest.raises(UserError, match=mend), reading(renamed) as connection:
        connection.execute("from marts.seen")


def test_a_folder_that_dbt_cannot_write_is_told_before_it_starts(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("check", tmp_path / "s.duckdb", expect=0)
    (tmp_path / "file").touch()
    for variable in ("DBT_LOG_PATH", "DBT_TARGET_PATH"):
        with monkeypatch.context() as patch:
            patch.setenv(variable, str(tmp_path / "file" / "below"))
            told = run("check", tmp_path / "s.duckdb")
            assert "cannot be made: a part of its path is a file, no folder" in told
            assert f"{variable} says where" in told
            assert variable in run("calibrate --yes --what bands", tmp_path / "s.duckdb")


def test_an_impossible_day_in_vars_is_told(run: Run, tmp_path: Path) -> None:
    path = make(tmp_path / "s.duckdb")
    for command in ("doctor", "preview", "calibrate --dry-run"):
        told = run(f"{command} --vars '{{as_of_date: 2026-02-30}}'", path)
        assert "--vars has a day that does not exist (day is out of range for month)" in told


def test_a_full_disk_is_told_by_dbt_in_one_line() -> None:
    class Broken:
        told = "FATAL Error: the database has been invalidated: No space left on device"

        def execute(self, _: str) -> None:
            raise duckdb.FatalException(self.told)

    creds = SimpleNamespace(path=":memory:", settings={"TimeZone": "UTC"}, is_motherduck=False)
    plugin = Plugin("strata", {}, cast(Any, creds))
    for _ in range(2):  # a file may be opened again
        plugin.update_connection_config(creds, {})
        assert creds.settings == {}
        # dbt-duckdb tells a RuntimeError in one line
        with pytest.raises(RuntimeError, match="the disk is full: make room, and run it again"):
            plugin.configure_cursor(Broken())
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'Asia/Tokyo'")
            plugin.configure_cursor(connection)
            assert connection.execute("select current_setting('TimeZone')").fetchone() == ("UTC",)


def test_the_last_line_of_a_stack_trace_is_the_reason() -> None:
    trace = "Traceback (most recent call last):\n  File\nPermissionError: [Errno 13] 'x'\n"
    assert reason_of(f"10:00:00  Running\n{trace}") == "PermissionError: [Errno 13] 'x'"


def test_sigterm_ends_a_command_as_an_exception(tmp_path: Path) -> None:
    with pytest.raises(SystemExit), told_to_end(), unfinished_in(tmp_path, ".part-") as work:
        assert list(tmp_path.iterdir()) == [work]
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(WAIT)
    assert not list(tmp_path.iterdir())


def test_a_signal_that_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with told_to_end():
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_what_a_killed_command_left_is_removed_by_the_next_one_only(tmp_path: Path) -> None:
    left = tmp_path / ".part-1234"
    left.mkdir()
    (left / "orders.parquet").write_text("of a person")
    with unfinished_in(tmp_path, ".part-") as work:
        assert list(tmp_path.iterdir()) == [work]
        with (
            pytest.raises(UserError, match=r"another process writes to .* now: wait"),
            unfinished_in(tmp_path, ".part-"),
        ):
            pass
        assert work.is_dir()
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_whole_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "customers.xlsx"
    with pytest.raises(OSError, match="No space") as told, whole(path) as unfinished:
        unfinished.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert told.value.filename == str(path)
    assert reason(told.value) == "the disk is full: make room, and run it again"
    assert not list(tmp_path.iterdir())


def test_a_workbook_that_finds_no_room_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WORKBOOK, tmp_path / "customers.xlsx"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "it is larger than a file may be here" in done.stdout
    assert not list(tmp_path.iterdir())


def no_room(path: Path, text: str, **_: object) -> int:
    """Write half of a text, and find the disk full."""
    with path.open("w", encoding="utf-8") as file:
        file.write(text[: len(text) // 2])
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_project_that_finds_no_room_has_no_half_of_a_file(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "acme"
    given = "--currency GBP --timezone Europe/London --home GB --as-of 2026-06-15"
    monkeypatch.setattr(Path, "write_text", no_room)
    told = run(f"init {folder} {given}", tmp_path / "s.duckdb")
    assert "acme/packages.yml: the disk is full: make room, and run it again" in told
    assert not [it for it in folder.rglob("*") if it.is_file()]


def test_a_conversion_that_finds_no_room_is_told_once(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("strata.load.convert.write_utf_8", full)
    told = run(f"load --raw-path demo --to {tmp_path / 'to'}", tmp_path / "s.duckdb")
    assert f"{tmp_path / 'to'} cannot be written: the disk is full: make room" in told
    assert not list((tmp_path / "to").iterdir())


def test_seeds_and_reviews_that_cannot_be_written_are_told_before_a_build(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # root may write everything
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    path = tmp_path / "s.duckdb"
    told = run("calibrate --yes --what bands", path)
    assert "cannot write seeds to" in told
    assert "you may not: name another place, or ask its owner; --dry-run writes nothing" in told


def test_an_interrupt_within_a_query_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: Path) -> None:
        raise RuntimeError("Query interrupted")  # as DuckDB says it

    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "logs"))
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    monkeypatch.setattr("strata.check.check_warehouse", interrupted)
    done = CliRunner().invoke(app, ["check"])
    assert (done.exit_code, type(done.exception)) == (130, SystemExit)
