"""The YAML files: no key that dbt does not know, no column undescribed, no empty phrase."""

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, Project
from dbt.contracts.graph.unparsed import UnparsedMetric, UnparsedSavedQuery, UnparsedSemanticModel
from dbt.contracts.project import ProjectFlags
from dbt.jsonschemas.jsonschemas import CustomDraft7Validator, project_schema, resources_schema
from dbt_common.dataclass_schema import ValidationError

RESOURCES = sorted(
    path
    for folder in ("models", "seeds", "macros", "tests")
    for pattern in ("*.yml", "*.yaml")
    for path in (ROOT / folder).rglob(pattern)
)
UNFINISHED = re.compile(
    r"\b(todo|tbd|tba|fixme|xxx|wip|lorem|placeholder here|fill in|describe me)\b|\?\?|^\W*$",
    re.IGNORECASE,
)

METRICS = {
    "semantic_models": UnparsedSemanticModel,
    "metrics": UnparsedMetric,
    "saved_queries": UnparsedSavedQuery,
}
"""What dbt itself reads them with: its schema knows the newer spec of metrics only."""
LONGEST_NAME = 63
"""Bytes of the name of a relation in PostgreSQL; dbt makes one for a unit test."""


def load(path: Path) -> Any:
    """Read a YAML file; of a choice by target, what DuckDB gets, of a switch that it is on."""
    text = re.sub(r"\"{{.*\| as_bool }}\"", "true", path.read_text(encoding="utf-8"))
    text = re.sub(r"\"{{[^\"]*\| int\(\d+\) }}\"", "1", text)
    return yaml.safe_load(
        re.sub(r"\"{{ '\w+' if target.type == '\w+' else '(\w+)' }}\"", r"\1", text)
    )


def violations(document: Any, schema: dict[str, Any]) -> list[str]:
    """Return what of a document dbt's own JSON schema does not allow."""
    return [
        f"{'.'.join(map(str, error.path))}: {error.message[:300]}"
        for error in CustomDraft7Validator(schema).iter_errors(document)
    ]


def violations_of_resources(document: dict[str, Any]) -> list[str]:
    """Return the same of a document about models, seeds or metrics."""
    others = {key: value for key, value in document.items() if key not in METRICS}
    wrong = violations(others, resources_schema())
    for kind in METRICS.keys() & document.keys():
        for resource in document[kind]:
            try:
                METRICS[kind].validate(resource)
            except ValidationError as error:
                wrong.append(f"{kind}: {str(error)[:300]}")
    return wrong


def test_every_yaml_keeps_to_the_schema_of_dbt() -> None:
    assert len(RESOURCES) > 80
    found = {
        str(path.relative_to(ROOT)): wrong
        for path in RESOURCES
        if (wrong := violations_of_resources(load(path)))
    }
    assert found == {}
    assert violations(load(ROOT / "dbt_project.yml"), project_schema()) == []


DOCUMENT = """
models:
  - name: orders
    description: One row per order.
    config: {materialized: table}
    columns:
      - name: order_id
        description: Identifier.
        data_type: text
    data_tests:
      - grain:
          name: orders_one_row_per_order
          arguments: {columns: [order_id]}
          config: {where: order_id is not null}
seeds:
  - name: tiers
    description: One row per tier.
    config: {quote_columns: false}
    columns: [{name: tier_code, description: Code.}]
sources:
  - name: crm
    description: Raw tables.
    tables:
      - name: orders
        description: One row per order.
        columns: [{name: order_id, description: Identifier.}]
macros:
  - name: months_before
    description: The same day some months earlier.
    arguments: [{name: day, type: date, description: Day.}]
unit_tests:
  - name: counts_orders
    description: Orders are counted.
    model: orders
    given: [{input: ref('stg_orders'), rows: []}]
    expect: {rows: []}
exposures:
  - name: dashboard
    type: dashboard
    owner: {name: CRM}
    description: Charts.
groups:
  - name: marts
    owner: {name: CRM}
semantic_models:
  - name: orders
    description: Orders.
    model: ref('orders')
    defaults: {agg_time_dimension: ordered}
    entities: [{name: order, type: primary, expr: order_id}]
    dimensions: [{name: ordered, type: time, type_params: {time_granularity: day}}]
    measures: [{name: order_count, agg: count, expr: order_id}]
metrics:
  - name: orders
    label: Orders
    description: Orders.
    type: simple
    type_params: {measure: order_count}
saved_queries:
  - name: totals
    description: All orders.
    query_params: {metrics: [orders]}
"""


