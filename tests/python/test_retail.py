"""A British retailer with its own seeds, reconciled to the penny with the sums of a clerk.

Its tiers, thresholds and markets are its own, no tier is held, and it has no fit of lifetime
values. The same shop is built once more in a currency of which a pound buys exactly two: only the
money doubles.
"""

import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cases import FOLDER
from conftest import Project, copy_project
from plain_builds import build_plainly, lay_seeds, published
from raw_data import OPTIONAL_TABLES
from retail import (
    EUR_RATES,
    LAST_DAY,
    SOLD_BY_WEIGHT,
    Account,
    Shop,
    accounts,
    invent_shop,
    sales,
    tier,
    write_shop,
)
from test_boards import FIGURES, PYTHON, checked_charts, compared, plain_text, write_pages

pytestmark = pytest.mark.slow

TABLES = ("order_items", "products")


@pytest.fixture(scope="module")
def shop() -> Shop:
    return invent_shop()


@pytest.fixture(scope="module")
def clerk(shop: Shop) -> dict[str, Account]:
    return accounts(shop)


@pytest.fixture(scope="module")
def pounds(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("retail")
    variables: dict[str, object] = {
        "raw_path": str(folder / "raw"),
        "missing_sources": [table for table in OPTIONAL_TABLES if table not in TABLES],
        "as_of_date": LAST_DAY,
        "business_timezone": "Europe/London",
        "source_timezone": "Europe/London",
        "reporting_currency": "GBP",
    }
    write_shop(shop, folder / "raw")
    project = copy_project(folder, variables)
    lay_seeds(project, "retail_gb")
    build_plainly(project)
    return project


@pytest.fixture(scope="module")
def dollars(pounds: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Its values only: a build in another currency, with all tests, is one of test_plain_builds."""
    project = Project(pounds.root, tmp_path_factory.mktemp("dollars"), pounds.variables)
    project.variables |= {"reporting_currency": "USD", "convert_seed_money": True}
    project.make()
    return project


@pytest.fixture(scope="module")
def tiers(pounds: Project) -> dict[str, dict[str, Any]]:
    rows = pounds.records("select * from marts.customer_tiers")
    return {row["customer_id"]: row for row in rows}


def test_the_shop_has_what_shops_have(shop: Shop, clerk: dict[str, Account]) -> None:
    """Otherwise the tests below say little."""
    invoices = shop.invoices
    assert len({it.currency for it in invoices}) == 2
    assert [it for it in invoices if it.cancels]
    assert [it for it in invoices if it.number.startswith("C") and not it.cancels]
    assert [it for it in invoices if not it.customer_id and it.email]
    assert [it for it in invoices if not it.customer_id and not it.email]
    assert [it for it in invoices for line in it.lines if line.stock_code in SOLD_BY_WEIGHT]
    assert [it for it in invoices if it.amount >= 1000]
    assert len({rate for _, rate in EUR_RATES}) == 3
    found = Counter(tier(clerk[it], country) for it, country in shop.countries.items())
    assert min(found[it] for it in ("gold", "silver", "bronze", "prospect")) > 0


def test_the_marts_can_be_published(
    pounds: Project, shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = published(pounds, tmp_path_factory.mktemp("served"))
    assert rows["customer_tiers"] == rows["customers"] == len(shop.countries)


def test_revenue_is_that_of_the_invoices_less_the_cancellations(
    tiers: dict[str, dict[str, Any]], clerk: dict[str, Account]
) -> None:
    found = {
        customer_id: Account(
            row["lifetime_net_revenue"],
            row["net_revenue_12m"],
            row["lifetime_orders"],
            row["orders_12m"],
        )
        for customer_id, row in tiers.items()
    }
    assert found == clerk


def test_every_customer_has_the_tier_of_the_shop(
    tiers: dict[str, dict[str, Any]], clerk: dict[str, Account], shop: Shop
) -> None:
    expected = {it: tier(clerk[it], country) for it, country in shop.countries.items()}
    assert {it: row["tier_code"] for it, row in tiers.items()} == expected
    assert {row["tier_basis"] for row in tiers.values()} == {"computed"}
    markets = {"GB": "UK", "IE": "UK", "FR": "EU", "DE": "EU"}
    assert {it: row["market"] for it, row in tiers.items()} == {
        it: markets.get(country, "*") for it, country in shop.countries.items()
    }


def test_each_invoice_is_accounted_for(pounds: Project, shop: Shop) -> None:
    guests = {
        it.number for it in shop.invoices if not it.customer_id and not it.email.startswith("BUYER")
    }
    quarantined = pounds.query(
        "select row_key, reason from marts.quarantined_rows where source_table = 'orders'"
    )
    assert set(quarantined) == {(it, "missing_customer") for it in guests}
    used = [it for it in sales(shop.invoices) if it.number not in guests]
    for currency in ("EUR", "GBP"):
        own = [it for it in used if it.currency == currency]
        assert pounds.query(
            "select used_rows, used_amount, raw_amount from marts.source_reconciliation"
            f" where source_table = 'orders' and currency = '{currency}'"
        ) == [
            (
                len(own),
                sum(it.amount for it in own),
                sum(it.amount for it in shop.invoices if it.currency == currency),
            )
        ]


def test_what_was_cancelled_is_known_without_a_table_of_refunds(
    pounds: Project, clerk: dict[str, Account]
) -> None:
    rows = pounds.query(
        "select sum(refunded), sum(gross_revenue) - sum(net_revenue), sum(net_revenue),"
        " count(refunded) = count(*) from marts.tier_performance"
    )
    refunded, difference, net, is_known = rows[0]
    assert refunded == difference > 0
    assert is_known
    assert net <= sum(account.lifetime for account in clerk.values())


def test_no_lifetime_value_is_told_where_nothing_was_fitted(pounds: Project) -> None:
    assert "lifetime values of market EU: none, for clv_parameters has no row" in pounds.output
    assert pounds.value("select count(clv_12m) from marts.customer_lifetime_values") == 0


def test_no_seed_of_the_demo_is_in_force(pounds: Project) -> None:
    assert "seeds that still have the figures of the demo" not in pounds.output


def test_in_a_currency_of_half_the_worth_only_the_money_doubles(
    pounds: Project, dollars: Project, shop: Shop
) -> None:
    """Seeds and orders are converted alike: every mart of one row per customer says the same.

    Of those who pay in EUR each order is rounded after it is converted, to other pennies.
    """
    assert "money in USD" in dollars.output
    in_euros = {it.customer_id for it in shop.invoices if it.currency == "EUR"}
    compared = 0
    for mart in ("customer_tiers", "customer_tier_history", "customer_actions"):
        rows = pounds.records(f"select * from marts.{mart} order by customer_id, evaluation_date")
        others = dollars.records(
            f"select * from marts.{mart} order by customer_id, evaluation_date"
        )
        for row, other in zip(rows, others, strict=True):
            if row["customer_id"] in in_euros:
                names = row.keys() & {"tier_code", "rfm_segment", "pareto_class", "action_code"}
                assert {it: row[it] for it in names} == {it: other[it] for it in names}
                continue
            for name, value in row.items():
                mine, its = in_money(value, "GBP", 2), in_money(other[name], "USD", 1)
                assert mine == its, (mart, name, row)
                compared += mine != in_money(value, "GBP", 1)
    assert compared > 1000


def in_money(value: Any, currency: str, factor: int) -> Any:
    """Return a cell with its money multiplied: decimals, and amounts of a currency in a text."""
    if isinstance(value, str):
        parts = re.split(rf"{currency} (-?\d+(?:\.\d+)?)", value)
        return [Decimal(it) * factor if place % 2 else it for place, it in enumerate(parts)]
    return value * factor if isinstance(value, Decimal) else value


def test_the_seeds_are_small() -> None:
    assert sum(it.stat().st_size for it in (FOLDER / "retail_gb").rglob("*.csv")) < 20_000


def test_the_boards_follow_the_shop(pounds: Project, tmp_path: Path) -> None:
    """Its tiers, markets and currency, and no fit of lifetime values; nothing is edited."""
    assert list(checked_charts(pounds.database)) == []
    (customer,) = pounds.query(
        "select customer_id from marts.customer_tiers"
        " order by net_revenue_12m desc, customer_id limit 1"
    )[0]
    assert sum(compared(pounds, query, customer) for query in FIGURES) > 100
    if PYTHON.exists():
        pages = {page.stem: plain_text(page) for page in write_pages(pounds, tmp_path / "boards")}
        assert "what_if" not in pages, "a page without a candidate"
        assert "GBP" in pages["overview"] and "CNY" not in "".join(pages.values())
        assert customer in pages["overview"].split("\n"), "an identifier of digits is no number"
        labels = [label for (label,) in pounds.query("select label_en from seeds.tiers")]
        assert [label for label in labels if label not in pages["overview"]] == []
