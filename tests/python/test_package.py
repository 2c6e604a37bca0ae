"""Strata in somebody else's dbt project: `integration_tests`, which has `customers` of its own."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Project, copy_project, made_once
from metric_queries import Metrics

pytestmark = pytest.mark.slow

FOLDER = "integration_tests"
REPLACED = {"tier_rules", "tier_overrides", "purchase_cycles"}


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Build it with all tests, warnings being errors: once for all workers."""

    def at(folder: Path) -> Project:
        root = folder / "project" / FOLDER
        places = {"DBT_PROFILES_DIR": str(root), "SHOP_DUCKDB_PATH": str(folder / "shop.duckdb")}
        project = Project(root, folder / "work", settings=places)
        project.database = folder / "shop.duckdb"
        return project

    def make(folder: Path) -> None:
        copy_project(folder)
        shutil.copytree(
            ROOT / FOLDER,
            folder / "project" / FOLDER,
            ignore=shutil.ignore_patterns("dbt_packages", "target", "logs"),
        )
        project = at(folder)
        project.dbt("deps")
        told = project.dbt("--warn-error", "build")
        (folder / "told.txt").write_text(told, encoding="utf-8")

    folder = made_once(tmp_path_factory, "shop", make)
    project = at(folder)
    project.output = (folder / "told.txt").read_text(encoding="utf-8")
    return project


@pytest.fixture(scope="module")
def manifest(shop: Project) -> dict[str, Any]:
    """Return what dbt knows of the shop and of Strata in it."""
    text = (shop.work / "target" / "manifest.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def read_by_ours(manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each node of the shop that one of ours reads, with its reader."""
    for node in manifest["nodes"].values():
        for parent in node["depends_on"].get("nodes", []):
            if node["package_name"] == "strata" and parent.split(".")[1] != "strata":
                yield node["name"], parent


def test_everything_is_built_beside_models_of_the_same_name(shop: Project) -> None:
    assert "WARN=0 ERROR=0 SKIP=0" in shop.output
    assert shop.value("select count(*) from shop_web.customers") == 40
    assert shop.value("select count(*) from shop_marts.customers") == 40
    (build,) = shop.query("select outcome, reason from shop_runs.builds")
    assert build[0] == "complete", build


def test_schemas_are_those_of_its_own_rule_and_no_raw_one_is_made(shop: Project) -> None:
    found = shop.query(
        "select distinct schema_name from information_schema.schemata"
        " where catalog_name = 'shop' and schema_name not in"
        " ('main', 'information_schema', 'pg_catalog')"
    )
    names = ("web", "marts", "intermediate", "staging", "seeds", "runs")
    assert {name for (name,) in found} == {f"shop_{name}" for name in names}


def test_raw_tables_are_its_models_and_seeds_are_replaced_by_its_own(
    manifest: dict[str, Any],
) -> None:
    read = Counter(parent for _, parent in read_by_ours(manifest))
    raw = {"model.shop.customers", "model.shop.orders"}
    assert set(read) == raw | {f"seed.shop.{name}" for name in REPLACED}
    assert {(it, read[it]) for it in raw} == {(it, 1) for it in raw}
    # the tests of a seed of ours hang on the one that replaces it
    proofs = {reader for reader, parent in read_by_ours(manifest) if "tier_rules" in parent}
    assert {"tier_rules_rows_are_sound", "rules_are_sound"} <= proofs | {"rules_are_sound"}
    assert len(proofs) > 3


def test_tiers_are_those_of_its_rules(shop: Project) -> None:
    """Also of typed raw columns, and a connection in another time zone."""
    expected: dict[int, str] = {40: "vip"}  # by an override
    for buyer, total in shop.query(
        "select buyer, sum(total) from shop_web.buyers left join shop_web.sales using (buyer)"
        " where buyer <> 40 group by buyer"
    ):
        rules = {None: "potential", True: "high", False: "low"}
        expected[buyer] = rules[None if total is None else total >= Decimal(500)]
    found = shop.query("select customer_id, tier_code from shop_marts.customer_tiers")
    assert {int(customer): tier for customer, tier in found} == expected
    assert set(expected.values()) == {"vip", "high", "low", "potential"}
    days = shop.query(
        "select count(*) from shop_intermediate.int_orders_checked as orders"
        " inner join shop_web.sales on cast(orders.order_id as integer) = sales.sale"
        " where orders.order_date <> cast(sales.sold_at as date)"
    )
    assert days == [(0,)]


def test_a_wing_that_is_off_is_not_there(manifest: dict[str, Any], shop: Project) -> None:
    nodes = [it for it in manifest["nodes"].values() if it["config"]["enabled"]]
    paths = [it["original_file_path"] for it in nodes]
    assert not [it for it in paths if "/marketing/" in it and not it.startswith("seeds/")]
    assert [it for it in paths if "/simulation/" in it]
    marts = shop.query("select table_name from duckdb_tables() where schema_name = 'shop_marts'")
    assert ("customer_actions",) not in marts
    assert ("tier_performance",) in marts


def test_our_unit_tests_and_exposures_are_off(manifest: dict[str, Any]) -> None:
    assert [it for it in manifest["unit_tests"].values() if it["package_name"] == "strata"] == []
    assert manifest["exposures"] == {}


def test_metrics_are_those_that_are_turned_on(manifest: dict[str, Any], shop: Project) -> None:
    models = {it["original_file_path"] for it in manifest["semantic_models"].values()}
    assert models == {"models/marts/core/_metrics.yml"}
    metrics = Metrics(shop)
    assert metrics.problems() == []
    tiers = (
        "select tier_label_en, count(*) from shop_marts.customer_tiers group by all order by all"
    )
    sql = metrics.sql(
        metric_names=["strata_customers"], group_by_names=["strata_customer__tier_label_en"]
    )
    assert shop.query(f"from ({sql}) order by all") == shop.query(tiers)


def test_a_run_of_others_is_left_alone(shop: Project) -> None:
    before = shop.query("from shop_runs.builds")
    told = shop.dbt("build", "--select", "buyers", "sales")
    assert "as_of_date:" not in told
    assert shop.query("from shop_runs.builds") == before


@pytest.mark.long
def test_models_of_one_name_that_cannot_be_told_apart_are_refused(
    shop: Project, tmp_path: Path
) -> None:
    """Without the flag, or on dbt 1.10, tests of ours would run on models of the shop."""
    root = tmp_path / "project" / FOLDER
    shutil.copytree(shop.root.parent, root.parent, symlinks=True)
    (root / "dbt_packages" / "strata").unlink()
    (root / "dbt_packages" / "strata").symlink_to(root.parent)
    path = root / "dbt_project.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("_before_root: true", "_before_root: false"), encoding="utf-8")
    places = {"DBT_PROFILES_DIR": str(root), "SHOP_DUCKDB_PATH": str(tmp_path / "shop.duckdb")}
    told = Project(root, tmp_path / "work", settings=places).dbt(
        "build", "--select", "tiers", expect=2
    )
    assert "Models of Strata and of shop have the same name (" in told
    assert "set the flag require_ref_searches_node_package_before_root: true" in told
