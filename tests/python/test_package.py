"""Strata in somebody else's dbt project: `integration_tests`, which has `customers` of its own.

On DuckDB in each run of the tests, on PostgreSQL in the long ones.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest
from conftest import ROOT, Project, Row, copy_project, made_once
from metric_queries import Metrics

from strata.servers.postgres import Postgres

pytestmark = pytest.mark.slow

FOLDER = "integration_tests"
REPLACED = {"tier_rules", "tier_overrides", "purchase_cycles"}


ON_DUCKDB = pytest.mark.parametrize("shop", ["duckdb"], indirect=True)
ZONE = "America/New_York"
"""Of the connection: what it says decides nothing."""


class ShopOnPostgres(Project):
    """The shop on a server."""

    def __init__(self, root: Path, work: Path, settings: Mapping[str, str], server: Postgres):
        super().__init__(root, work, settings=settings)
        self.server = server

    def query(self, sql: str) -> list[Row]:
        """Return all rows of a query, over a connection in another time zone."""
        with closing(self.server.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(f"set time zone '{ZONE}'")
            cursor.execute(sql)
            return list(cursor.fetchall())


@pytest.fixture(
    scope="session", params=["duckdb", pytest.param("postgres", marks=pytest.mark.long)]
)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Build it with all tests, warnings being errors: once for all workers."""

    def at(folder: Path) -> Project:
        root = folder / "project" / FOLDER
        places = {"DBT_PROFILES_DIR": str(root), "SHOP_DUCKDB_PATH": str(folder / "shop.duckdb")}
        if request.param == "postgres":
            server: Postgres = request.getfixturevalue("postgres_server")
            places |= server.settings | {"SHOP_TARGET": "postgres", "PGTZ": ZONE}
            return ShopOnPostgres(root, folder / "work", places, server)
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

    folder = made_once(tmp_path_factory, f"shop_{request.param}", make)
    project = at(folder)
    project.output = (folder / "told.txt").read_text(encoding="utf-8")
    return project


@pytest.fixture
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


@ON_DUCKDB
def test_its_build_is_recorded_as_complete(shop: Project) -> None:
    """Only DuckDB builds are published, so that a server records none."""
    (build,) = shop.query("select outcome, reason from shop_runs.builds")
    assert build[0] == "complete", build


def test_schemas_are_those_of_its_own_rule_and_no_raw_one_is_made(shop: Project) -> None:
    found = shop.query(
        "select distinct schema_name from information_schema.schemata"
        " where catalog_name in ('shop', 'strata') and schema_name not in"
        " ('main', 'public', 'information_schema', 'pg_catalog', 'pg_toast')"
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
    marts = shop.query(
        "select table_name from information_schema.tables where table_schema = 'shop_marts'"
    )
    assert ("customer_actions",) not in marts
    assert ("tier_performance",) in marts


def test_our_unit_tests_and_exposures_are_off(manifest: dict[str, Any]) -> None:
    assert [it for it in manifest["unit_tests"].values() if it["package_name"] == "strata"] == []
    assert manifest["exposures"] == {}


@ON_DUCKDB
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
    noted = "tiers_before" if isinstance(shop, ShopOnPostgres) else "builds"
    before = shop.query(f"select * from shop_runs.{noted}")
    told = shop.dbt("build", "--select", "buyers", "sales")
    assert "as_of_date:" not in told
    assert shop.query(f"select * from shop_runs.{noted}") == before


@ON_DUCKDB
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


OLDEST: Final = ("dbt-core==1.10.23", "dbt-duckdb==1.10.1", f"duckdb=={duckdb.__version__}")


@pytest.mark.long
def test_the_oldest_dbt_refuses_equal_names_and_builds_without(tmp_path: Path) -> None:
    """There is no flag on 1.10 that tells equal names apart: a line says so, and no traceback."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "old"], check=True)
    dbt = tmp_path / "old" / "bin" / "dbt"
    install = [dbt.with_name("python"), "-m", "pip", "install", "--quiet", *OLDEST]
    if subprocess.run(install, check=False, capture_output=True).returncode:
        pytest.skip(f"there is no package registry to install {' '.join(OLDEST)} from")
    copy_project(tmp_path)
    root = tmp_path / "project" / FOLDER
    ignored = shutil.ignore_patterns("dbt_packages", "target", "logs")
    shutil.copytree(ROOT / FOLDER, root, ignore=ignored)
    kept = {name: text for name, text in os.environ.items() if name[:4] not in ("DBT_", "STRA")}
    places = {"DBT_PROFILES_DIR": str(root), "SHOP_DUCKDB_PATH": str(tmp_path / "shop.duckdb")}

    def call(*arguments: str, expect: int) -> str:
        done = subprocess.run(
            [dbt, "--no-use-colors", *arguments],
            cwd=root,
            env=kept | places,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == expect, done.stdout[-4000:]
        assert "Traceback" not in done.stdout + done.stderr
        return done.stdout

    call("deps", expect=0)
    told = call("build", "--select", "tiers", expect=2)
    assert "Running with dbt=1.10.23" in told
    assert "Models of Strata and of shop have the same name (customers_all_have_a_tier" in told
    for name in ("customers", "orders"):
        (root / f"models/{name}.sql").rename(root / f"models/web_{name}.sql")
    reader = root / "models/tiers_by_country.sql"
    text = reader.read_text(encoding="utf-8")
    reader.write_text(text.replace("ref('customers')", "ref('web_customers')"), encoding="utf-8")
    settings = root / "dbt_project.yml"
    text = settings.read_text(encoding="utf-8")
    raw = "{customers: web_customers, orders: web_orders}"
    settings.write_text(re.sub("raw_models: {.*}", f"raw_models: {raw}", text), encoding="utf-8")
    assert "WARN=0 ERROR=0 SKIP=0" in call("--warn-error", "build", expect=0)
