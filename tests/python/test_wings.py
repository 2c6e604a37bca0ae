"""Wings that can be left out: the core alone says what it says beside all of them."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Project

WINGS = ("marketing", "performance", "quality", "simulation")
OFF = {f"STRATA_{wing.upper()}": "false" for wing in WINGS}
CORE = sorted(path.stem for path in (ROOT / "models" / "marts" / "core").glob("*.sql"))
"""The marts of the core."""


@pytest.fixture(scope="module")
def core(small_build_as_built: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Build the core alone from the customers and orders of the small build, with its proofs."""
    small = small_build_as_built
    project = Project(small.root, tmp_path_factory.mktemp("core"), small.variables, OFF)
    project.dbt("--warn-error", "build", "--exclude-resource-type", "unit_test")
    return project


def manifest_of(project: Project) -> dict[str, Any]:
    """Return what dbt knows of a project."""
    text = (project.work / "target" / "manifest.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def folders(manifest: dict[str, Any]) -> set[str]:
    """Return the folders of all nodes but the seeds."""
    kinds = ("nodes", "exposures", "unit_tests", "semantic_models", "metrics", "saved_queries")
    enabled = [it for kind in kinds for it in manifest[kind].values() if it["config"]["enabled"]]
    paths = [Path(it["original_file_path"]) for it in enabled]
    return {part for path in paths if path.parts[0] != "seeds" for part in path.parts}


@pytest.mark.slow
def test_nothing_of_a_wing_is_made(core: Project) -> None:
    assert folders(manifest_of(core)).isdisjoint(WINGS)
    marts = core.query("select table_name from duckdb_tables() where schema_name = 'marts'")
    assert sorted(name for (name,) in marts) == CORE
    assert len(CORE) > 5


@pytest.mark.slow
def test_the_core_says_what_it_says_beside_the_wings(
    core: Project, small_build_as_built: Project
) -> None:
    for mart in CORE:
        relation = f"marts.{mart}"
        assert core.rows(relation) == small_build_as_built.rows(relation), mart


@pytest.mark.slow
def test_rows_and_limits_are_told_by_the_core(core: Project) -> None:
    for line in ("    orders: ", "    customers: ", "    facts from ", "raw rows lie after it"):
        assert line in core.output, line
    nodes = manifest_of(core)["nodes"].values()
    names = {it["name"] for it in nodes if it["config"]["enabled"]}
    proofs = {"quarantine_is_within_its_limits", "every_raw_row_is_accounted_for"}
    assert proofs | {"used_amounts_are_in_the_marts", "rules_are_sound"} <= names
    assert "marketing_rules_are_sound" not in names


@pytest.mark.long
@pytest.mark.parametrize("wing", WINGS)
def test_each_wing_can_be_left_out_alone(wing: str, tmp_path: Path) -> None:
    project = Project(ROOT, tmp_path, settings={f"STRATA_{wing.upper()}": "false"})
    project.dbt("--warn-error", "build", "--exclude-resource-type", "unit_test")
    assert set(WINGS) - folders(manifest_of(project)) == {wing}
