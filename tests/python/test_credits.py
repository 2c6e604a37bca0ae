"""What an order below zero, a free one and a gift card count for, and who shares a rank or a fit.

One build holds the cases, and rows of its own; its seeds say that an order below zero is a credit.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from cases import build_cases
from conftest import Project, copy_project, read_seed
from raw_data import write_csv

pytestmark = pytest.mark.slow

DAY = date(2026, 6, 15)
FEW = 100
"""Customers of a market, each with one order of 146, which no fit of the demo expects."""


def order(order_id: str, customer_id: str, day: str, amount: str, **more: str) -> dict[str, str]:
    """Return an order at noon in Shanghai."""
    row = {"order_id": order_id, "customer_id": customer_id, "ordered_at": f"{day} 04:00:00"}
    return row | {"status": "completed", "currency": "CNY", "amount": amount} | more


def item(item_id: str, order_id: str, product_id: str, quantity: str, price: str) -> dict[str, str]:
    """Return an order line that costs half its price."""
    row = {"order_item_id": item_id, "order_id": order_id, "product_id": product_id}
    return row | {"quantity": quantity, "unit_price": price, "unit_cost": str(Decimal(price) / 2)}


ORDERS = [
    order("linked", "linked", "2026-01-10", "1000"),
    order("linked_back", "linked", "2026-03-05", "-300", original_order_id="linked"),
    order("linked_guest", "", "2026-03-06", "-50", original_order_id="linked"),
    order("aged", "aged", "2025-05-01", "1000"),
    order("aged_back", "aged", "2026-06-01", "-400", original_order_id="aged"),
    order("unlinked", "unlinked", "2025-05-01", "1000"),
    order("unlinked_back", "unlinked", "2026-06-01", "-400"),
    order("only_back", "only", "2023-12-01", "-50"),
    order("early_back", "early", "2026-01-10", "-70", original_order_id="early"),
    order("early", "early", "2026-02-10", "100"),
    order("lost_back", "lost", "2026-02-01", "-10", original_order_id="nowhere"),
    order("theft", "lost", "2026-02-01", "-11", original_order_id="linked"),
    order("twice_back", "lost", "2026-02-01", "-12", original_order_id="linked_back"),
    order("own_back", "lost", "2026-02-01", "-13", original_order_id="own_back"),
    order("future_back", "linked", "2026-06-16", "-100", original_order_id="linked"),
    order("cancelled", "undone", "2026-01-10", "80", status="cancelled"),
    order("cancelled_back", "undone", "2026-01-11", "-80", original_order_id="cancelled"),
    order("paid_back", "undone", "2026-01-11", "-5", status="paid"),
    order("usd", "usd", "2026-01-10", "100", currency="USD"),
    order("usd_back", "usd", "2026-03-05", "-10", currency="USD", original_order_id="usd"),
    order("cny_back", "usd", "2026-03-05", "-7", original_order_id="usd"),
    order("usd_alone", "usd", "2026-03-06", "-1", currency="USD"),
    order("sample", "samples", "2026-01-10", "0", status="sample"),
    order("free", "samples", "2026-01-11", "0.00"),
    order("charged", "samples", "2026-01-12", "3", status="sample"),
    order("mixed", "cards", "2026-01-10", "600"),
    order("card", "cards", "2026-01-11", "500"),
    order("card_back", "cards", "2026-01-12", "-500"),
    order("returned", "cards", "2026-02-01", "-20", original_order_id="mixed"),
    *(order(f"few_{it}", f"few_{it}", "2026-01-10", "146") for it in range(FEW)),
    order("abroad", "abroad", "2026-01-10", "4000"),
]
ITEMS = [
    item("mixed_1", "mixed", "gift_card", "1", "500"),
    item("mixed_2", "mixed", "radio", "1", "100"),
    item("card_1", "card", "gift_card", "2", "250"),
    item("card_back_1", "card_back", "gift_card", "-2", "250"),
    item("returned_1", "returned", "radio", "-1", "20"),
    item("lost_back_1", "lost_back", "radio", "-1", "10"),
    item("linked_1", "linked", "radio", "10", "100"),
]
PRODUCTS = [
    {"product_id": "gift_card", "product_name": "Gift card", "category": "gift_cards"},
    {"product_id": "radio", "product_name": "Radio", "category": "audio"},
]
COUNTRIES = {"few": "DE", "abroad": "US"}


def customers(orders: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Return the customers of the orders."""
    names = dict.fromkeys(row["customer_id"] for row in orders if row["customer_id"])
    return [
        {
            "customer_id": name,
            "country": COUNTRIES.get(name.split("_")[0], "CN"),
            "registered_at": "2024-01-05 08:00:00",
        }
        for name in names
    ]


