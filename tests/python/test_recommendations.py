"""Affinities and recommendations of the demo, recomputed in plain Python from the sound rows."""

import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import combinations, permutations
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from conftest import ROOT, Project, Row, read_seed
from reference import rules_in_force

pytestmark = pytest.mark.slow

AS_OF = date(2026, 6, 15)
ZONE = ZoneInfo("Asia/Shanghai")
CENT = Decimal("0.01")

Products = Mapping[str, dict[str, Any]]
Pair = tuple[str, str]


class Customer(NamedTuple):
    """A customer of today, and what the policy of their market says."""

    customer_id: str
    market: str
    segment: str
    policy: Mapping[str, float]

    @property
    def window_start(self) -> date:
        """Return the last day whose purchases no longer count."""
        months = pd.DateOffset(months=int(self.policy["window_months"]))
        start: date = (pd.Timestamp(AS_OF) - months).date()
        return start


@pytest.fixture(scope="module")
def customers(demo_build: Project) -> dict[str, Customer]:
    rows = demo_build.query("select customer_id, market, rfm_segment from marts.customer_tiers")
    found = {}
    for customer_id, market, segment in rows:
        (row,) = rules_in_force("recommendation_policies", market, AS_OF)
        words = ("market", "valid_from", "valid_to", "note")
        policy = {name: float(text) for name, text in row.items() if name not in words}
        found[customer_id] = Customer(customer_id, market, segment, policy)
    return found


@pytest.fixture(scope="module")
def lines(demo_build: Project) -> list[dict[str, Any]]:
    sql = "select * from intermediate.int_order_items_checked where fate = 'used'"
    rows: list[dict[str, Any]] = demo_build.records(sql)
    return rows


@pytest.fixture(scope="module")
def products(demo_build: Project) -> Products:
    """Return the sound products, and of each if it is a consumable and on sale."""
    consumables = {
        row["category"] for row in read_seed("product_categories") if row["is_consumable"] == "true"
    }
    rows = demo_build.records("select * from intermediate.int_products_checked where fate = 'used'")
    for row in rows:
        launched = row["launched_at"]
        row["is_consumable"] = row["category"] in consumables
        row["is_on_sale"] = (
            launched is None or launched.replace(tzinfo=UTC).astimezone(ZONE).date() <= AS_OF
        )
    return {row["product_id"]: row for row in rows}


@pytest.fixture(scope="module")
def last_bought(lines: list[dict[str, Any]]) -> dict[Pair, date]:
    """Return the last day on which a customer ordered a product."""
    found: dict[Pair, date] = {}
    for line in lines:
        key = line["customer_id"], line["product_id"]
        found[key] = max(found.get(key, date.min), line["order_date"])
    return found


@pytest.fixture(scope="module")
def browsed(
    demo_build: Project, customers: Mapping[str, Customer], last_bought: Mapping[Pair, date]
) -> dict[Pair, list[tuple[date, str]]]:
    """Return the days and kinds of what a customer did with a product since they ordered it."""
    kinds = {
        row["engagement_type"]: row["counts_as"]
        for row in read_seed("engagement_types")
        if row["source_table"] == "web_events" and row["counts_as"]
    }
    found = defaultdict(list)
    for customer, product, event_type, day in demo_build.query(
        "select customer_id, product_id, event_type, event_date"
        " from intermediate.int_web_events_checked where fate = 'used' and product_id is not null"
    ):
        days = timedelta(days=int(customers[customer].policy["browsed_days"]))
        since = max(last_bought.get((customer, product), date.min), AS_OF - days)
        if event_type in kinds and day > since:
            found[customer, product].append((day, kinds[event_type]))
    return dict(found)


def baskets(
    customers: Mapping[str, Customer], last_bought: Mapping[Pair, date]
) -> dict[str, set[str]]:
    """Return what each customer bought in the months that count."""
    found = defaultdict(set)
    for (customer, product), day in last_bought.items():
        if day > customers[customer].window_start:
            found[customer].add(product)
    return dict(found)


def lifts(
    customers: Mapping[str, Customer], bought: Mapping[str, set[str]]
) -> dict[Pair, tuple[Fraction, int]]:
    """Return lift and support of each ordered pair of products."""
    kept = [
        basket
        for customer, basket in bought.items()
        if len(basket) <= customers[customer].policy["max_basket_products"]
    ]
    single = Counter(product for basket in kept for product in basket)
    both = Counter(pair for basket in kept for pair in combinations(sorted(basket), 2))
    return {
        (one, other): (Fraction(count * len(kept), single[one] * single[other]), count)
        for pair, count in both.items()
        for one, other in permutations(pair)
    }


