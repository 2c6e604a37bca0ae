"""``strata doctor``: shares and counts against the raw files."""

import json
import re
from types import SimpleNamespace

import pytest
from conftest import ROOT, Project, read_raw
from typer.testing import CliRunner

from strata.cli import app
from strata.doctor import findings


def lines_of(project: Project, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Run the command on a build and return its lines by topic."""
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("STRATA_DUCKDB_PATH", str(project.database))
    monkeypatch.delenv("STRATA_SCHEMA_PREFIX", raising=False)
    monkeypatch.setenv("COLUMNS", "1000")
    variables = json.dumps(project.variables, default=str)
    result = CliRunner().invoke(app, ["doctor", "--vars", variables])
    assert result.exit_code == 0, result.output
    assert "@" not in result.stdout
    assert not re.search(r"\bc\d{7}\b", result.stdout)
    found: dict[str, list[str]] = {}
    topic = ""
    for line in result.stdout.splitlines():
        topic = line[:17].strip() or topic
        found.setdefault(topic, []).append(line[17:].strip())
    return found


def test_the_demo_says_what_it_has(demo_build: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    found = lines_of(demo_build, monkeypatch)
    orders, refunds = read_raw("orders"), read_raw("refunds")
    assert f"orders {len(orders):,}" in found["raw tables"][0]
    assert len(found["raw tables"]) == 1
    nobodys = sum(not row["customer_id"] for row in orders) / len(orders)
    assert found["guests"] == [
        f"{nobodys:.1%} of the orders have no customer number; {nobodys:.1%} of the orders have no"
        " customer, by number, e-mail or phone"
    ]
    orphans = demo_build.value(
        "select count(*) from marts.quarantined_rows where source_table = 'refunds'"
        " and reason = 'orphan_row'"
    )
    assert found["refunds"] == [
        f"{1 - orphans / len(refunds):.1%} of {len(refunds):,} belong to an order"
        " that is there and sound"
    ]
    assert found["measures"] == ["each is known of somebody"]
    assert "fitted on demo (2025-06-30, CNY), borne out" in found["lifetime values"][0]
    assert found["seeds"] == ["those of the demo, whose data these are"]
    assert found["next file"] == ["none: every raw table is there"]
    assert found["wings"] == ["built: marketing, performance, quality, simulation"]


def test_two_files_with_few_columns_say_what_is_unknown_and_why(
    small_build: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = lines_of(small_build, monkeypatch)
    assert "not there, or empty" in found["raw tables"][1]
    assert "refunds" in found["raw tables"][1]
    assert "orders:" in found["columns"][0]
    assert found["refunds"] == ["none: revenue is as ordered"]
    told = " ".join(found["measures"])
    assert "satisfaction, response_count; it takes feedback" in told
    assert "views_90d, carts_90d; it takes web_events" in told
    assert found["next file"] == ["refunds: revenue is gross without them"]


def test_seeds_that_came_with_strata_and_placeholders_are_named(
    small_build: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = dict(small_build.variables, raw_path=str(ROOT / "demo"))
    other = Project(small_build.root, small_build.work, variables)
    (seeds,) = lines_of(other, monkeypatch)["seeds"]
    assert "still with the figures of the demo: tier_rules, tier_overrides, rfm_bands" in seeds


@pytest.mark.parametrize("has_marketing", [False, True])
def test_placeholders_that_nothing_reads_are_no_fault(
    monkeypatch: pytest.MonkeyPatch, has_marketing: bool
) -> None:
    monkeypatch.setattr(findings, "_placeholders", lambda _: ["action_rules", "tier_rules"])
    monkeypatch.setattr(findings, "_demo_seeds", lambda _: [])
    project = SimpleNamespace(package=ROOT, root=ROOT / "mine", var=lambda *_: "raw")
    patient = SimpleNamespace(project=project, given={}, has=lambda _: has_marketing)
    told = [it.text for it in findings._seeds(patient)]  # type: ignore[arg-type]
    assert any("with placeholders: tier_rules; `strata calibrate`" in it for it in told)
    assert ("with placeholders: action_rules; edit them" in told) == has_marketing
