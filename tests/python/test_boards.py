"""Boards of dbt Charts: their queries, their figures, and every page in a browser offline.

What needs dbt Charts runs where make has made its virtual environment, as `make test` does; what
needs Chromium, where it is installed. The report at the end of the run names what was left out.
"""

import html
import importlib.util
import json
import math
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import jinja2
import pytest
import yaml
from conftest import REPORTS, ROOT, Project

BOARDS = ROOT / "boards"
PYTHON = ROOT / ".venv-boards" / "bin" / "python"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
REQUIRED = os.environ.get("STRATA_REQUIRE_CHROMIUM") == "true"
WIDTHS = (1440, 1000)
CONTENTS = {
    path.stem: yaml.safe_load(path.read_text("utf-8"))
    for path in sorted((BOARDS / "charts").glob("*.yml"))
}
CHARTS = [(board, chart) for board, content in CONTENTS.items() for chart in content["charts"]]
MOST_ROWS = 400
FIGURES: dict[str, str] = yaml.safe_load((BOARDS / "figures.yml").read_text("utf-8"))
CUSTOMERS = {
    "largest": "true",
    "may rise": "revenue_to_next_tier > 0 and orders_to_next_tier > 0",
    "new": "lifetime_orders = 0",
}
"""Customers whose page is compared: the largest of which this is so."""


def board_sql(board: str, query: str, **values: str) -> str:
    """Return the SQL of a board's query with the defaults of its variables, as dbt Charts does."""
    content = CONTENTS[board]
    given = {
        name: f"'{values.get(name, variable['default'])}'"
        for name, variable in content.get("variables", {}).items()
    }
    queries = {
        name: f"({jinja2.Template(sql).render(given)}) as {name}"
        for name, sql in content["queries"].items()
        if "queries." not in sql
    }
    return jinja2.Template(content["queries"][query]).render(given, queries=queries)


def columns_of(chart: dict[str, Any]) -> set[str]:
    """Return the columns that a chart names."""
    named: set[str] = set(chart.get("style", {}).get("columns", {}))
    for channel in ("x", "y", "color", "value"):
        given = chart.get(channel, [])
        named |= {given} if isinstance(given, str) else set(given)
    return named | ({chart["support"]["value"]} if "support" in chart else set())