def related(
    pairs: Mapping[Pair, tuple[Fraction, int]], policy: Mapping[str, float], products: Products
) -> dict[str, list[tuple[Fraction, int, str, str]]]:
    """Return the related products of each, the best first: -lift, -support, related, product."""
    found = defaultdict(list)
    for (one, other), (lift, count) in pairs.items():
        enough = count >= policy["min_pair_customers"] and lift >= Fraction(str(policy["min_lift"]))
        if enough and products[other]["is_on_sale"]:
            found[one].append((-lift, -count, other, one))
    kept = int(policy["related_per_product"])
    return {one: sorted(them)[:kept] for one, them in found.items()}


def best_sellers(
    who: Customer,
    customers: Mapping[str, Customer],
    bought: Mapping[str, set[str]],
    products: Products,
) -> list[tuple[float, str]]:
    """Return the best sellers of a segment, its market and all: share and product."""
    circles: tuple[Callable[[Customer], bool], ...] = (
        lambda it: (it.market, it.segment) == (who.market, who.segment),
        lambda it: it.market == who.market,
        lambda it: True,
    )
    found: dict[str, float] = {}
    for place, circle in enumerate(circles):
        inside = [basket for customer, basket in bought.items() if circle(customers[customer])]
        if len(inside) < who.policy["min_segment_buyers"] and place < 2:
            continue
        counts = Counter(product for basket in inside for product in basket)
        for product in sorted(counts, key=lambda it: (-counts[it], it)):
            if products[product]["is_on_sale"]:
                found.setdefault(product, counts[product] / len(inside))
    ranked = list(found.items())[: int(who.policy["best_sellers_per_segment"])]
    return [(share, product) for product, share in ranked]


class Recommending:
    """The rules of recommendation, for one customer after another."""

    def __init__(
        self,
        customers: Mapping[str, Customer],
        products: Products,
        last_bought: Mapping[Pair, date],
        browsed: Mapping[Pair, list[tuple[date, str]]],
    ):
        self.products = products
        self.last_bought = last_bought
        self.baskets = baskets(customers, last_bought)
        pairs = lifts(customers, self.baskets)
        self.related = {it.market: related(pairs, it.policy, products) for it in customers.values()}
        self.sellers = {
            (it.market, it.segment): best_sellers(it, customers, self.baskets, products)
            for it in {(it.market, it.segment): it for it in customers.values()}.values()
        }
        self.browsed: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
        for (customer, product), events in browsed.items():
            if (
                len(events) >= customers[customer].policy["min_browse_events"]
                and products[product]["is_on_sale"]
            ):
                last = max(day for day, _ in events)
                self.browsed[customer].append((-len(events), -last.toordinal(), product))

    def to(self, who: Customer) -> list[tuple[str, str, str | None, float]]:
        """Return reason, product, cause and score of what a customer is recommended, in order."""
        candidates: list[tuple[str, str, str | None, float]] = [
            ("browsed", product, None, -events)
            for events, _, product in sorted(self.browsed[who.customer_id])
        ]
        pairs = [
            pair
            for product in self.baskets.get(who.customer_id, ())
            for pair in self.related[who.market].get(product, ())
        ]
        candidates += [
            ("bought_together", product, cause, float(-lift))
            for lift, _, product, cause in sorted(pairs)
        ]
        candidates += [
            ("best_seller", product, None, share)
            for share, product in self.sellers[who.market, who.segment]
        ]
        chosen: dict[str, tuple[str, str, str | None, float]] = {}
        for candidate in candidates:
            product = candidate[1]
            is_bought = (who.customer_id, product) in self.last_bought
            if self.products[product]["is_consumable"] or not is_bought:
                chosen.setdefault(product, candidate)
        return list(chosen.values())[: int(who.policy["max_recommendations"])]


def test_recommendations_are_those_of_the_rules(
    demo_build: Project,
    customers: Mapping[str, Customer],
    products: Products,
    last_bought: Mapping[Pair, date],
    browsed: Mapping[Pair, list[tuple[date, str]]],
) -> None:
    """Everyone's, in their order, with their causes and scores."""
    found = defaultdict(list)
    for row in demo_build.records(
        "select * from marts.customer_recommendations order by customer_id, rank"
    ):
        columns = ("reason", "product_id", "because_product_id", "score")
        found[row["customer_id"]].append(tuple(row[column] for column in columns))
        product = products[row["product_id"]]
        assert row["product_name"] == product["product_name"]
        assert row["category"] == (product["category"] or "unknown")
        assert row["market"] == customers[row["customer_id"]].market
        assert row["evaluation_date"] == AS_OF
    recommending = Recommending(customers, products, last_bought, browsed)
    for who in customers.values():
        told, expected = found[who.customer_id], recommending.to(who)
        assert [it[:3] for it in told] == [it[:3] for it in expected], who
        assert [it[3] for it in told] == pytest.approx([it[3] for it in expected], rel=1e-12)
    reasons = {it[0] for them in found.values() for it in them}
    assert reasons == {"browsed", "bought_together", "best_seller"}
    prospects = [it.customer_id for it in customers.values() if it.segment == "prospect"]
    assert prospects
    assert all(found[customer] for customer in prospects)
    again = [
        (customer, it[1])
        for customer, them in found.items()
        for it in them
        if (customer, it[1]) in last_bought
    ]
    assert again, "no consumable is recommended again"


