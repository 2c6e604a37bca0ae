"""The demo under settings that are not its own: two plain builds, green and fit to be published.

Together with the retailer of test_retail.py and the record shop of test_cdnow.py they are five
businesses: four zones, three currencies, both methods of RFM, its lifetime window, tiers that are
not held, other tiers, rules and markets, and no history.
"""

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from conftest import ROOT, Project, read_seed
from plain_builds import build_plainly, published
from reference import condition
from typer.testing import CliRunner

from strata.cli import app

pytestmark = pytest.mark.slow

LAST_DAY = date(2026, 6, 15)
SETTINGS: dict[str, dict[str, object]] = {
    "bangalore": {
        "business_timezone": "Asia/Kolkata",
        "reporting_currency": "EUR",
        "rfm_method": "quantile",
    },
    "new_york": {
        "business_timezone": "America/New_York",
        "reporting_currency": "USD",
        "rfm_window_months": None,
        "history_months": 0,
    },
}


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Write a smaller demo, bad rows included."""
    folder = tmp_path_factory.mktemp("raw")
    done = CliRunner().invoke(app, ["demo", "--customers", "1000", "--out", str(folder)])
    assert done.exit_code == 0, done.output
    return str(folder)


@pytest.fixture(scope="module", params=SETTINGS)
def setting(request: pytest.FixtureRequest) -> dict[str, object]:
    return SETTINGS[request.param]


@pytest.fixture(scope="module")
def built(
    setting: dict[str, object], raw: str, tmp_path_factory: pytest.TempPathFactory
) -> Project:
    variables = {"raw_path": raw, "convert_seed_money": True, "as_of_date": LAST_DAY, **setting}
    project = Project(ROOT, tmp_path_factory.mktemp("built"), variables)
    build_plainly(project)
    return project


def test_the_marts_can_be_published(
    built: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = published(built, tmp_path_factory.mktemp("served"))
    assert rows["customer_tiers"] == rows["customers"] > 800


def test_the_end_of_the_run_says_zone_and_currency(
    built: Project, setting: dict[str, object]
) -> None:
    zone, currency = setting["business_timezone"], setting["reporting_currency"]
    assert f"as_of_date: {LAST_DAY} ({zone}, money in {currency})" in built.output


def test_every_customer_has_one_tier_of_the_rules(built: Project) -> None:
    tiers: Counter[str] = Counter(
        dict(built.query("select tier_code, count(*) from marts.customer_tiers group by 1"))
    )
    assert set(tiers) == {row["tier_code"] for row in read_seed("tiers")}
    assert tiers.total() == built.value("select count(distinct customer_id) from marts.customers")


def test_thresholds_are_those_of_the_seeds_in_the_currency_of_the_build(
    built: Project, setting: dict[str, object]
) -> None:
    """At the rate of the later of valid_from and the first day that has a rate."""
    rates = [
        row
        for row in read_seed("exchange_rates")
        if (row["currency"], row["to_currency"]) == (setting["reporting_currency"], "CNY")
    ]

    def rate(day: str) -> Decimal:
        day = max(day, min(row["valid_from"] for row in rates))
        (row,) = (it for it in rates if it["valid_from"] <= day < (it["valid_to"] or "9999"))
        return Decimal(row["rate"])

    rules = read_seed("tier_rules")
    found: dict[str, Decimal] = dict(
        built.query(
            f"select rule_id, high from ({built.compiled('int_rules_in_force', 'conditions')})"
            " where decision_table = 'tier_rules' and measure = 'net_revenue_12m'"
            " and high is not null"
        )
    )
    bounds = {it["rule_id"]: condition(it["net_revenue_12m"]).high for it in rules}
    expected = {
        row["rule_id"]: (bound / rate(row["valid_from"])).quantize(Decimal("0.01"))
        for row in rules
        if (bound := bounds[row["rule_id"]]) is not None
    }
    assert found == expected
    assert len({rate(row["valid_from"]) for row in rules}) > 1


def test_business_dates_are_those_of_the_zone(built: Project, setting: dict[str, object]) -> None:
    """By the zones of DuckDB, which the project does not use."""
    zone = setting["business_timezone"]
    wrong = built.value(
        f"""
        select count(*)
        from intermediate.int_orders_checked as checked
        inner join staging.stg_crm__orders as orders using (order_id)
        where
            checked.fate = 'used'
            and checked.order_date <> cast(
                timezone('{zone}', timezone('UTC', orders.ordered_at)) as date
            )
        """
    )
    assert wrong == 0


def test_history_is_as_long_as_said(built: Project, setting: dict[str, object]) -> None:
    dates: list[Any] = built.query(
        "select distinct evaluation_date from marts.customer_tier_history order by 1 desc"
    )
    months = setting.get("history_months", 24)
    assert dates[0] == (LAST_DAY,)
    assert len(dates) == 1 + int(str(months))
