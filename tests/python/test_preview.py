"""``strata preview`` and ``strata calibrate``: what they say is what two builds say."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import ROOT, Project, copy_project
from typer.testing import CliRunner

from strata.cli import app
from strata.errors import UserError
from strata.project import DbtProject
from strata.trial import build
from strata.trial.build import ensure_build, why_not_current
from strata.trial.report import Sheet, markdown

pytestmark = pytest.mark.slow

VARS = {"raw_path": str(ROOT / "demo")}
RULE = "live_high,live,*,30,high,1970-01-01,,CNY,,,>=12,>100000"
SHARES = ("--what", "tiers", "--shares", "vip=1,high=4,medium=15")


def edited(project: Project, seed: str, old: str, new: str) -> None:
    """Change a text of a seed that is there once."""
    path = project.seed(seed)
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def project(demo_build: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Copy the project and the built demo, and make it the current folder."""
    made = copy_project(tmp_path, VARS)
    shutil.copyfile(demo_build.database, made.database)
    monkeypatch.chdir(made.root)
    monkeypatch.setenv("STRATA_DUCKDB_PATH", str(made.database))
    monkeypatch.delenv("STRATA_SCHEMA_PREFIX", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    return made


def told(*arguments: str) -> str:
    """Run a command of strata with the vars of the demo."""
    result = CliRunner().invoke(app, [*arguments, "--vars", json.dumps(VARS)])
    assert result.exit_code == 0, result.output
    return result.stdout


def tables(text: str) -> dict[str, list[list[str]]]:
    """Read the tables of a Markdown text by their titles."""
    found: dict[str, list[list[str]]] = {}
    for part in text.split("### ")[1:]:
        lines = [line for line in part.splitlines() if line.startswith("|")]
        cells = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]
        found[part.splitlines()[0]] = cells[2:]
    return found


def check_against(before: dict[str, Any], after: dict[str, Any], text: str) -> None:
    """Compare what was told with the customers and the back-test of two builds."""
    found = tables(text)
    labels = {row["tier_code"]: row["label_en"] for row in after["tiers"]}
    sides = [{row["customer_id"]: row for row in it["customers"]} for it in (before, after)]
    counted = [Counter(row["tier_code"] for row in it.values()) for it in sides]
    rows = {row[0]: row for row in found[f"Tiers on {after['customers'][0]['evaluation_date']}"]}
    for code, label in labels.items():
        assert rows[label][1] == f"{counted[0][code]:,}"
        assert rows[label][4] == f"{counted[1][code]:,}"
    moves: Counter[tuple[str, str]] = Counter()
    revenue: Counter[tuple[str, str]] = Counter()
    for customer, row in sides[1].items():
        move = (sides[0][customer]["tier_code"], row["tier_code"])
        if move[0] != move[1]:
            moves[move] += 1
            revenue[move] += row["net_revenue_12m"]
    assert moves
    assert {tuple(row) for row in found["Who moves"]} == {
        (labels[move[0]], labels[move[1]], f"{count:,}", f"{revenue[move]:,.2f}")
        for move, count in moves.items()
    }
    examples = found["Some of those who move"]
    assert len(examples) == min(10, sum(moves.values()))
    for customer, old, new, why in examples:
        assert old == labels[sides[0][customer]["tier_code"]]
        assert new == labels[sides[1][customer]["tier_code"]]
        assert why == sides[1][customer]["explanation"]
    (title,) = (it for it in found if it.startswith("Back-test"))
    correlations = []
    for side, judged in enumerate((before["judged"], after["judged"])):
        frame = pd.DataFrame(judged).astype({"net_revenue_next_90d": float})
        whole = frame["net_revenue_next_90d"].sum()
        for code, label in labels.items():
            (row,) = (it for it in found[title] if it[0] == label)
            own = frame[frame["tier_code"] == code]["net_revenue_next_90d"]
            assert row[1 + 3 * side] == f"{len(own):,}"
            assert row[2 + 3 * side] == f"{own.sum() / whole:.1%}"
        ranks = frame[["tier_rank", "net_revenue_next_90d"]]
        correlations.append(ranks.corr(method="spearman").iloc[0, 1])
    assert f"{correlations[0]:.3f} before, {correlations[1]:.3f} after" in text