@pytest.fixture(scope="module")
def project() -> Iterator[ModuleType]:
    """Import boards/project.py, which belongs to no package."""
    spec = importlib.util.spec_from_file_location("boards_project", BOARDS / "project.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def checked_charts(warehouse: Path) -> Iterator[str]:
    """Yield what is wrong with the data of each chart of each board."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for board, content in CONTENTS.items():
            found = {}
            for query in content["queries"]:
                result = connection.execute(board_sql(board, query))
                found[query] = ({column[0] for column in result.description}, result.fetchall())
            for name, chart in content["charts"].items():
                columns, rows = found[chart["query"]]
                missing = columns_of(chart) - columns
                if missing:
                    yield f"{board}.{name}: no columns {sorted(missing)}"
                if chart["type"] == "kpi" and len(rows) != 1:
                    yield f"{board}.{name}: {len(rows)} rows for one figure"
                if len(rows) > MOST_ROWS:
                    yield f"{board}.{name}: {len(rows)} rows, more with more customers"


def test_every_chart_has_the_columns_that_it_shows(demo_build: Project) -> None:
    assert list(checked_charts(demo_build.database)) == []


def shown_columns() -> dict[str, set[str]]:
    """Return the columns that charts show, by query."""
    shown: dict[str, set[str]] = {}
    for board, content in CONTENTS.items():
        for chart in content["charts"].values():
            shown.setdefault(f"{board}.{chart['query']}", set()).update(columns_of(chart))
    return shown


def test_every_query_that_a_chart_shows_has_its_figures_from_the_marts() -> None:
    assert set(FIGURES) == set(shown_columns())


def rows_of(built: Project, sql: str, columns: list[str] | None = None) -> list[dict[str, Any]]:
    """Return rows of a query, in an order that depends on their values alone."""
    rows = [{name: row[name] for name in columns or row} for row in map(dict, built.records(sql))]
    return sorted(rows, key=lambda row: [sort_key(row[name]) for name in sorted(row)])


def sort_key(value: Any) -> str:
    """Return what sorts figures that are equal but for their last digits in the same place."""
    return f"{float(value):.6g}" if hasattr(value, "__float__") else str(value)


@pytest.mark.parametrize(
    ("query", "customer"),
    [
        (query, customer)
        for query in FIGURES
        for customer in (CUSTOMERS if query.startswith("customer.") else [""])
    ],
)
def test_every_figure_equals_the_mart(demo_build: Project, query: str, customer: str) -> None:
    key = None
    if customer:
        key = demo_build.value(
            f"select customer_id from marts.customer_tiers where {CUSTOMERS[customer]}"
            " order by net_revenue_12m desc, customer_id limit 1"
        )
    rows = compared(demo_build, query, key)
    assert rows or customer


def compared(built: Project, query: str, customer: str | None) -> int:
    """Compare the figures of a query with the marts, and return how many rows there are."""
    values = {"customer": customer} if customer else {}
    expected = rows_of(built, FIGURES[query].replace("{customer}", f"'{customer}'"))
    shown = rows_of(built, board_sql(*query.split("."), **values), list(*expected[:1]))
    assert shown_columns()[query] <= set(*expected[:1]) or not expected
    assert len(shown) == len(expected), query
    for row, other in zip(shown, expected, strict=True):
        for name, same in other.items():
            if hasattr(same, "__float__"):
                assert row[name] is not None, (query, name)
                right = pytest.approx(float(same), rel=1e-6, abs=1e-6)
                assert float(row[name]) == right, (query, name)
            else:
                assert row[name] == same, (query, name)
    return len(expected)


def write_pages(built: Project, out: Path) -> list[Path]:
    """Write the static pages of a build with one customer; refuse what does not fit."""
    subprocess.run(
        [PYTHON, BOARDS / "render.py", "--out", out, "--customers", "1", "--strict"],
        env=os.environ | {"STRATA_DUCKDB_PATH": str(built.database)},
        check=True,
        timeout=300,
    )
    return sorted(out.rglob("*.html"))


def test_boards_follow_other_tiers_and_another_currency(
    project: ModuleType, small_build_as_built: Project, tmp_path: Path
) -> None:
    file = tmp_path / "other.duckdb"
    shutil.copy(small_build_as_built.database, file)
    with duckdb.connect(str(file)) as connection:
        connection.execute("update seeds.tiers set label_en = upper(tier_code), colour = '#0A7E07'")
        connection.execute("update runs.builds set reporting_currency = 'PLN'")
        connection.execute("drop table marts.customer_actions")
    build = project.read_build(file, "", 3)
    inherited = project.defaults(build)["style"]
    assert inherited["formats"]["money"]["prefix"] == "PLN "
    assert inherited["charts"]["category_colors"]["tier"]["values"] == {"VIP": "#0a7e07"}
    assert len(build.customers) == 3

    project.write_project(build, tmp_path / "project", is_live=False)
    written = (tmp_path / "project" / "charts" / "customer.yml").read_text("utf-8")
    assert "revenue_bars" in written
    assert "action_text" not in written and "customer_actions" not in written
    variables = yaml.safe_load(written)["variables"]
    assert [variable["visible"] for variable in variables.values()] == [False]
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            "create table marts.customer_actions as from "
            f"'{empty_like(small_build_as_built, 'customer_actions', tmp_path)}'"
        )
    assert list(checked_charts(file)) == []


def empty_like(built: Project, mart: str, folder: Path) -> Path:
    """Write an empty Parquet file with the columns of a mart."""
    file = folder / f"{mart}.parquet"
    built.query(f"copy (from marts.{mart} limit 0) to '{file}'")
    return file


def test_a_customer_that_is_not_there_is_told(demo_build: Project) -> None:
    sql = board_sql("customer", "me").replace("nullif('', '')", "nullif('nobody', '')")
    ((tier,),) = demo_build.query(f"select tier from ({sql})")
    assert tier == "Unknown customer"


def test_prefixed_schemas_are_read(project: ModuleType, tmp_path: Path) -> None:
    build = project.Build(Path("a.duckdb"), "dev_", "EUR", {}, all_tables(project), ())
    project.write_project(build, tmp_path / "project", is_live=True)
    written = "".join(path.read_text() for path in (tmp_path / "project/charts").glob("*.yml"))
    assert "dev_marts.customer_tiers" in written and "dev_seeds.tiers" in written
    assert not re.search(r"(?<!dev_)\b(marts|seeds)\.\w", written)


def all_tables(project: ModuleType) -> frozenset[str]:
    """Return every table that a board reads."""
    texts = [sql for content in CONTENTS.values() for sql in content["queries"].values()]
    return frozenset(match.group() for sql in texts for match in project.TABLE.finditer(sql))


def test_a_warehouse_without_a_build_is_told_in_one_line(
    project: ModuleType, tmp_path: Path
) -> None:
    with pytest.raises(project.BoardsError, match=r"there is no warehouse .*make build"):
        project.read_build(tmp_path / "none.duckdb", "", 1)
    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    with pytest.raises(project.BoardsError, match="has no build to show") as told:
        project.read_build(tmp_path / "empty.duckdb", "", 1)
    assert "\n" not in str(told.value)


def test_links_go_to_pages_that_are_there(project: ModuleType) -> None:
    text = (
        '<a href="/customer?customer=a%2Fb" class="l"><text>a/b</text></a>'
        '<a href="/customer?customer=gone"><text>gone</text></a><a href="/demand/">x</a>'
    )
    assert project.page_links(text, "../", ["a/b"], ["demand"]) == (
        '<a href="../customers/a~2fb.html" class="l"><text>a/b</text></a>'
        '<text>gone</text><a href="../demand.html">x</a>'
    )


@pytest.fixture(scope="module")
def pages(demo_build: Project, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Write the static pages of the demo, with one customer, where dbt Charts is installed."""
    if not PYTHON.exists():
        REPORTS["boards"] = [
            "no page was written and shot: no .venv-boards, which `make dashboard` makes"
        ]
        assert not REQUIRED, REPORTS["boards"]
        pytest.skip("the boards have no virtual environment; `make dashboard` makes it")
    out = tmp_path_factory.mktemp("boards") / "boards"
    (out.parent / "docs").mkdir()
    (out.parent / "docs" / "index.html").touch()
    return write_pages(demo_build, out)


def plain_text(page: Path) -> str:
    """Return the words of a page, one text element a line."""
    body = re.sub(r"<(style|script|title)\b.*?</\1>", "", page.read_text("utf-8"), flags=re.DOTALL)
    elements = re.findall(r"<text\b.*?</text>", body, flags=re.DOTALL)
    return html.unescape("\n".join(re.sub(r"<[^>]+>", "", element) for element in elements))


@pytest.mark.slow
def test_pages_ask_for_nothing_outside(pages: list[Path], project: ModuleType) -> None:
    assert {page.stem for page in pages} >= set(project.PAGES)
    assert len(pages) == len(project.PAGES) + 1
    for page in pages:
        text = page.read_text("utf-8")
        outside = set(re.findall(r"https?://[^\s\"'<>)]+", text)) - {
            "http://www.w3.org/2000/svg",
            "http://www.w3.org/1999/xlink",
        }
        assert outside == set(), page.name
        local = re.findall(r'(?:href|src)="([^"#]+)"', text) + re.findall(r"url\('([^#')]+)'", text)
        gone = {
            link
            for link in local
            if not link.startswith("data:") and not (page.parent / link).exists()
        }
        assert gone == set(), page.name
    most = max(page.stat().st_size for page in pages if page.parent.name == "customers")
    files = [file for file in pages[0].parents[0].rglob("*") if file.is_file()]
    total = sum(file.stat().st_size for file in files if file.parent.name != "customers")
    assert total + project.MOST_CUSTOMERS * most < 20_000_000


@pytest.mark.slow
def test_pages_show_the_figures_of_the_marts(pages: list[Path], demo_build: Project) -> None:
    texts = {page.stem: plain_text(page) for page in pages}
    shown = [
        ("overview", board_sql("overview", "totals"), ("customers", "at_risk")),
        ("overview", board_sql("overview", "tiers"), ("tier", "tier_zh", "customers", "revenue")),
        ("overview", board_sql("overview", "rfm"), ("customers",)),
        ("overview", board_sql("overview", "top"), ("customer_id", "revenue", "expected")),
        ("movement", board_sql("movement", "flows_year"), ("from_total", "to_total")),
        ("what_if", board_sql("what_if", "ways"), ("customers", "revenue", "backtest_revenue")),
        ("campaigns", board_sql("campaigns", "next_actions"), ("action_zh", "now", "potential")),
        ("demand", board_sql("demand", "growth"), ("category_zh", "revenue_12m")),
        ("quality", board_sql("quality", "reconciliation"), ("raw_rows", "used_rows")),
    ]
    for page, sql, columns in shown:
        for row in demo_build.records(sql):
            for column in columns:
                value = row[column]
                if value is None:
                    continue
                told = value if isinstance(value, str) else f"{math.floor(float(value) + 0.5):,d}"
                assert told in texts[page].replace("\u2212", "-"), (page, column, row)


def browse(page: Path, picture: Path, size: tuple[int, int], folder: Path) -> str:
    """Shoot a page in Chromium, which reaches no network, and return what it says."""
    call = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        "--enable-logging=stderr",
        "--virtual-time-budget=5000",
        f"--log-net-log={folder}.json",
        f"--user-data-dir={folder}",
        f"--window-size={size[0]},{size[1]}",
        f"--screenshot={picture}",
        page.as_uri(),
    ]
    done = subprocess.run(call, capture_output=True, text=True, timeout=120, check=False)
    return done.stderr