def keys_of(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of each key of a document, but not of free content."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield (*path, key)
            yield from keys_of(value, (*path, key))
    elif isinstance(document, list):
        for place, value in enumerate(document):
            yield from keys_of(value, (*path, place))


def misspelt(document: Any, path: tuple[Any, ...]) -> Any:
    """Return a copy of a document with one key misspelt."""
    changed = copy.deepcopy(document)
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    holder[f"{path[-1]}x"] = holder.pop(path[-1])
    return changed


def test_each_misspelt_key_is_found() -> None:
    """The schema is strict at every level, so the test above can fail."""
    document = yaml.safe_load(DOCUMENT)
    assert violations_of_resources(document) == []
    # the name and the arguments of a test of one's own are free
    paths = [it for it in keys_of(document) if it[-1] != "grain" and "arguments" not in it[:-1]]
    assert len(paths) > 50
    for path in paths:
        assert violations_of_resources(misspelt(document, path)), path
    project = load(ROOT / "dbt_project.yml")
    for path in (("seed-paths",), ("models", "strata", "marts", "+access")):
        assert violations(misspelt(project, path), project_schema()), path


def test_flags_are_those_of_dbt() -> None:
    """The schema of dbt lets any flag pass."""
    known = {field.name for field in fields(ProjectFlags)}
    assert set(load(ROOT / "dbt_project.yml")["flags"]) <= known


@pytest.fixture(scope="module")
def manifest(demo_build: Project) -> dict[str, Any]:
    text = (demo_build.work / "target" / "manifest.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def resources(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the models, seeds and sources of the project."""
    nodes = [*manifest["nodes"].values(), *manifest["sources"].values()]
    return [node for node in nodes if node["resource_type"] in ("model", "seed", "source")]


def macros(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the macros of the project but for tests and what a dispatched macro calls."""
    return [
        macro
        for macro in manifest["macros"].values()
        if macro["package_name"] == "strata"
        and not re.match(r"test_|(default|duckdb|postgres|spark)__", macro["name"])
    ]


def test_everything_is_described(manifest: dict[str, Any]) -> None:
    described = (
        resources(manifest)
        + macros(manifest)
        + list(manifest["exposures"].values())
        + list(manifest["unit_tests"].values())
        + [it for kind in METRICS for it in manifest[kind].values()]
        + [argument for macro in macros(manifest) for argument in macro["arguments"]]
        + [column for node in resources(manifest) for column in node["columns"].values()]
    )
    assert len(described) > 500
    poor = [
        it.get("unique_id", it["name"])
        for it in described
        if len((it.get("description") or "").strip()) < 5 or UNFINISHED.search(it["description"])
    ]
    assert poor == []


def test_tables_say_what_a_row_is(manifest: dict[str, Any]) -> None:
    silent = [
        node["unique_id"]
        for node in resources(manifest)
        if not re.match(r"(One|At most one|No) row", node["description"].strip())
    ]
    assert silent == []


def test_names_of_unit_tests_fit_into_postgres(manifest: dict[str, Any]) -> None:
    names = [test["name"] for test in manifest["unit_tests"].values()]
    assert names
    assert not [name for name in names if len(name) > LONGEST_NAME]


def test_unit_tests_of_raw_texts_set_their_own_formats(manifest: dict[str, Any]) -> None:
    """Otherwise the build of a user with other vars fails in a test that is not about the data."""
    formats = {"business_timezone"}
    for name in ("source_timezone", "number_format"):
        formats |= {name, f"{name}s"}
    of_raw_texts = [
        test
        for test in manifest["unit_tests"].values()
        if any(given["input"].startswith("source(") for given in test["given"])
    ]
    assert of_raw_texts
    assert [t["name"] for t in of_raw_texts if not formats <= {*t["overrides"]["vars"]}] == []


def test_columns_of_marts_seeds_and_sources_are_those_of_the_warehouse(
    demo_build: Project, manifest: dict[str, Any]
) -> None:
    built: dict[tuple[str, str], list[str]] = {}
    for schema, table, column in demo_build.query(
        "select table_schema, table_name, column_name from information_schema.columns"
        " order by table_schema, table_name, ordinal_position"
    ):
        built.setdefault((schema, table), []).append(column)
    checked = 0
    for node in resources(manifest):
        if node["schema"] in ("marts", "seeds", "raw"):
            checked += 1
            name = (node["schema"], node["name"])
            declared = [column["name"] for column in node["columns"].values()]
            assert declared == built[name], name
    assert checked == sum(schema in ("marts", "seeds", "raw") for schema, _ in built)


def test_columns_of_marts_and_sources_have_a_type(manifest: dict[str, Any]) -> None:
    for node in resources(manifest):
        if node["schema"] in ("marts", "raw"):
            untyped = [it["name"] for it in node["columns"].values() if not it["data_type"]]
            assert untyped == [], node["unique_id"]


def test_column_types_of_seeds_are_declared_for_each_column(manifest: dict[str, Any]) -> None:
    for node in resources(manifest):
        if node["resource_type"] == "seed":
            assert list(node["config"]["column_types"]) == list(node["columns"]), node["name"]


def test_arguments_of_macros_are_those_of_their_definition(manifest: dict[str, Any]) -> None:
    signature = re.compile(r"{%-?\s*macro\s+(\w+)\s*\((.*?)\)\s*-?%}", re.DOTALL)
    for macro in macros(manifest):
        (found,) = (it for it in signature.finditer(macro["macro_sql"]) if it[1] == macro["name"])
        defined = [it.split("=")[0].strip() for it in found[2].split(",") if it.strip()]
        declared = [argument["name"] for argument in macro["arguments"]]
        assert declared == defined, macro["name"]
        assert all(argument["type"] for argument in macro["arguments"]), macro["name"]


def test_each_seed_macro_file_and_mart_has_its_yaml_beside_it() -> None:
    files = [
        *(ROOT / "models" / "marts").rglob("*.sql"),
        *(ROOT / "macros").rglob("*.sql"),
        *(ROOT / "seeds").rglob("*.csv"),
    ]
    assert len(files) > 80
    assert [path for path in files if not path.with_suffix(".yml").exists()] == []


def test_each_room_of_staging_and_intermediate_has_one_yaml_of_its_models() -> None:
    """It is short enough to be read; declarations and unit tests are in files of their own."""
    models = [*(ROOT / "models/staging").glob("*.sql")]
    models += (ROOT / "models/intermediate").rglob("*.sql")
    folders = {path.parent for path in models}
    assert len(folders) > 10
    for folder in folders:
        path = folder / f"_{folder.name}.yml"
        described = {model["name"] for model in load(path)["models"]}
        here = {model.stem for model in models if model.parent == folder}
        own = {it: folder / f"_{it.removeprefix('int_')}.yml" for it in here}
        apart = {it for it, its in own.items() if its.exists() and its != path}
        assert described == here - apart
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
        allowed = {path.name, f"_{folder.name}_unit_tests.yml", "_sources.yml"}
        allowed |= {own[it].name for it in apart}
        assert {it.name for it in folder.glob("*.yml")} <= allowed


def test_nothing_is_left_to_do() -> None:
    files = [
        path
        for folder in ("models", "macros", "seeds", "tests/generic", "tests/singular", "strata")
        for path in (ROOT / folder).rglob("*.*")
        if path.suffix in (".sql", ".yml", ".md", ".csv", ".py")
    ]
    marks = re.compile(r"\b(TODO|FIXME|TBD|HACK)\b")
    assert [path for path in files if marks.search(path.read_text(encoding="utf-8"))] == []