def state(project: Project) -> dict[str, Any]:
    """Read what a build says."""
    return {
        "customers": project.records("select * from marts.customer_tiers"),
        "tiers": project.records("select tier_code, label_en from seeds.tiers"),
        "judged": project.records(
            "select tier_code, tier_rank, net_revenue_next_90d from"
            " intermediate.int_simulated_tiers"
            " where rule_set = 'live' and net_revenue_next_90d is not null"
        ),
    }


def check_preview(project: Project, *options: str) -> None:
    """Preview the seeds as they are, build, and compare."""
    before, stored = state(project), project.database.read_bytes()
    seeds = {path: path.read_bytes() for path in project.root.rglob("seeds/**/*.csv")}
    shown = told("preview", "--markdown", "preview.md", *options)
    assert project.database.read_bytes() == stored
    assert seeds == {path: path.read_bytes() for path in project.root.rglob("seeds/**/*.csv")}
    project.dbt(
        *("build", *options, "--select", "+customer_tiers", "+tier_rule_simulation"),
        *("--exclude-resource-type", "test", "unit_test"),
    )
    text = Path("preview.md").read_text(encoding="utf-8")
    check_against(before, state(project), text)
    for line in text.splitlines():
        if line.startswith("- "):
            assert line.removeprefix("- ") in shown


def test_proposed_rules_do_what_was_shown(project: Project) -> None:
    """What calibrate shows, what preview says of the seed it wrote, and the next build agree."""
    proposal = told("calibrate", *SHARES, "--yes", "--no-build")
    assert "Written to" in proposal
    check_preview(project)
    rows = [
        [cell.strip() for cell in line[1:-1].split("│")]
        for line in proposal.splitlines()
        if line.startswith("│")
    ]
    for title, cells in tables(Path("preview.md").read_text(encoding="utf-8")).items():
        assert title.startswith("Some") or all(row in rows for row in cells)


@pytest.mark.long
@pytest.mark.parametrize(
    ("seed", "old", "new", "options"),
    [
        ("tier_policies", "*,3,1970-01-01,,", "*,0,1970-01-01,,", ()),
        ("tier_rules", RULE, RULE.replace("100000", "40000").replace("12", "6"), ()),
        ("tier_rules", RULE, RULE.replace("100000", "40000"), ("--full-refresh",)),
    ],
)
def test_preview_is_what_two_builds_say(
    project: Project, seed: str, old: str, new: str, options: tuple[str, ...]
) -> None:
    edited(project, seed, old, new)
    check_preview(project, *options)


def test_a_bad_seed_ends_in_the_line_of_the_build(project: Project) -> None:
    edited(project, "tier_rules", "live_low,live,*,40,low,", "live_low,live,*,40,lowest,")
    result = CliRunner().invoke(app, ["preview", "--vars", json.dumps(VARS)])
    assert result.exit_code == 2
    assert result.stderr.splitlines()[0] == (
        "strata preview: seeds: tier_rules, live_low: the outcome lowest is not in tiers"
    )
    assert all(line.startswith("strata preview: seeds: ") for line in result.stderr.splitlines())


