"""The project that dbt Charts reads, made from the boards and a warehouse.

What differs from warehouse to warehouse is read there, so that no board is edited: the reporting
currency, the tiers with their colours (seed `tiers`), and which wings were built.
"""

import html
import re
import shutil
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

import duckdb
import yaml

HERE: Final = Path(__file__).parent
WAREHOUSE: Final = ("STRATA_DUCKDB_PATH", "build/strata.duckdb")
PAGES: Final = (
    "overview",
    "customers",
    "movement",
    "forecast",
    "what_if",
    "campaigns",
    "demand",
    "quality",
)
"""Boards in the order of the menu; `customer` is one page for each customer of the list."""
BESIDE: Final = ("docs", "lineage")
"""Folders beside that of the boards to whose pages the menu leads, where they were made."""
MOVES: Final = {"Risen": "positive.solid", "Fallen": "negative.solid"}
MOST_CUSTOMERS: Final = 60
"""So many pages of single customers stay below 20 MB; the list has 200."""
TABLE: Final = re.compile(r"\b(marts|seeds)\.(\w+)")
LINK: Final = re.compile(r'<a [^>]*?href="(?P<url>[^"]*)"[^>]*>(?P<body>.*?)</a>', re.DOTALL)
CUSTOMER: Final = re.compile(r"customer/?\?customer=([^&\"]*)")


class BoardsError(Exception):
    """The boards cannot be written, told in one line."""


class Build(NamedTuple):
    """What the boards need to know of a warehouse.

    Attributes
    ----------
    path
        File of the warehouse.
    prefix
        Prefix of its schemas.
    currency
        Reporting currency, an ISO 4217 code.
    colours
        Colour (#rrggbb) by English label of the tier.
    tables
        Marts with a row and seeds, as `marts.customers`.
    customers
        The customers with the most net revenue of 12 months, best first.
    without
        Columns that charts need and that have no value, as `marts.customer_tiers.p_alive`.
    """

    path: Path
    prefix: str
    currency: str
    colours: dict[str, str]
    tables: frozenset[str]
    customers: tuple[str, ...]
    without: frozenset[str] = frozenset()


def read_build(path: Path, prefix: str, customers: int) -> Build:
    """Read what the boards follow from a warehouse.

    Parameters
    ----------
    path, prefix
        File, and prefix of its schemas.
    customers
        How many customers get a page.

    Raises
    ------
    BoardsError
        If the warehouse has no build.
    """
    if not path.is_file():
        raise BoardsError(f"there is no warehouse {path}; run `make build`, or set {WAREHOUSE[0]}")
    try:
        with duckdb.connect(str(path), read_only=True) as warehouse:
            tables = warehouse.execute(
                "select schema_name[length($prefix) + 1:] || '.' || table_name from duckdb_tables()"
                " where schema_name = $prefix || 'seeds'"
                " or schema_name = $prefix || 'marts' and estimated_size > 0",
                {"prefix": prefix},
            ).fetchall()
            currency = warehouse.execute(
                "select reporting_currency from runs.builds order by started_at desc limit 1"
            ).fetchone()
            colours = warehouse.execute(
                f"select label_en, colour from {prefix}seeds.tiers order by tier_rank desc"
            ).fetchall()
            largest = warehouse.execute(
                f"select customer_id from {prefix}marts.customer_tiers"
                " order by net_revenue_12m desc, customer_id limit ?",
                [customers],
            ).fetchall()
            names = frozenset(name for (name,) in tables)
            without = []
            for needed in needs():
                table, _, column = needed.rpartition(".")
                sql = f"select count({column}) from {prefix}{table}"
                if table in names and warehouse.execute(sql).fetchone() == (0,):
                    without.append(needed)
    except duckdb.Error as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise BoardsError(
            f"{path} has no build to show ({reason}); run `make build` first"
        ) from error
    return Build(
        path.resolve(),
        prefix,
        currency[0] if currency else "",
        {label: colour.lower() for label, colour in colours},
        names,
        tuple(identifier for (identifier,) in largest),
        frozenset(without),
    )


def needs() -> list[str]:
    """Return the columns that charts need, each once."""
    boards = [yaml.safe_load(it.read_text("utf-8")) for it in (HERE / "charts").glob("*.yml")]
    charts = [chart for board in boards for chart in board["charts"].values()]
    return sorted({chart["needs"] for chart in charts if "needs" in chart})


def defaults(build: Build) -> dict[str, Any]:
    """Return what every board inherits (`charts/meta.yml`): formats and colours.

    Tiers of one colour would be an error in dbt Charts; the first one has it.
    """
    money = {"prefix": f"{build.currency} "} if build.currency else {}
    pins: dict[str, str] = {}
    for label, colour in build.colours.items():
        if colour not in pins.values():
            pins[label] = colour
    tiers = {"values": pins}
    return {
        "source": "strata",
        "width": 1040,
        "cache": False,
        "style": {
            "formats": {
                "money": {"spec": ",.0f", **money},
                "money_short": {"spec": ".3~s", "notation": "analytic", **money},
                "money_cents": {"spec": ",.2f", **money},
            },
            "margin": "24px 20px",
            "fonts": {
                "heading": {"case": "none", "sizes": [28, 18, 16, 14, 12, 11]},
                "label": {"case": "none"},
            },
            "footer": {"visible": False},
            "timestamp": {"visible": False},
            "charts": {
                "title": {"font": {"extends": "heading", "size": 17}},
                "category_colors": {"tier": tiers, "direction": {"values": MOVES}},
                "kpi": {"label": {"font": {"case": "none"}}},
                "table": {"font": {"size": 12}, "header": {"font": {"case": "none"}}},
            },
        },
    }