def edit(project: Project, name: str, rows: list[dict[str, str]]) -> None:
    """Write a seed of the copy; a column that a row lacks is blank."""
    columns = list(rows[0])
    write_csv(project.seed(name), columns, [[row.get(it) for it in columns] for row in rows])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("credits")
    project = copy_project(folder, {"history_months": 6})
    statuses = [
        row | {"negative_is": "credit" if row["status"] in ("completed", "cancelled") else ""}
        for row in read_seed("order_statuses")
    ]
    sample = {"status": "sample", "is_sale": "true", "free_is": "not_a_sale"}
    edit(project, "order_statuses", [*statuses, sample])
    cards = {"category": "gift_cards", "is_consumable": "false", "is_revenue": "false"}
    edit(project, "product_categories", [*read_seed("product_categories"), cards])
    # DE has the parameters of all, other markets than CN and DE have none
    parameters = [
        row | {"market": "DE" if row["market"] == "*" else row["market"]}
        for row in read_seed("clv_parameters")
    ]
    edit(project, "clv_parameters", parameters)
    more = {
        "customers": customers(ORDERS),
        "orders": ORDERS,
        "order_items": ITEMS,
        "products": PRODUCTS,
    }
    return build_cases(folder, "ties", "values", "numbers", more=more, project=project)


@pytest.fixture(scope="module")
def tiers(built: Project) -> dict[str, dict[str, Any]]:
    """Return the row of each customer on the last day, of customer_tier_history."""
    rows = built.records("select * from marts.customer_tier_history where is_current")
    return {row["customer_id"]: row for row in rows}


def test_money_adds_up_from_the_raw_rows_to_the_marts(built: Project) -> None:
    tests = (
        "used_amounts_are_in_the_marts",
        "tier_performance_adds_up_to_the_used_orders",
        "product_demand_adds_up_to_the_used_items",
        "every_raw_row_is_accounted_for",
        "every_customer_has_exactly_one_tier",
    )
    built.dbt("test", "--select", *tests)
    assert [it for it in tests if f"PASS {it} " not in built.output] == []


REVENUE = {
    "linked": ("650", "650", 1, date(2026, 1, 10)),
    "aged": ("600", "0", 1, date(2025, 5, 1)),
    "unlinked": ("600", "-400", 1, date(2025, 5, 1)),
    "only": ("-50", "0", 0, None),
    "early": ("30", "30", 1, date(2026, 2, 10)),
    "lost": ("0", "0", 0, None),
    "undone": ("0", "0", 0, None),
    "neg": ("0", "0", 1, date(2026, 3, 1)),
    "samples": ("3", "3", 2, date(2026, 1, 12)),
    "cards": ("80", "80", 1, date(2026, 1, 10)),
    "gift": ("500", "500", 1, date(2026, 3, 8)),
    "over": ("-30", "-30", 1, date(2026, 3, 1)),
}
"""Net revenue, lifetime and of 12 months, orders, and day of the last one."""


@pytest.mark.parametrize("customer", REVENUE)
def test_revenue_and_orders(tiers: dict[str, dict[str, Any]], customer: str) -> None:
    row = tiers[customer]
    lifetime, last_year, orders, last_order = REVENUE[customer]
    assert row["lifetime_net_revenue"] == Decimal(lifetime)
    assert row["net_revenue_12m"] == Decimal(last_year)
    assert (row["lifetime_orders"], row["last_order_date"]) == (orders, last_order)
    assert row["purchase_days"] == orders


def test_a_credit_is_known_from_its_own_day_on(built: Project) -> None:
    rows = built.query(
        "select evaluation_date, lifetime_net_revenue from marts.customer_tier_history"
        " where customer_id = 'linked' and evaluation_date > date '2026-02-01' order by 1 limit 2"
    )
    assert rows == [(date(2026, 2, 28), 1000), (date(2026, 3, 31), 650)]
    # nobody has ordered, and yet it is not lost
    assert built.value("select start_date from marts.customers where customer_id = 'only'") == date(
        2023, 12, 1
    )


def test_a_credit_without_its_order_is_in_the_quarantine(built: Project) -> None:
    rows = built.query(
        "select row_key, reason, amount from marts.quarantined_rows where source_table = 'orders'"
        " and row_key in (select order_id from staging.stg_crm__orders where amount < 0) order by 1"
    )
    assert rows == [
        ("lost_back", "orphan_row", -10),
        ("own_back", "orphan_row", -13),
        ("paid_back", "negative_amount", -5),
        ("theft", "orphan_row", -11),
        ("twice_back", "orphan_row", -12),
    ]
    raw = built.value("select raw_row from marts.quarantined_rows where row_key = 'theft'")
    assert "original_order_id=linked" in raw
    excluded = built.query(
        "select order_id, exclusion from intermediate.int_credits_checked where fate = 'excluded'"
        " order by 1"
    )
    assert excluded == [
        ("cancelled_back", "not_a_sale"),
        ("card_back", "not_a_sale"),
        ("future_back", "after_as_of_date"),
    ]


