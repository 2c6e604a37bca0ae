"""`strata init`: a project of one's own, from an export to tiers, with starter seeds."""

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from random import Random
from typing import NamedTuple

import duckdb
import jinja2
import pytest
import yaml
from conftest import ROOT, Project, made_once
from typer.testing import CliRunner, Result

from strata.cli import app
from strata.errors import UserError
from strata.imports.mapping import FOLDER as MAPPINGS
from strata.init import make, source
from strata.init.answers import countries, currencies
from strata.load.declared import read_tables

CENT = Decimal("0.01")
AS_OF = date(2011, 12, 9)
STARTER = make.TEMPLATES / "seeds"
GIVEN = ("--currency", "GBP", "--timezone", "Europe/London", "--home", "GB")
PLACE = "Läden & Söhne"
"""A folder whose name has a space, and letters that are not in ASCII."""


def strata(*arguments: object, answers: str = "") -> Result:
    """Call `strata`, as somebody who gives these answers."""
    return CliRunner().invoke(app, [*map(str, arguments)], input=answers)


def refused(*arguments: object) -> str:
    """Call `strata`, which must refuse, and return what it says in one line."""
    result = strata(*arguments)
    assert result.exit_code == 2, result.output
    (line,) = [it for it in result.output.splitlines() if it.startswith("strata ")]
    return line


class Line(NamedTuple):
    """A line of an invoice, below zero where goods came back."""

    invoice: str
    customer: str
    at: datetime
    pieces: int
    price: Decimal


def invent() -> Iterator[Line]:
    """Yield lines of customers small and large, some shortly before midnight in summer."""
    random = Random(18)
    number = 536000
    for customer in range(12000, 12060):
        for _ in range(min(int(random.paretovariate(0.6)), 40)):
            number += 1
            day = datetime(2009, 12, 1) + timedelta(days=random.randrange(738))
            at = day + timedelta(minutes=random.choice((30, 600, 900, 1435)))
            for _ in range(random.randint(1, 3)):
                price = Decimal(random.randint(40, 9000)) / 100
                line = Line(str(number), str(customer), at, random.randint(1, 24), price)
                yield line
            if random.random() < 0.15:
                yield line._replace(
                    invoice=f"C{number}", at=at + timedelta(days=2), pieces=-line.pieces
                )


HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def write_lines(path: Path) -> None:
    """Write the export."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER.split(","))
        for it in invent():
            country = "United Kingdom" if int(it.customer) % 9 else "France"
            what = (it.invoice, f"S{it.pieces}", "A thing", it.pieces)
            writer.writerow((*what, f"{it.at}", it.price, it.customer, country))


INVOICES = ("--currency", "GBP", "--timezone", "Europe/London", "--set")


def import_lines(root: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Import the export in the folder of the project."""
    monkeypatch.chdir(root)
    told = strata("import", "--map", "invoice_lines", "exports", *INVOICES, "tax_rate=20")
    assert told.exit_code == 0, told.output
    return told.output


