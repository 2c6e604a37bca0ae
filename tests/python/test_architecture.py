"""The picture of the project: its rooms, in one direction, and how deep and wide it is."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from conftest import REPORTS, ROOT, Project

CORE = ("rules", "staging", "customers", "records", "activity", "snapshots", "history")
"""Rooms of the core in their order: a model reads its own room and those before it."""
WINGS = ("marketing", "performance", "simulation", "quality")
"""Rooms that can be left out: they read the core, and none reads another."""
HISTORY = "customer_tier_history"
"""The mart that is the stored history."""
GATE = "int_seeds_proved"
"""The model that waits for every proof, those of a wing while ``wing_is_on`` says so."""
STORED = {
    "int_evaluation_dates",
    "int_evaluation_scope",
    "int_stored_months",
    "int_customer_fingerprints",
    "int_sales_as_of",
    "int_engagement_as_of",
}
"""Models that look the stored history, or the dates that it has, up by a macro."""

CODES = {"churn_risks", "explanation_texts", "lifecycle_stages", "markets", "rfm_segment_labels"}
"""Seeds with which rules are checked; what they decide beside that are facts and labels."""
ELSEWHERE = {"rfm_policies"}
"""Seeds that decide with another method of RFM than that of the demo."""

MOST = {"models": 128, "steps": 20, "ancestors": 61, "files": 196, "lines": 120}
"""What the figures may be; they only go down."""


@pytest.fixture(scope="module")
def manifest(demo_build: Project) -> dict[str, Any]:
    """Return what dbt knows of the project."""
    text = (demo_build.work / "target" / "manifest.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.fixture(scope="module")
def nodes(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the models by their names."""
    found = manifest["nodes"].values()
    return {it["name"]: it for it in found if it["resource_type"] == "model"}


def parents(nodes: dict[str, Any], name: str) -> list[str]:
    """Return the models that a model reads."""
    return [
        it.rsplit(".", 1)[-1]
        for it in nodes[name]["depends_on"]["nodes"]
        if it.startswith("model.")
    ]


def room(node: dict[str, Any]) -> str:
    """Return the room of a model: marts are of the core or of a wing."""
    if node["name"] == HISTORY:
        return "history"
    layer, folder = Path(node["path"]).parts[:2]
    return layer if layer == "staging" or folder == "core" else folder


def test_a_tag_says_the_wing(nodes: dict[str, Any]) -> None:
    for name, node in nodes.items():
        wing = [f"strata_{room(node)}"] if room(node) in WINGS else []
        assert node["tags"] == ["strata", *wing], name


def test_arrows_run_in_one_direction(nodes: dict[str, Any]) -> None:
    back = []
    for name, node in nodes.items():
        mine = room(node)
        for parent in parents(nodes, name):
            its = room(nodes[parent])
            if its == mine or name == GATE:
                continue
            if mine in CORE:
                right = its in CORE and CORE.index(its) <= CORE.index(mine)
            else:  # a wing, or a mart of the core
                right = its in CORE or (its == "marts" and parent.startswith("int_"))
            if not right:
                back.append(f"{name} ({mine}) reads {parent} ({its})")
    assert back == []


def test_the_overview_tells_the_arrows_between_rooms(nodes: dict[str, Any]) -> None:
    text = (ROOT / "models" / "overview.md").read_text(encoding="utf-8")
    section = text.split("\n## Rooms\n")[1].split("\n## ")[0]
    told = {
        name: set(filter(None, reads.split(", ")))
        for name, reads in re.findall(r"^\| `(\w+)` \| ?([a-z, ]*?) ?\| .+ \|$", section, re.M)
    }
    read: dict[str, set[str]] = {name: set() for name in (*CORE, *WINGS)}
    for name, node in nodes.items():
        mine = room(node)
        for parent in parents(nodes, name):
            its = room(nodes[parent])
            if its != mine != "marts" and name != GATE:
                read[mine].add(its)
    assert told == read


def test_no_wing_reads_another_and_the_core_reads_none(manifest: dict[str, Any]) -> None:
    """Proofs, exposures, metrics, unit tests too; but by the macro that asks whether it is on."""
    rooms = {
        name: room(node)
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "model"
    }
    wrong, seen = [], 0
    for kind in ("nodes", "exposures", "unit_tests", "semantic_models", "metrics", "saved_queries"):
        for name, node in manifest[kind].items():
            path = Path(node["original_file_path"])
            mine = next((it for it in path.parts if it in WINGS and path.parts[0] != "seeds"), None)
            its = {rooms.get(it) for it in node["depends_on"].get("nodes", ())}
            read = {it for it in its if it in WINGS and it != mine}
            seen += mine is not None
            if node["name"] == GATE:
                read = {it for it in read if f"wing_is_on('{it}')" not in node["raw_code"]}
            wrong += [f"{name} ({mine}) reads {it}" for it in sorted(read)]
    assert wrong == []
    assert seen > 100