@pytest.mark.long
def test_every_column_has_its_lineage_offline(demo_build: Project, tmp_path: Path) -> None:
    if not PYTHON.exists():
        pytest.skip("the boards have no virtual environment; `make dashboard` makes it")
    demo_build.dbt("docs", "generate")
    target, out = demo_build.work / "target", tmp_path / "lineage"
    call = [PYTHON.with_name("colibri"), "generate", "--light", "--disable-telemetry"]
    call += ["--output-dir", out]
    call += ["--manifest", target / "manifest.json", "--catalog", target / "catalog.json"]
    done = subprocess.run(call, capture_output=True, text=True, check=True, timeout=300)
    assert "ERROR" not in done.stdout + done.stderr
    found = json.loads((out / "colibri-manifest.json").read_text("utf-8"))["nodes"]
    columns = [
        bool(column.get("hasLineage"))
        for name, node in found.items()
        if name.startswith("model.")
        for column in node["columns"].values()
    ]
    assert len(columns) > 2000 and sum(columns) > 0.95 * len(columns)
    if CHROMIUM:
        browse(out / "index.html", tmp_path / "lineage.png", (1440, 900), tmp_path / "browser")
        asked = set(
            re.findall(r'"url":"https?://([^/"]+)', (tmp_path / "browser.json").read_text())
        )
        own = ("google.com", "googleapis.com")
        assert [host for host in asked if not host.endswith(own)] == []