def test_a_credit_converts_at_the_rate_of_its_order(
    built: Project, tiers: dict[str, dict[str, Any]]
) -> None:
    def rate(day: str) -> Decimal:
        (row,) = (
            row
            for row in read_seed("exchange_rates")
            if (row["currency"], row["to_currency"]) == ("USD", "CNY")
            and row["valid_from"] <= day < (row["valid_to"] or "9999")
        )
        return Decimal(row["rate"])

    cent = Decimal("0.01")
    january, march = rate("2026-01-10"), rate("2026-03-06")
    assert january != march
    assert tiers["usd"]["lifetime_net_revenue"] == (
        (100 * january).quantize(cent) - (10 * january).quantize(cent) - 7 - march.quantize(cent)
    )


def test_items_of_credits_and_gift_cards_are_no_demand(built: Project) -> None:
    rows = built.query(
        "select order_item_id, fate, coalesce(defects, exclusion)"
        " from intermediate.int_order_items_checked where order_id in"
        " ('mixed', 'card', 'card_back', 'returned', 'lost_back') order by 1"
    )
    assert rows == [
        ("card_1", "excluded", "not_a_sale"),
        ("card_back_1", "excluded", "not_a_sale"),
        ("lost_back_1", "quarantined", ",orphan_row,"),
        ("mixed_1", "excluded", "not_a_sale"),
        ("mixed_2", "used", None),
        ("returned_1", "excluded", "not_a_sale"),
    ]
    assert (
        built.value(
            "select count(*) from marts.segment_product_demand where category = 'gift_cards'"
        )
        == 0
    )
    # 600 less the card of 500, a cost of 50, and 20 given back
    rows = built.query(
        "select lifetime_margin, lifetime_refunded from marts.customer_tier_history"
        " where is_current and customer_id = 'cards'"
    )
    assert rows == [(30, 20)]


def test_refunds_and_credits_are_in_the_months_of_their_sales(built: Project) -> None:
    rows = built.query(
        "select month, sum(orders), sum(refunded) from marts.tier_performance"
        " where month in (date '2026-02-01', date '2026-06-01') group by 1 order by 1"
    )
    # early and its credit; the credit of unlinked is of no order, and of its own month
    assert [(it[0], it[2]) for it in rows] == [(date(2026, 2, 1), 70), (date(2026, 6, 1), 400)]


def test_free_orders_are_worth_no_more_than_their_history_supports(
    built: Project,
) -> None:
    rows = built.query(
        "select customer_id, expected_order_value from marts.customer_lifetime_values"
    )
    values = {row[0]: row[1] for row in rows if row[0] in ("free", "kg")}
    assert values["free"] == pytest.approx(2913.15, abs=0.005)
    assert values["kg"] == pytest.approx(4036.39, abs=0.005)


def test_equals_share_score_segment_class_and_rank(tiers: dict[str, dict[str, Any]]) -> None:
    names = [f"m{number:02}" for number in range(1, 11)]
    columns = ("composite_score", "rfm_segment", "pareto_class", "value_rank", "tier_code")
    assert len({tuple(tiers[name][column] for column in columns) for name in names}) == 1
    rank = tiers["m01"]["value_rank"]
    ranks = [row["value_rank"] for name, row in tiers.items() if name not in names]
    assert not [it for it in ranks if rank <= it < rank + 10]


def test_nothing_in_money_is_predicted_from_a_fit_that_is_not_borne_out(
    built: Project, tiers: dict[str, dict[str, Any]]
) -> None:
    rows = built.query(
        "select market, finding, parameters_market, fitted_on, customers, observed_value, is_used"
        f" from intermediate.int_clv_fits where evaluation_date = date '{DAY}' order by 1"
    )
    found = {row[0]: row[1:] for row in rows}
    assert found["DE"] == ("not_borne_out", "DE", "demo", FEW, 146, False)
    assert found["US"] == ("no_parameters", None, None, 1, None, False)
    assert (found["CN"][0], found["CN"][-1]) == ("not_judged", True)
    columns = ("p_alive", "expected_orders_365d", "expected_order_value", "potential_12m")
    known = {
        name: [tiers[name][column] is not None for column in columns]
        for name in ("few_0", "abroad", "linked")
    }
    assert known == {
        "few_0": [True, True, False, False],
        "abroad": [False] * 4,
        "linked": [True] * 4,
    }
    lifetimes = built.query(
        "select customer_id, p_alive is not null, clv_12m is not null, clv_12m_margin is not null"
        " from marts.customer_lifetime_values where customer_id in ('few_0', 'abroad', 'linked')"
        " order by 1"
    )
    assert lifetimes == [
        ("abroad", False, False, False),
        ("few_0", True, False, False),
        ("linked", True, True, True),
    ]
    assert all(tiers[name]["composite_score"] is not None for name in known)
    assert tiers["few_0"]["score_coverage"] < tiers["linked"]["score_coverage"]