def test_each_room_is_known(nodes: dict[str, Any]) -> None:
    assert {room(node) for node in nodes.values()} == {*CORE, *WINGS, "marts"}


def test_no_model_of_intermediate_reads_a_mart_but_the_history(nodes: dict[str, Any]) -> None:
    read = {
        (name, parent)
        for name, node in nodes.items()
        if node["path"].startswith("intermediate")
        for parent in parents(nodes, name)
        if nodes[parent]["path"].startswith("marts") and parent != HISTORY
    }
    assert read == set()


def test_only_named_models_look_the_stored_history_up(nodes: dict[str, Any]) -> None:
    macros = ("stored_history", "stored_fingerprints", "evaluation_dates", "closed_dates")
    found = {
        name
        for name, node in nodes.items()
        if name != HISTORY and any(f"{macro}(" in node["raw_code"] for macro in macros)
    }
    found |= {name for name, node in nodes.items() if "for_each_evaluation(" in node["raw_code"]}
    assert found == STORED


def test_every_seed_that_decides_a_closed_month_is_looked_at(nodes: dict[str, Any]) -> None:
    """An edit of it in place restates nothing, so that the end of a run must name it."""

    def seeds(name: str) -> set[str]:
        read = nodes[name]["depends_on"]["nodes"]
        return {it.rsplit(".", 1)[-1] for it in read if it.startswith("seed.")}

    look = "int_rules_of_history"
    deciding = [
        name
        for name, node in nodes.items()
        if room(node) in ("rules", "snapshots") and name not in (GATE, look)
    ]
    assert set().union(*map(seeds, deciding)) - CODES | ELSEWHERE == seeds(look)


def test_every_declared_raw_table_is_told_of(manifest: dict[str, Any]) -> None:
    """Its rows are counted, and its columns profiled, because `checked_rows` names it."""
    text = (ROOT / "macros" / "records" / "checked_rows.sql").read_text(encoding="utf-8")
    told = re.findall(r"^ {8}'(\w+)': \[\[", text, re.M)
    assert told == [it["name"] for it in manifest["sources"].values()]


def test_the_picture_becomes_no_more_complicated(nodes: dict[str, Any]) -> None:
    @cache
    def steps(name: str) -> int:
        return 1 + max((steps(it) for it in parents(nodes, name)), default=0)

    @cache
    def ancestors(name: str) -> frozenset[str]:
        found = parents(nodes, name)
        return frozenset(found).union(*(ancestors(it) for it in found))

    lines = {
        name: len((ROOT / node["original_file_path"]).read_text(encoding="utf-8").splitlines())
        for name, node in nodes.items()
    }
    figures = {
        "models": len(nodes),
        "steps": steps("customer_tiers"),
        "ancestors": len(ancestors("customer_tiers")),
        "files": sum(1 for it in (ROOT / "models").rglob("*") if it.is_file()),
        "lines": max(lines.values()),
    }
    longest = sorted(lines, key=lambda it: -lines[it])[:5]
    REPORTS["architecture"] = [
        *(f"{name:10} {figure:4} (at most {MOST[name]})" for name, figure in figures.items()),
        "longest models: " + ", ".join(f"{it} {lines[it]}" for it in longest),
    ]
    assert {name: figure for name, figure in figures.items() if figure > MOST[name]} == {}


def test_no_model_has_a_loop_or_an_exception_from_the_style() -> None:
    """Loops live in macros that have a description."""
    texts = {it: it.read_text(encoding="utf-8") for it in (ROOT / "models").rglob("*.sql")}
    wrong = [it.name for it, text in texts.items() if re.search(r"{%-? *for |noqa", text)]
    assert wrong == []
    assert len(texts) > 100


def test_models_are_named_with_their_package_and_seeds_are_not(manifest: dict[str, Any]) -> None:
    """So ours are read beside models of one name in a root project, which may replace our seeds."""
    models = {it["name"] for it in manifest["nodes"].values() if it["resource_type"] == "model"}
    wrong, seen = [], 0
    for node in (*manifest["nodes"].values(), *manifest["exposures"].values()):
        # dbt itself writes the ref of a generic test to what it hangs on
        own = (node.get("attached_node") or "").rsplit(".", 1)[-1]
        for ref in node.get("refs", []):
            seen += 1
            if ref["name"] != own and (ref["package"] == "strata") != (ref["name"] in models):
                wrong.append(f"{node['original_file_path']}: {ref['name']}")
    for unit_test in manifest["unit_tests"].values():
        for given in unit_test["given"]:
            found = re.fullmatch(r"ref\((?:'(\w+)', )?'(\w+)'\)", given["input"])
            if found and (found[1] == "strata") != (found[2] in models):
                wrong.append(f"{unit_test['original_file_path']}: {given['input']}")
    assert wrong == []
    assert seen > 1000