@pytest.mark.slow
def test_every_page_is_shot_without_a_network(pages: list[Path], tmp_path: Path) -> None:
    if not CHROMIUM:
        REPORTS["boards"] = [
            "written and read, but not shot, for there is no Chromium (on Debian:"
            " apt-get install chromium fonts-noto-cjk):",
            *(
                str(page.relative_to(page.parents[page.parent.name == "customers"]))
                for page in pages
            ),
        ]
        assert not REQUIRED, REPORTS["boards"]
        pytest.skip("no Chromium; on Debian: apt-get install chromium fonts-noto-cjk")
    shots = ROOT / "build" / "boards_shots"
    shutil.rmtree(shots, ignore_errors=True)
    shots.mkdir(parents=True)

    def shoot(task: tuple[Path, int]) -> tuple[str, str]:
        page, width = task
        name = f"{page.stem}_{width}"
        return name, browse(page, shots / f"{name}.png", (width, 2400), tmp_path / name)

    with ThreadPoolExecutor(3) as threads:
        told = dict(threads.map(shoot, [(page, width) for page in pages for width in WIDTHS]))
    for name, errors in told.items():
        picture = shots / f"{name}.png"
        assert picture.exists() and picture.stat().st_size > 40_000, name
        complaints = [line for line in errors.splitlines() if "CONSOLE" in line]
        assert complaints == [], name
    REPORTS["boards"] = [f"{len(told)} pictures of pages, without a network: {shots}"]