def made_project(root: Path, work: Path) -> Project:
    """Return a made project that dbt can be called in."""
    settings = {"DBT_PROFILES_DIR": str(root), "STRATA_AS_OF_DATE": AS_OF.isoformat()}
    return Project(root, work, settings=settings)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Make a project, import an export, and build: once for all workers."""

    def fill(folder: Path) -> None:
        root = folder / PLACE
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.chdir(folder)
            told = strata("init", PLACE, *GIVEN)
            assert told.exit_code == 0, told.output
            write_lines(root / "exports" / "lines.csv")
            told_import = import_lines(root, monkeypatch)
        project = made_project(root, folder / "work")
        told_build = project.dbt("--warn-error", "build")
        (folder / "told.txt").write_text(told_import + told_build, encoding="utf-8")

    folder = made_once(tmp_path_factory, "own", fill)
    project = made_project(folder / PLACE, folder / "work")
    project.output = (folder / "told.txt").read_text(encoding="utf-8")
    return project


class Expected(NamedTuple):
    """What a customer must have."""

    revenue: Decimal
    revenue_12m: Decimal
    orders: int
    orders_12m: int
    tier: str


def expected() -> dict[str, Expected]:
    """Return it by customer, worked out of the lines alone."""
    goods: dict[tuple[str, str, date], Decimal] = defaultdict(Decimal)
    for it in invent():
        goods[it.customer, it.invoice, it.at.date()] += it.pieces * it.price
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
    for (customer, _, day), total in goods.items():
        if day > AS_OF:
            continue
        amount = total - (total / 6).quantize(CENT, ROUND_HALF_UP)  # tax of 20 %
        for place, counts in enumerate((True, day > date(2010, 12, 9))):
            sums[customer][place] += amount * counts
            sums[customer][place + 2] += counts * (amount > 0)
    found = {}
    for customer, (revenue, revenue_12m, orders, orders_12m) in sums.items():
        tier = "medium" if revenue_12m > 1000 else "low"
        tier = "high" if revenue_12m > 5000 and orders_12m >= 6 else tier
        tier = "vip" if revenue_12m > 10000 and orders_12m >= 12 else tier
        found[customer] = Expected(revenue, revenue_12m, int(orders), int(orders_12m), tier)
    return found


@pytest.mark.slow
def test_an_export_becomes_tiers_to_the_cent(shop: Project) -> None:
    found = {
        customer: Expected(*rest)
        for customer, *rest in shop.query(
            "select customer_id, lifetime_net_revenue, net_revenue_12m, lifetime_orders,"
            " orders_12m, tier_code from marts.customer_tiers"
        )
    }
    assert found == expected()
    assert {it.tier for it in found.values()} == {"vip", "high", "medium", "low"}
    assert "WARN=0 ERROR=0 SKIP=0" in shop.output
    assert "seeds that still have the figures of the demo" not in shop.output


@pytest.mark.slow
def test_without_parameters_nothing_is_predicted_and_the_score_is_of_the_rest(
    shop: Project,
) -> None:
    predicted = "p_alive, expected_orders_365d, clv_12m, rfm_cluster"
    assert shop.query(f"select distinct {predicted} from marts.customer_tiers") == [(None,) * 4]
    (weights,) = shop.query(
        "select sum(weight) from marts.customer_score_components"
        " where measure_value is not null group by customer_id order by 1 desc limit 1"
    )
    coverage = shop.value("select max(score_coverage) from marts.customer_tiers")
    assert 0 < coverage < 0.9
    assert coverage == pytest.approx(weights[0])
    assert shop.value("select max(composite_score) from marts.customer_tiers") > 60


@pytest.mark.slow
def test_metrics_are_off_until_they_are_turned_on(shop: Project) -> None:
    manifest = json.loads((shop.work / "target" / "manifest.json").read_text(encoding="utf-8"))
    for kind in ("semantic_models", "metrics", "saved_queries"):
        assert manifest[kind] == {}
    spine = "select * from information_schema.tables where table_name = 'calendar_days'"
    assert shop.query(spine) == []


@pytest.mark.slow
def test_churn_risk_rests_on_how_overdue_a_customer_is(shop: Project) -> None:
    rows = shop.query(
        "select churn_risk, overdue_ratio from marts.customer_tier_history"
        " where is_current and churn_risk is not null"
    )
    for risk, overdue in rows:
        assert risk == ("high" if overdue >= 3 else "medium" if overdue >= 1.5 else "low")
    assert {risk for risk, _ in rows} == {"high", "medium", "low"}


@pytest.mark.slow
def test_a_build_on_placeholders_says_so_and_is_not_published(
    shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "the tiers are by placeholders for rules, and strata publish refuses" in shop.output
    listed = "tier_rules, rfm_bands, score_components, purchase_cycles"
    mend = "strata calibrate proposes what your data bear out; else write your own"
    assert f"seeds with placeholders: {listed} ({mend}" in shop.output
    monkeypatch.chdir(shop.root)
    monkeypatch.setenv("STRATA_DUCKDB_PATH", str(shop.database))
    told = refused("publish")
    assert "it has placeholders for rules (seed tier_rules)" in told
    assert "strata calibrate" in told
    assert not (shop.root / "serve").exists()


@pytest.mark.slow
def test_schemas_are_those_where_the_commands_look(
    shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.root)
    monkeypatch.setenv("STRATA_DUCKDB_PATH", str(shop.database))
    told = strata("summary")
    assert told.exit_code == 0, told.output
    assert "Value tiers on 2011-12-09" in told.output


@pytest.mark.slow
def test_twice_is_harmless_and_says_what_stands(
    shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.root.parent)
    before = {it: it.read_bytes() for it in shop.root.rglob("*") if it.is_file()}
    told = strata("init", PLACE)
    assert told.exit_code == 0, told.output
    assert re.search(r"all [0-9]+ files stand already and stay as they are \(GBP, Eur", told.output)
    told = strata("init", PLACE, "--currency", "EUR", "--home", "fr")
    assert "stands with GBP, which stays: edit dbt_project.yml for EUR" in told.output
    assert "stands with GB, which stays: edit seeds/crm/markets.csv for FR" in told.output
    after = {it: it.read_bytes() for it in shop.root.rglob("*") if it.is_file()}
    assert after == before


@pytest.mark.slow
def test_what_was_declared_is_kept_in_a_mapping_of_the_project(
    shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = "invoice_lines.yml: keeps what was declared: from now on strata import --map"
    assert told in shop.output
    monkeypatch.chdir(shop.root)
    before = Path("invoice_lines.yml").read_bytes()
    again = strata("import", "--map", "invoice_lines.yml", "exports")
    assert again.exit_code == 0, again.output
    assert "declared: currency GBP, time_zone Europe/London, tax_rate 20" in again.output
    assert "keeps" not in again.output
    assert "invoice_lines.yml" not in import_lines(shop.root, monkeypatch)
    told_other = strata("import", "--map", "invoice_lines", "exports", *INVOICES, "tax_rate=19")
    assert "invoice_lines.yml stands and stays: what was declared now is not" in told_other.output
    assert Path("invoice_lines.yml").read_bytes() == before
    import_lines(shop.root, monkeypatch)


@pytest.mark.slow
def test_raw_tables_that_are_not_there_are_kept_in_the_settings(
    shop: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Next: strata calibrate, or dbt build" in shop.output
    path = shop.root / "dbt_project.yml"
    text = path.read_text(encoding="utf-8")
    kept = "missing_sources: [refunds, web_events, interactions, feedback, campaign_contacts,"
    assert kept in text
    monkeypatch.chdir(shop.root)
    path.write_text(text.replace("[refunds, web_events,", "["), encoding="utf-8")
    told = strata("load", "--raw-path", "raw")
    assert told.exit_code == 0, told.output
    assert path.read_text(encoding="utf-8") == text
    # another folder than that of the var is named, and nothing is kept
    (tmp_path / "other").mkdir()
    for name in ("customers", "orders"):
        (tmp_path / f"other/{name}.parquet").write_bytes(
            (shop.root / f"raw/{name}.parquet").read_bytes()
        )
    told = strata("load", "--raw-path", tmp_path / "other")
    assert "missing_sources: [" in told.output
    assert path.read_text(encoding="utf-8") == text


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, without dbt."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(make, "_install", lambda folder: None)
    return tmp_path


def test_what_is_not_given_is_asked_for_until_it_is_right(here: Path) -> None:
    told = strata("init", "shop", answers="Frankreich\nfr\n\nEuropa/Paris\n\n")
    assert told.exit_code == 0, told.output
    assert "--home must be a country" in told.output
    assert "--timezone must be the name of a time zone such as Europe/London" in told.output
    settings = yaml.safe_load((here / "shop/dbt_project.yml").read_text(encoding="utf-8"))
    assert settings["vars"]["reporting_currency"] == "EUR"
    assert settings["vars"]["business_timezone"] == "Europe/Paris"
    assert "FR,FR,true" in (here / "shop/seeds/crm/markets.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--currency", "quid"), "--currency must be a code of ISO 4217 such as GBP, not 'quid'"),
        (("--currency", "GPB"), "(did you mean GBP?)"),
        (("--timezone", "Europe/Lundon"), "(did you mean Europe/London?)"),
        (("--timezone", "GMT+1"), "--timezone must be the name of a time zone"),
        (("--home", "Albion"), "--home must be a country, as its code of two letters"),
        (("--as-of", "31.12.2025"), "--as-of must be today or an earlier date"),
        (("--as-of", "2999-01-01"), "--as-of must be today or an earlier date"),
    ],
)
def test_a_value_that_is_none_is_refused_in_one_line(
    here: Path, given: tuple[str, str], said: str
) -> None:
    told = refused("init", "shop", *GIVEN, *given)
    assert said in told
    assert not (here / "shop").exists()


def test_values_are_read_as_people_write_them(here: Path) -> None:
    told = strata(
        *("init", "shop", "--currency", "gbp", "--timezone", "europe/london"),
        *("--home", "United Kingdom", "--as-of", "2011-12-09"),
    )
    assert "(GBP, Europe/London, home market GB)" in told.output, told.output
    assert "'2011-12-09') }}" in (here / "shop/dbt_project.yml").read_text(encoding="utf-8")


def test_what_is_filled_in_is_yaml_and_nothing_of_a_template_is_left(here: Path) -> None:
    strata("init", PLACE, *GIVEN)
    names = ("dbt_project.yml", "packages.yml", "profiles.yml", ".github/workflows/tiers.yml")
    texts = {name: (here / PLACE / name).read_text(encoding="utf-8") for name in names}
    assert all(isinstance(yaml.safe_load(text), dict) for text in texts.values())
    others = [it for it in (here / PLACE).rglob("*") if it.suffix in (".csv", ".md", ".sql")]
    left = [it for it in others if re.search(r"\$[A-Z]", it.read_text(encoding="utf-8"))]
    assert left == []
    shell = set(re.findall(r"\$([A-Z_]+)", "".join(texts.values())))
    assert shell == {"GITHUB_BASE_REF", "GITHUB_STEP_SUMMARY"}


def test_a_strata_of_git_is_named_by_its_tag(monkeypatch: pytest.MonkeyPatch) -> None:
    noted = {"url": "https://git.example/strata", "vcs_info": {"commit_id": "0123abc"}}
    monkeypatch.setattr(source, "_is_checkout", lambda folder: False)
    monkeypatch.setattr(source, "_installed_from", lambda: noted)
    packages = yaml.safe_load(source.source().packages)["packages"]
    assert packages == [{"git": noted["url"], "revision": "0123abc"}]
    monkeypatch.setitem(noted["vcs_info"], "requested_revision", "v9.9.9")
    assert source.source().revision == "v9.9.9"
    monkeypatch.setattr(source, "_installed_from", lambda: {})
    with pytest.raises(UserError, match="install it from a checkout, or with pip from git"):
        source.source()


def test_nobody_to_ask_is_told_in_one_line(here: Path) -> None:
    told = refused("init", "shop", "--home", "GB", "--currency", "GBP")
    assert "--timezone is missing, and nobody is here to ask: give it" in told
    assert not (here / "shop").exists()


def test_what_is_no_place_for_a_project_is_refused(here: Path) -> None:
    (here / "file").touch()
    assert "is a file: name a folder" in refused("init", "file", *GIVEN)
    (here / "theirs").mkdir()
    (here / "theirs/dbt_project.yml").write_text("name: theirs\n", encoding="utf-8")
    assert "is a dbt project already" in refused("init", "theirs", *GIVEN)
    assert "is a dbt project already" in refused("init", ROOT, *GIVEN)


def test_what_is_gone_is_made_again_and_the_rest_stays(here: Path) -> None:
    strata("init", "shop", *GIVEN)
    rules = here / "shop/seeds/tiers/tier_rules.csv"
    rules.write_text("mine\n", encoding="utf-8")
    (here / "shop/profiles.yml").unlink()
    told = strata("init", "shop")
    assert "shop: 1 files made" in told.output, told.output
    assert rules.read_text(encoding="utf-8") == "mine\n"
    assert (here / "shop/profiles.yml").exists()


def test_commands_say_where_they_must_run(here: Path) -> None:
    for command in (("import", "--map", "shopify", "x"), ("load", "--raw-path", "raw")):
        assert "there is no dbt_project.yml here" in refused(*command)
    strata("init", "shop", *GIVEN)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir(here / "shop")
        assert "run dbt deps" in refused("load", "--raw-path", "raw")
        Path("dbt_project.yml").write_text("name shop\nversion: 1\n", encoding="utf-8")
        for command in (("import", "--map", "shopify", "x"), ("load", "--raw-path", "raw")):
            assert "dbt_project.yml: mapping values are not allowed" in refused(*command)


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("shop", "shop_tiers"),
        ("Läden & Söhne", "laden_sohne_tiers"),
        ("客户分层", "own_tiers"),
        ("2024-tiers", "tiers_tiers"),
        ("strata", "strata_tiers"),
        ("my tiers", "my_tiers"),
    ],
)
def test_the_project_has_a_name_that_dbt_takes(tmp_path: Path, folder: str, name: str) -> None:
    assert make.project_name(tmp_path / folder) == name


def starter(name: str) -> list[dict[str, str]]:
    """Read a starter seed."""
    (path,) = STARTER.rglob(f"{name}.csv")
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_starter_seeds_have_the_columns_and_none_of_the_figures_of_the_demo() -> None:
    names = {it.stem for it in STARTER.rglob("*.csv")}
    macro = (ROOT / "macros/run/demo_seeds.sql").read_text(encoding="utf-8")
    assert set(re.findall(r"'(\w+)': '[0-9a-f]{64}'", macro)) <= names
    for path in STARTER.rglob("*.csv"):
        ours = ROOT / "seeds" / path.relative_to(STARTER)
        text = path.read_text(encoding="utf-8")
        assert text.splitlines()[0] == ours.read_text(encoding="utf-8").splitlines()[0]
        assert not re.search(r"\b(CNY|USD|CN|US|DE|demo)\b", text), path
    assert {it["currency"] for it in starter("tier_rules")} == {"", "$CURRENCY"}
    for name in ("clv_parameters", "rfm_clusters", "tier_overrides", "campaigns"):
        assert starter(name) == []


def test_optional_tables_are_those_declared() -> None:
    declared = [it.name for it in read_tables(ROOT) if not it.is_required]
    assert list(make.OPTIONAL) == declared


def test_statuses_are_those_that_the_mappings_write() -> None:
    known = {it["status"]: it for it in starter("order_statuses")}
    written = set()
    for path in MAPPINGS.glob("*.yml"):
        for table in yaml.safe_load(path.read_text(encoding="utf-8"))["tables"]:
            status = str(table["columns"].get("status", "")) if table["table"] == "orders" else ""
            written |= set(re.findall(r"(?:then|else|, |^)\s*'([a-z_]+)'(?!.* then)", status))
    assert {"invoice", "paid", "completed", "cancelled", "pending"} <= written
    assert written - {"paid", "partially_refunded", "refunded"} <= set(known)
    assert known["invoice"]["negative_is"] == "credit"


def test_every_currency_in_use_is_in_the_seed() -> None:
    with (ROOT / "seeds/crm/currencies.csv").open(newline="", encoding="utf-8") as file:
        known = {it["currency"] for it in csv.DictReader(file)}
    assert known == set(currencies())
    assert {"GB", "CN", "TW", "XK"} - set(countries()) <= {"XK"}


class Adapter:
    """What dbt tells a model of the tables that it reads."""

    def __init__(self, connection: duckdb.DuckDBPyConnection):
        self.connection = connection

    def get_columns_in_relation(self, relation: str) -> list[dict[str, str]]:
        """Return the columns of a table."""
        found = self.connection.execute(f"describe {relation}").fetchall()
        return [{"name": row[0]} for row in found]


def render(path: Path, schema: str, connection: duckdb.DuckDBPyConnection) -> str:
    """Return the SQL of a raw model as DuckDB runs it beside the loaded tables."""
    sources = lambda _, table: f'{schema}."{table}"'  # noqa: E731
    return jinja2.Template(path.read_text(encoding="utf-8")).render(
        source=sources,
        ref=lambda name: name,
        var=lambda name: "USD",
        adapter=Adapter(connection),
    )


@pytest.fixture
def loaded(request: pytest.FixtureRequest) -> Iterator[duckdb.DuckDBPyConnection]:
    """Lay out tables as a connector loads them, and the raw models over them."""
    name, tables = request.param
    with duckdb.connect() as connection:
        connection.execute(f"set timezone = 'UTC'; create schema {name}")
        for table, rows in tables.items():
            connection.execute(f'create table {name}."{table}" as {rows}')
        models = (make.LOADED / name).glob("*.sql")
        for path in sorted(models, key=lambda it: it.stem != "raw_orders"):
            connection.execute(f"create view {path.stem} as {render(path, name, connection)}")
        yield connection


SHOPIFY = {
    "customer": "select 7 as id, 'a@b.example' as email, null::varchar as phone,"
    " 'Ann' as first_name, null::varchar as last_name,"
    " timestamptz '2024-01-02 03:04:05Z' as created_at, timestamptz '2024-01-03' as updated_at",
    "order": "select * from (values"
    " (1, 7, null, 'paid', 120.00::double, 20.00::double, true, false, false),"
    " (2, 7, null, 'partially_refunded', 99.99, 0, false, false, false),"
    " (3, null, null, 'voided', 10, 0, false, false, false),"
    " (4, 7, timestamptz '2024-03-02 00:00:00Z', 'paid', 10, 0, false, false, false),"
    " (5, 7, null, 'paid', 10, 0, false, true, false),"
    " (6, 7, null, 'paid', 10, 0, false, false, true))"
    " as it (id, customer_id, cancelled_at, financial_status, subtotal_price, total_tax,"
    " taxes_included, test, _fivetran_deleted),"
    " (select 'a@b.example' as email, timestamptz '2024-03-01 23:30:00Z' as created_at,"
    " timestamptz '2024-03-01 23:30:00Z' as updated_at, 'web' as source_name, 'USD' as currency,"
    " 0.0 as total_discounts, 'CA' as billing_address_country_code)",
    "order_line": "select * from (values (11, 1, 100, 2, 60.0, false, 'Lamp'),"
    " (12, 2, null, 1, 49.99, false, 'Tip'), (13, 2, 101, 1, 50.0, true, 'Card'))"
    " as it (id, order_id, product_id, quantity, price, gift_card, name),"
    " (select 0 as total_discount)",
    "refund": "select 21 as id, 2 as order_id, timestamptz '2024-04-01 00:00:00Z' as created_at"
    " union all select 22, 1, timestamptz '2024-04-02 00:00:00Z'",
    "order_line_refund": "select * from (values (31, 21, 20.5, 0), (32, 21, 4.49, 0),"
    " (33, 22, 60, 10)) as it (id, refund_id, subtotal, total_tax)",
    "product": "select 100 as id, 'Lamp' as title, 'Lighting' as product_type, 'Acme' as vendor,"
    " timestamptz '2023-01-01 00:00:00Z' as created_at",
}


@pytest.mark.parametrize("loaded", [("shopify", SHOPIFY)], indirect=True)
def test_loaded_orders_of_shopify_to_the_cent(loaded: duckdb.DuckDBPyConnection) -> None:
    orders = loaded.execute(
        "select order_id, customer_id, status, amount from raw_orders order by 1"
    ).fetchall()
    assert orders == [
        ("1", "7", "paid", Decimal("100.00")),  # without the tax that it includes
        ("2", "7", "paid", Decimal("99.99")),
        ("3", None, "cancelled", Decimal("10.00")),
        ("4", "7", "cancelled", Decimal("10.00")),
    ]
    refunds = loaded.execute("select order_id, amount from raw_refunds order by 1").fetchall()
    assert refunds == [("1", Decimal("50.00")), ("2", Decimal("24.99"))]
    assert loaded.execute("select country from raw_customers").fetchall() == [("CA",)]
    products = loaded.execute("select product_id, category from raw_products order by 1").fetchall()
    assert products == [("100", "lighting"), ("101", "gift_cards"), ("unlisted", None)]
    items = loaded.execute("select order_item_id, product_id from raw_order_items order by 1")
    assert items.fetchall() == [("11", "100"), ("12", "unlisted"), ("13", "101")]


HUBSPOT = {
    "contact": "select 5 as id, 'c@d.example' as property_email, 'C' as property_firstname,"
    " 'D' as property_lastname, timestamp '2024-01-01' as property_createdate,"
    " 71 as property_hubspot_owner_id,"
    " timestamp '2024-02-01' as property_hubspot_owner_assigneddate, false as _fivetran_deleted",
    "deal": "select * from (values (1, 'won', 100.5, timestamp '2024-05-01 10:00:00', false),"
    " (2, 'lost', null, timestamp '2024-05-02 10:00:00', false),"
    " (3, 'open', null, timestamp '2999-01-01', false),"
    " (4, 'won', 7, timestamp '2024-05-03', false),"
    " (5, 'won', 7, timestamp '2024-05-03', true))"
    " as it (deal_id, deal_pipeline_stage_id, property_amount, property_closedate, is_deleted),"
    " (select 'sales' as deal_pipeline_id, timestamp '2024-04-01' as property_createdate)",
    "deal_contact": "select * from (values (1, 5), (2, 5), (3, 5), (4, 5), (4, 6))"
    " as it (deal_id, contact_id)",
    "deal_pipeline_stage": "select * from (values ('won', true, 1.0), ('lost', false, 0.0),"
    " ('open', false, 0.4)) as it (stage_id, closed_won, probability),"
    " (select 'sales' as pipeline_id)",
}
SALESFORCE = {
    "account": "select '001' as id, 'Acme' as name, null::varchar as parent_id,"
    " 'Steel' as industry, 12 as number_of_employees, 'DE' as billing_country,"
    " null::varchar as billing_state, 'Ulm' as billing_city, 'Web' as account_source,"
    " '005' as owner_id, false as is_deleted",
    "opportunity": "select * from (values ('1', 100.5::double, timestamp '2024-05-01', true, true),"
    " ('2', null, timestamp '2024-05-02', false, true), ('3', null, timestamp '2999-01-01', false,"
    " false)) as it (id, amount, close_date, is_won, is_closed),"
    " (select '001' as account_id, timestamptz '2024-04-01 22:00:00Z' as created_date,"
    " false as is_deleted)",
}


@pytest.mark.parametrize("loaded", [("hubspot", HUBSPOT)], indirect=True)
def test_loaded_deals_are_of_their_only_contact(loaded: duckdb.DuckDBPyConnection) -> None:
    orders = loaded.execute(
        "select order_id, customer_id, status, amount, ordered_at::varchar from raw_orders"
        " order by 1"
    ).fetchall()
    assert orders == [
        ("1", "5", "completed", Decimal("100.50"), "2024-05-01 10:00:00"),
        ("2", "5", "cancelled", Decimal("0.00"), "2024-05-02 10:00:00"),
        ("3", "5", "pending", Decimal("0.00"), "2024-04-01 00:00:00"),
        ("4", None, "completed", Decimal("7.00"), "2024-05-03 00:00:00"),
    ]


WITHOUT_OWNER = HUBSPOT | {
    "contact": f"select * exclude (property_hubspot_owner_id, property_hubspot_owner_assigneddate)"
    f" from ({HUBSPOT['contact']})"
}


@pytest.mark.parametrize(
    "loaded", [("hubspot", HUBSPOT), ("hubspot", WITHOUT_OWNER)], indirect=True
)
def test_an_owner_that_no_contact_has_is_null(loaded: duckdb.DuckDBPyConnection) -> None:
    """Fivetran makes the column of a property when somebody has it."""
    (is_there,) = loaded.execute(
        "select count(*) > 0 from duckdb_columns() where column_name like '%hubspot_owner_id'"
    ).fetchall()[0]
    found = loaded.execute(
        "select customer_id, owner_id, left(owner_assigned_at::varchar, 10) from raw_customers"
    ).fetchall()
    assert found == [("5", "71", "2024-02-01") if is_there else ("5", None, None)]


@pytest.mark.parametrize("loaded", [("salesforce", SALESFORCE)], indirect=True)
def test_loaded_opportunities_are_of_their_close_date(loaded: duckdb.DuckDBPyConnection) -> None:
    orders = loaded.execute(
        "select order_id, customer_id, status, amount, left(ordered_at, 10) from raw_orders"
        " order by 1"
    ).fetchall()
    assert orders == [
        ("1", "001", "completed", Decimal("100.50"), "2024-05-01"),
        ("2", "001", "cancelled", Decimal("0.00"), "2024-05-02"),
        ("3", "001", "pending", Decimal("0.00"), "2024-04-01"),
    ]


@pytest.mark.parametrize("name", ["fivetran_shopify", "fivetran_hubspot", "fivetran_salesforce"])
def test_a_project_over_loaded_data_reads_its_models(here: Path, name: str) -> None:
    told = strata("init", "shop", *GIVEN, "--from", name)
    assert told.exit_code == 0, told.output
    settings = yaml.safe_load((here / "shop/dbt_project.yml").read_text(encoding="utf-8"))
    assert settings["vars"]["raw_path"] is None
    models = settings["vars"]["raw_models"]
    missing = settings["vars"]["missing_sources"]
    assert sorted([*models, *missing]) == sorted(it.name for it in read_tables(ROOT))
    assert all((here / f"shop/models/raw/{it}.sql").exists() for it in models.values())
    assert "--from must be fivetran_" in refused("init", "other", *GIVEN, "--from", "stitch")


# of the second order the gift card is no revenue, and refunds are whole
OF_SHOPIFY = Decimal("100.00") - Decimal("50.00") + Decimal("49.99") - Decimal("24.99")


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "tables", "expected"),
    [
        ("shopify", SHOPIFY, ("7", 2, OF_SHOPIFY, date(2024, 3, 1))),
        # the deal of two contacts is nobody's
        ("hubspot", WITHOUT_OWNER, ("5", 1, Decimal("100.50"), date(2024, 5, 1))),
        ("salesforce", SALESFORCE, ("001", 1, Decimal("100.50"), date(2024, 5, 1))),
    ],
)
def test_loaded_data_become_tiers_to_the_cent(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    tables: dict[str, str],
    expected: tuple[str, int, Decimal, date],
) -> None:
    monkeypatch.chdir(tmp_path)
    given = ("--currency", "USD", "--timezone", "America/New_York", "--home", "US")
    told = strata("init", "shop", *given, "--from", f"fivetran_{name}", "--as-of", "2024-06-01")
    assert told.exit_code == 0, told.output
    root = tmp_path / "shop"
    project = Project(root, tmp_path / "work", settings={"DBT_PROFILES_DIR": str(root)})
    with duckdb.connect(str(project.database)) as connection:
        connection.execute(f"create schema {name}")
        for table, rows in tables.items():
            connection.execute(f'create table {name}."{table}" as {rows}')
    project.dbt("--warn-error", "build")
    found = project.query(
        "select customer_id, lifetime_orders, lifetime_net_revenue, last_order_date"
        " from marts.customer_tier_history where is_current"
    )
    assert found == [expected]
