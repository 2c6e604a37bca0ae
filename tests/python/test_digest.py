"""``strata digest``: its lists against the marts, and files that harm nobody."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import Project
from typer.testing import CliRunner

from strata.cli import app

SINCE = "2026-04-30"


@pytest.fixture
def told(demo_build: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Return a call of the command on the demo."""
    monkeypatch.chdir(demo_build.root)
    monkeypatch.setenv("STRATA_DUCKDB_PATH", str(demo_build.database))
    monkeypatch.delenv("STRATA_SCHEMA_PREFIX", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *options: CliRunner().invoke(
        app, ["digest", "--out", str(tmp_path / "digest"), *options]
    )


def rows_of(folder: Path, name: str) -> list[list[str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def test_lists_are_those_of_the_marts(told: Any, demo_build: Project, tmp_path: Path) -> None:
    result = told("--since", "2026-05-12", "--limit", "3")
    assert result.exit_code == 0, result.output
    folder = tmp_path / "digest"
    assert folder.stat().st_mode & 0o077 == 0
    ranks: dict[str, int] = dict(
        demo_build.query(
            "select customer_id, tier_rank from marts.customer_tier_history"
            f" where evaluation_date = '{SINCE}'"
        )
    )
    now: dict[str, int] = dict(
        demo_build.query("select customer_id, tier_rank from marts.customer_tiers")
    )
    rose = {it for it, rank in now.items() if it in ranks and rank > ranks[it]}
    fell = {it for it, rank in now.items() if it in ranks and rank < ranks[it]}
    assert {row[0] for row in rows_of(folder, "rose")} == rose
    assert {row[0] for row in rows_of(folder, "fell")} == fell
    assert {row[3] for row in rows_of(folder, "fell")} >= {"ageing", "hold expired"}
    lost = demo_build.query(
        "select customer_id from marts.customer_tiers where behaviour_status = 'lost' and"
        " customer_id in (select customer_id from marts.customer_tier_history where"
        f" evaluation_date = '{SINCE}' and behaviour_status not in ('lost', 'prospect'))"
    )
    assert {row[0] for row in rows_of(folder, "lost")} == {it for (it,) in lost}
    act = demo_build.value(
        "select count(*) from marts.customer_actions where suppression_reason is null"
    )
    assert len(rows_of(folder, "act")) == act
    assert result.output.startswith(
        f"{len(rose)} rose, {len(fell)} fell, {len(lost)} became lost,"
        f" {len(now.keys() - ranks.keys())} are new."
    )


def test_the_pages_say_the_same_and_ask_nobody(told: Any, tmp_path: Path) -> None:
    assert told("--since", SINCE, "--limit", "3").exit_code == 0
    text = (tmp_path / "digest" / "digest.md").read_text("utf-8")
    page = (tmp_path / "digest" / "digest.html").read_text("utf-8")
    fell = rows_of(tmp_path / "digest", "fell")
    assert f"{len(fell) - 3:,} more are in the CSV file." in text
    named = re.findall(r"\| (c\d{7}) \|", text)
    assert named[3:6] == [row[0] for row in fell[:3]]
    assert list(re.findall(r">(c\d{7})<", page)) == named
    assert "://" not in page


@pytest.mark.parametrize(
    ("since", "line"),
    [
        ("2020-01-01", "the stored history begins on 2024-06-30: give --since from then on"),
        ("2026-06-15", "--since 2026-06-15 is not before the last evaluation, 2026-06-15"),
    ],
)
def test_a_date_that_cannot_be_compared_is_refused(told: Any, since: str, line: str) -> None:
    result = told("--since", since)
    assert result.exit_code == 2
    assert line in result.output