def write_project(build: Build, folder: Path, is_live: bool) -> None:
    """Write the project that dbt Charts reads: the boards, and what they follow of the build."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "charts").mkdir(parents=True)
    shutil.copytree(HERE / "templates", folder / "templates")
    for board in sorted((HERE / "charts").glob("*.yml")):
        content = yaml.safe_load(board.read_text("utf-8"))
        missing = leave_out(content, build.tables, build.without)
        if missing:
            print(f"{board.stem}: without {', '.join(missing)}, of which the build has nothing")
        if not content["rows"]:
            continue
        content["queries"] = {
            name: TABLE.sub(rf"{build.prefix}\1.\2", sql)
            for name, sql in content["queries"].items()
        }
        for variable in content.get("variables", {}).values():
            # A static page cannot filter, so it shows no filter.
            variable["visible"] = is_live
        write_yaml(folder / "charts" / board.name, content)
    sources = {"strata": {"type": "duckdb", "path": str(build.path)}}
    for name, content in (
        ("dbt_charts.yml", {"sources": sources}),
        ("charts/meta.yml", defaults(build)),
    ):
        write_yaml(folder / name, content)


def write_yaml(file: Path, content: dict[str, Any]) -> None:
    """Write a YAML file with its keys in their order, which is that of the columns and pages."""
    file.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")


def leave_out(
    board: dict[str, Any], tables: frozenset[str], without: frozenset[str] = frozenset()
) -> list[str]:
    """Take what has nothing to show, as of a wing that is off, out of a board; return why.

    Parameters
    ----------
    board
        Content of a board; changed.
    tables
        Marts with a row and seeds, all that the build has.
    without
        Columns that have no value; charts say by `needs` that they need one.
    """
    missing = {
        name: {match.group() for match in TABLE.finditer(sql)} - tables
        for name, sql in board["queries"].items()
    }
    needed = {name: chart.pop("needs", "") for name, chart in board["charts"].items()}
    charts = {
        name
        for name, chart in board["charts"].items()
        if not missing[chart["query"]] and needed[name] not in without
    }
    board["queries"] = {name: sql for name, sql in board["queries"].items() if not missing[name]}
    board["charts"] = {name: board["charts"][name] for name in board["charts"] if name in charts}
    board["rows"] = laid_out(board["rows"], charts)
    return sorted(set().union(*missing.values(), without & set(needed.values())))


def laid_out(items: list[Any], charts: set[str]) -> list[Any]:
    """Return a layout with the charts that are there, without empty rows and columns."""
    kept: list[Any] = []
    for item in items:
        if isinstance(item, str):
            kept += [item] if item in charts else []
            continue
        way = "cols" if "cols" in item else "rows"
        inner = laid_out(item[way], charts)
        kept += [{**item, way: inner}] if inner else []
    return kept


def page_links(text: str, folder: str, customers: Iterable[str], pages: Collection[str]) -> str:
    """Make the links of a live board relative ones; a link to what has no page is plain text."""
    has_page = set(customers)

    def relative(match: re.Match[str]) -> str:
        url = html.unescape(match["url"])
        of_customer = CUSTOMER.search(url)
        if of_customer:
            customer = unquote(of_customer[1])
            target, known = f"customers/{file_name(customer)}.html", customer in has_page
        else:
            name = url.strip("/")
            target, known = f"{name}.html", name in pages
        if not known:
            return match["body"]
        return match[0].replace(f'href="{match["url"]}"', f'href="{folder}{target}"')

    return LINK.sub(relative, text)


def file_name(customer: str) -> str:
    """Return a file name for a customer, whatever characters the key has."""
    return re.sub(r"[^A-Za-z0-9_.-]", lambda found: f"~{ord(found[0]):x}", customer)


def menu(
    pages: Sequence[tuple[str, str]], current: str, folder: str, beside: Collection[str]
) -> str:
    """Return the menu of a static page, and the styles that it and narrow windows need.

    Parameters
    ----------
    pages
        Names and titles of the boards.
    current
        The one that the page is of.
    folder
        How the page names the folder of the boards.
    beside
        Folders with pages of others beside that one, such as `docs`.
    """
    links = [
        f'<a href="{folder}{name}.html"{" class=here" if name == current else ""}>'
        f"{html.escape(title)}</a>"
        for name, title in pages
    ]
    others = [f'<a href="{folder}../{name}/index.html">{name.capitalize()}</a>' for name in beside]
    links.append(f"<span class=others>{''.join(others)}</span>")
    return (HERE / "menu.html").read_text("utf-8").replace("{links}", "\n".join(links))
