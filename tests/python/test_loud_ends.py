"""What `strata` says where a build cannot start: one line, the mend in it, and exit code 2."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT
from typer.testing import CliRunner

from strata.cli import app

Run = Callable[..., str]
HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); input()"
VERSION_PLACE = 12
"""Where a DuckDB file has the number of its format, after a checksum and a mark."""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what calls `strata` on a warehouse and gives what it prints."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "logs"))
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))

    def call(command: str, warehouse: Path, *, expect: int = 2) -> str:
        monkeypatch.setenv("STRATA_DUCKDB_PATH", str(warehouse))
        done = CliRunner().invoke(app, [command])
        assert done.exit_code == expect, done.output
        assert expect == 0 or len(done.output.strip().splitlines()) == 1
        return done.output

    return call


def make(path: Path, rows: int = 1) -> Path:
    """Make a warehouse of one table."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"create table kept as select range as number from range({rows})")
    return path


def of_newer_version(path: Path) -> Path:
    """Make a file as a DuckDB of the future writes it."""
    content = bytearray(make(path).read_bytes())
    content[VERSION_PLACE] = 250
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
    newer = of_newer_version(tmp_path / "newer.duckdb")
    for path, told in {
        tmp_path / "none" / "s.duckdb": "there is no folder",
        tmp_path: "is a folder; STRATA_DUCKDB_PATH must name a file",
        text: "it is no DuckDB file, or damaged: move it away and build again",
        cut: "damaged: move it away and build again",
        newer: "a newer DuckDB wrote it: move it away, or install that version",
    }.items():
        assert told in run("check", path), path
    run("check", tmp_path / "fresh.duckdb", expect=0)
    assert (tmp_path / "logs").stat().st_mode & 0o077 == 0


def test_a_file_that_another_holds_is_told(run: Run, tmp_path: Path) -> None:
    path = make(tmp_path / "s.duckdb")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        for command in ("check", "compact", "summary", "publish"):
            assert "another process" in run(command, path)
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