def test_browsed_is_what_was_not_ordered_since(
    demo_build: Project,
    last_bought: Mapping[Pair, date],
    browsed: Mapping[Pair, list[tuple[date, str]]],
) -> None:
    expected = [
        (
            *pair,
            sum(kind == "views" for _, kind in events),
            sum(kind == "carts" for _, kind in events),
            len(events),
            pair in last_bought,
            max(day for day, _ in events),
        )
        for pair, events in browsed.items()
    ]
    assert demo_build.rows("intermediate.int_browsed_products") == sorted(expected)
    assert {row[5] for row in expected} == {True, False}


def preferred(
    values: Iterable[tuple[str, Any, Decimal]],
) -> dict[str, tuple[Any, float]]:
    """Return what each customer prefers, and its share; values are (customer, value, amount)."""
    tallies: dict[str, dict[Any, list[Decimal]]] = defaultdict(lambda: defaultdict(list))
    for customer, value, amount in values:
        if value is not None:
            tallies[customer][value].append(amount)
    found = {}
    for customer, tally in tallies.items():
        best = min(tally, key=lambda it: (-len(tally[it]), -sum(tally[it]), it))
        found[customer] = best, len(tally[best]) / sum(map(len, tally.values()))
    return found


def test_preferences_are_those_of_the_purchases(
    demo_build: Project, lines: list[dict[str, Any]], products: Products
) -> None:
    orders = demo_build.records("select * from intermediate.int_orders_checked where fate = 'used'")
    for order in orders:
        order["local"] = order["ordered_at"].replace(tzinfo=UTC).astimezone(ZONE)
    for line in lines:
        rate = 1 if line["currency"] == "CNY" else line["exchange_rate"]
        line["local_amount"] = (line["amount"] * rate).quantize(CENT, ROUND_HALF_UP)
    by_order: dict[str, Callable[[dict[str, Any]], Any]] = {
        "channel": lambda order: order["channel"],
        "hour": lambda order: order["local"].hour,
        "weekday": lambda order: order["local"].isoweekday(),
    }
    expected = {
        name: preferred(
            (line["customer_id"], products[line["product_id"]][name], line["local_amount"])
            for line in lines
        )
        for name in ("category", "brand")
    } | {
        name: preferred((it["customer_id"], get(it), it["reporting_amount"]) for it in orders)
        for name, get in by_order.items()
    }
    for row in demo_build.records("select * from marts.customers"):
        for name, preferences in expected.items():
            value, share = preferences.get(row["customer_id"], (None, None))
            assert row[f"preferred_{name}"] == value, (row["customer_id"], name)
            assert row[f"preferred_{name}_share"] == pytest.approx(share)
    assert all(preferences for preferences in expected.values())


RECOMMENDATIONS = "select reason, count(*) from marts.customer_recommendations group by all"
PREFERENCES = (
    "select count(preferred_category), count(preferred_brand), count(preferred_hour) > 0"
    " from marts.customers"
)


@pytest.mark.parametrize("missing", ["web_events", "order_items", "products"])
def test_a_missing_table_takes_only_what_rests_on_it(
    demo_build: Project, tmp_path: Path, missing: str
) -> None:
    """Without lines or products nobody knows what was bought; without events, what was browsed."""
    project = Project(ROOT, tmp_path, {"missing_sources": [missing]})
    shutil.copy(demo_build.database, project.database)
    checked = ("int_order_items_checked", "int_web_events_checked")
    project.make(*checked, "int_customer_products+", "int_browsed_products+")
    assert project.value("select count(*) from intermediate.int_browsed_products") == 0
    found: dict[str, int] = dict(project.query(RECOMMENDATIONS))
    if missing == "web_events":
        assert set(found) == {"bought_together", "best_seller"}
        assert project.query(PREFERENCES) == demo_build.query(PREFERENCES)
    else:
        assert found == {}
        nothing: list[Row] = [(0, 0, True)]
        assert project.query(PREFERENCES) == nothing