@pytest.mark.parametrize("command", ["preview", "doctor"])
def test_without_a_build_one_line_says_how_to_make_one(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STRATA_DUCKDB_PATH", str(tmp_path / "none.duckdb"))
    for told_, made in (("run it in the folder of dbt_project.yml", False), ("`dbt build`", True)):
        if made:
            Path("dbt_project.yml").write_text("name: strata\n", encoding="utf-8")
        result = CliRunner().invoke(app, [command])
        assert result.exit_code == 2
        assert told_ in result.stderr
        assert result.stderr.count("\n") == 1


def test_another_engine_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("STRATA_TARGET", "postgres")
    for command in ("preview", "doctor", "calibrate"):
        result = CliRunner().invoke(app, [command])
        assert result.exit_code == 2
        assert result.stderr == (
            f"strata {command}: it works on DuckDB only, and the target postgres is postgres\n"
        )


def test_a_build_is_current_until_a_file_is_newer(
    demo_build: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dbt_project.yml").write_text(
        "name: shop\nseed-paths: [data/seeds]\nvars: {strata: {raw_path: raw}}\n", encoding="utf-8"
    )
    (tmp_path / "raw").mkdir()
    (tmp_path / "data" / "seeds").mkdir(parents=True)
    project = DbtProject(tmp_path)
    calls: list[list[str]] = []

    def run(folder: Path, arguments: list[str]) -> Any:
        calls.append(arguments)
        return type("Done", (), {"returncode": 0, "stdout": ""})

    monkeypatch.setattr(build, "run_dbt", run)
    assert why_not_current(project, demo_build.database, {}) == ""
    ensure_build(project, demo_build.database, {})
    assert not calls
    assert "there is no build" in why_not_current(project, tmp_path / "none.duckdb", {})
    for newer in ("raw/orders.csv", "data/seeds/tiers.csv"):
        (tmp_path / newer).write_text("a\n", encoding="utf-8")
        told_ = f"{newer} is newer than the build"
        assert why_not_current(project, demo_build.database, {}) == told_
        (tmp_path / newer).unlink()
    with pytest.raises(UserError, match="there are no raw tables, x is not a folder: strata imp"):
        ensure_build(project, tmp_path / "none.duckdb", {"raw_path": "x"})
    assert not calls
    ensure_build(project, tmp_path / "none.duckdb", {"raw_path": "raw"})
    assert calls[0][:3] == ["build", "--select", "+strata.marts.core"]
    assert calls[0][-2:] == ["--vars", '{"raw_path": "raw"}']


def test_seeds_are_found_by_the_project(tmp_path: Path) -> None:
    package = tmp_path / "dbt_packages" / "strata"
    (package / "seeds" / "value").mkdir(parents=True)
    for name in ("clv_parameters.csv", "clv_parameters.yml"):
        shutil.copy(ROOT / "seeds" / "value" / name, package / "seeds" / "value")
    (package / "dbt_project.yml").write_text(
        "name: strata\nvars: {tier_rule_set: live, raw_path: demo}\n", encoding="utf-8"
    )
    (tmp_path / "own").mkdir()
    (tmp_path / "dbt_project.yml").write_text(
        "name: shop\nseed-paths: [own]\nvars: {strata: {raw_path: raw}}\n", encoding="utf-8"
    )
    project = DbtProject(tmp_path)
    with pytest.raises(Exception, match="it is that of the package; copy dbt_packages/strata/see"):
        project.seed("clv_parameters")
    (tmp_path / "own" / "clv_parameters.csv").touch()
    assert project.seed("clv_parameters") == tmp_path / "own" / "clv_parameters.csv"
    assert project.money("clv_parameters") == {"columns": ["gamma_gamma_v"]}
    assert (project.var("raw_path"), project.rule_set()) == ("raw", "live")
    assert project.var("raw_path", {"raw_path": "given"}) == "given"


def test_markdown_keeps_cells_that_have_bars_in_their_column() -> None:
    text = markdown("Title", ["- a"], [Sheet("One", ("a", "b"), [("x|y", "1\n2")], notes=["n"])])
    assert text == (
        "## Title\n\n- a\n\n### One\n\n| a | b |\n| --- | ---: |\n| x\\|y | 1 2 |\n\n- n\n"
    )
