"""What the documents tell to type: commands, options, vars and selections are there, and work."""

import csv
import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import typer
from conftest import ROOT, Project, copy_project, read_seed
from dbt.cli.main import cli as dbt_cli
from raw_data import OPTIONAL_TABLES, invent, write_csv

from strata.cli import app

DOCUMENTS = ("README.md", "CONTRIBUTING.md", *(f"docs/{it.name}" for it in ROOT.glob("docs/*.md")))
LAST_DAY = date(2025, 3, 17)
COMMAND = re.compile(r"(?:^|[\s`(])(?:\.venv/bin/)?(dbt|strata|make) ([a-z][a-z-]*)([^`\n]*)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def commands(program: str) -> Iterator[tuple[str, str, str]]:
    """Yield each command that is shown as code: document, subcommand and the rest of the line."""
    for document in DOCUMENTS:
        text = text_of(document)
        code = re.findall(r"```\w*\n(.*?)```", text, flags=re.DOTALL)
        code += re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
        for block in code:
            for line in block.splitlines():
                found = COMMAND.match(line)
                if found and found[1] == program:
                    yield document, found[2], found[3]


def options(command: Any) -> set[str]:
    """Return the options of a command."""
    return {it for parameter in command.params for it in parameter.opts + parameter.secondary_opts}


def test_commands_of_strata_and_their_options_are_there() -> None:
    there: dict[str, Any] = vars(typer.main.get_command(app))["commands"]
    shown = list(commands("strata"))
    assert {it for _, it, _ in shown} == set(there)
    for document, name, rest in shown:
        unknown = set(OPTION.findall(rest)) - options(there[name]) - {"--help"}
        assert not unknown, (document, name, unknown)
    # the table of the commands names the options beside them
    named = {
        found[1]: set(OPTION.findall(found[2]))
        for found in re.finditer(
            r"\n\| `strata (\w+)`[^|]* \|([^|]*)\|", text_of("docs/operations.md")
        )
    }
    assert {"load", "bench"} <= set(named)
    assert not {it for it, found in named.items() if found - options(there[it])}


def test_commands_of_dbt_and_their_options_are_there() -> None:
    shown = list(commands("dbt"))
    assert len(shown) > 5
    for document, name, rest in shown:
        command = dbt_cli.commands[name]
        unknown = set(OPTION.findall(rest)) - options(command)
        assert not unknown, (document, name, unknown)


def test_targets_of_make_are_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), flags=re.MULTILINE))
    shown = {name for _, name, _ in commands("make")}
    assert {"build", "test"} <= shown <= targets


def test_all_vars_are_documented_with_their_defaults() -> None:
    block = text_of("dbt_project.yml").partition("\nvars:\n")[2].partition("\nmodels:")[0]
    there = set(re.findall(r"^  ([a-z_]+):", block, flags=re.MULTILINE))
    table = text_of("docs/operations.md").partition("## Variables")[2].partition("\n## ")[0]
    documented = set(re.findall(r"^\| `([a-z_]+)` \|", table, flags=re.MULTILINE))
    assert documented == there


def test_rows_of_seeds_that_are_shown_have_their_columns() -> None:
    """A row that is shown to be pasted into a CSV has as many cells as the seed."""
    rows = [
        line
        for document in DOCUMENTS
        for line in text_of(document).splitlines()
        if re.match(r"live_\w+,live,", line) and line.count(",") > 5
    ]
    assert rows
    width = len(read_seed("tier_rules")[0])
    assert {len(cells) for cells in csv.reader(rows)} == {width}


def test_queries_that_are_shown_run(demo_build: Project) -> None:
    shown = [rest for _, name, rest in commands("dbt") if name == "show"]
    assert len(shown) > 3
    for rest in shown:
        sql = rest.partition('--inline "')[2].rpartition('"')[0]
        assert sql, rest
        found = demo_build.query(re.sub(r"{{ ref\('(\w+)'\) }}", r"marts.\1", sql))
        assert found, sql


def test_sql_for_bi_tools_runs(demo_build: Project) -> None:
    queries = re.findall(r"```sql\n(.*?)```", text_of("docs/bi-tools.md"), flags=re.DOTALL)
    shown = [it for block in queries for it in block.split(";") if it.strip()]
    assert len(shown) > 3
    for query in shown:
        assert demo_build.query(query), query


def anchors(document: Path) -> set[str]:
    """Return the anchors of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", it.lower()).replace(" ", "-") for it in headings}


def test_links_lead_somewhere() -> None:
    for document in (*DOCUMENTS, "DECISIONS.md", "CHANGELOG.md"):
        for link in re.findall(r"\]\(([^)\s]+)\)", text_of(document)):
            if "://" in link:
                continue
            path, _, anchor = link.partition("#")
            target = (ROOT / document).parent / path if path else ROOT / document
            assert target.exists(), (document, link)
            assert not anchor or anchor in anchors(target), (document, link)


def test_the_readme_is_short() -> None:
    assert len(text_of("README.md").splitlines()) <= 160


def test_selections_that_are_named_are_there(demo_build: Project) -> None:
    nodes = {path.stem for folder in ("models", "seeds") for path in (ROOT / folder).rglob("*.*")}
    named = {
        it
        for document in (*DOCUMENTS, "DECISIONS.md")
        for it in re.findall(r"`\+?([a-z_]+)\+?`", text_of(document))
        if f"`+{it}" in text_of(document) or f"`{it}+`" in text_of(document)
    }
    assert "customer_tier_history" in named
    named.discard("enabled")  # `+enabled` is a setting of dbt
    assert named <= nodes


# A selection on a fresh file


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Copy the project, beside a little data."""
    variables = {"missing_sources": OPTIONAL_TABLES, "as_of_date": LAST_DAY, "history_months": 3}
    project = copy_project(tmp_path_factory.mktemp("small"), variables)
    invent(5, date(2023, 6, 1), LAST_DAY).write(project.root / "demo", ("customers", "orders"))
    return project


@pytest.mark.slow
def test_a_selection_with_its_parents_is_green_on_a_fresh_file(small: Project) -> None:
    told = small.dbt("build", "--select", "+customer_tiers")
    assert re.search(r"Done\. PASS=\d+ WARN=0 ERROR=0 SKIP=0 ", told)
    tiers = small.value("select count(*) from marts.customer_tiers")
    assert tiers == small.value("select count(*) from intermediate.int_customers") > 0
    proofs = re.findall(r"PASS (\w+_rows_are_sound|\w+_is_in_the_reporting_currency) ", told)
    seeds = {path.stem for path in (ROOT / "seeds").rglob("*.csv")}
    assert {f"{it}_rows_are_sound" for it in seeds} <= set(proofs)


@pytest.mark.slow
def test_no_proof_is_lost_by_a_selection(small: Project, tmp_path: Path) -> None:
    """A table that the selection does not read is broken."""
    root = tmp_path / "project"
    shutil.copytree(small.root, root)
    project = Project(root, tmp_path / "work", small.variables)
    rules = [row for row in read_seed("action_rules") if row["rule_id"] != "otherwise"]
    seed = project.seed("action_rules")
    write_csv(seed, list(rules[0]), [list(row.values()) for row in rules])
    told = project.dbt("build", "--select", "+customer_tiers", expect=1)
    assert "seeds: action_rules, " in told
    marts = "select * from information_schema.tables where table_schema = 'marts'"
    assert project.query(marts) == []
