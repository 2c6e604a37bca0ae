"""What happens after a day changes nothing at or before it, and the measures are as of that day."""

import calendar
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import pytest
from conftest import ROOT, Project, Row, is_same, read_seed, together
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from raw_data import (
    MISSING,
    Order,
    RawData,
    invent,
    invent_engagement,
    invent_items,
    invent_orders,
    invent_refunds,
)
from reference import is_in_force, rows_of_market

pytestmark = pytest.mark.slow

FIRST, AS_OF = date(2023, 2, 10), date(2025, 3, 17)
HISTORY_MONTHS = 9
CENT = Decimal("0.01")
OF_ALL_CUSTOMERS = ("value_rank", "pareto_class")
WINDOW_MONTHS = {"bands": None, "quantile": 6}
few = settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


def months_before(day: date, months: int) -> date:
    """Return the same day some months earlier, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def variables(folder: Path, as_of: date, method: str = "bands") -> dict[str, object]:
    """Return the vars of a full refresh that begins in the same month whatever the day."""
    months = (as_of.year - AS_OF.year) * 12 + as_of.month - AS_OF.month
    return {
        "raw_path": str(folder),
        "missing_sources": MISSING,
        "as_of_date": as_of,
        "history_months": HISTORY_MONTHS + months,
        "rfm_method": method,
        "rfm_window_months": WINDOW_MONTHS[method],
    }


def built_history(folder: Path, data: RawData, as_of: date, method: str = "bands") -> Project:
    """Make the history of some raw data in a fresh warehouse."""
    raw = data.write(folder / "raw")
    project = Project(ROOT, folder, variables(raw, as_of, method))
    project.make("+customer_tier_history")
    return project


def history_by_customer(project: Project, but: Sequence[str]) -> dict[tuple[str, date], Row]:
    """Return the rows of the history without some columns, by customer and day."""
    with_key = project.query(
        f"select customer_id, evaluation_date, history.* exclude ({', '.join(but)})"
        " from marts.customer_tier_history as history"
    )
    return {(row[0], row[1]): row[2:] for row in with_key}


@pytest.fixture(scope="module")
def data() -> RawData:
    return invent(20250317, FIRST, AS_OF + timedelta(days=60))


@pytest.fixture(scope="module")
def histories(tmp_path_factory: pytest.TempPathFactory, data: RawData) -> dict[str, Project]:
    folder = tmp_path_factory.mktemp("point_in_time")
    methods = ("bands", "quantile")
    calls = [partial(built_history, folder / it, data, AS_OF, it) for it in methods]
    return dict(zip(methods, together(*calls), strict=True))


class Known:
    """What was known of a customer on a day: sales in the reporting currency, and engagement."""

    def __init__(self, data: RawData):
        self.rates = read_seed("exchange_rates")
        self.scales = {row["feedback_type"]: row for row in read_seed("feedback_scales")}
        self.policies = read_seed("satisfaction_policies")
        self.items = defaultdict(list)
        for item in data.items:
            self.items[item.order_id].append(item)
        counted = {
            (row["source_table"], row["engagement_type"]): row["counts_as"]
            for row in read_seed("engagement_types")
        }
        self.engagement = defaultdict(list)
        for event in data.events:
            kind = counted["web_events", event.event_type]
            self.engagement[event.customer_id].append((event.day, kind))
        for it in data.interactions:
            kind = counted["interactions", it.interaction_type]
            self.engagement[it.customer_id].append((it.day, kind))
        self.feedback = defaultdict(list)
        for answer in data.feedback:
            self.engagement[answer.customer_id].append((answer.day, ""))
            self.feedback[answer.customer_id].append(answer)
        is_sale = {row["status"]: row["is_sale"] == "true" for row in read_seed("order_statuses")}
        self.orders = defaultdict(list)
        self.refunds = defaultdict(list)
        for refund in data.refunds:
            self.refunds[refund.order_id].append(refund)
        for order in data.orders:
            if is_sale[order.status]:
                self.orders[order.customer_id].append(order)

    def money(self, order: Order, amount: Decimal) -> Decimal:
        """Convert at the rate of the order's day."""
        if order.currency == "CNY":
            return amount.quantize(CENT, ROUND_HALF_UP)
        (rate,) = (
            Decimal(row["rate"])
            for row in self.rates
            if (row["currency"], row["to_currency"]) == (order.currency, "CNY")
            and is_in_force(row, order.day)
        )
        return (amount * rate).quantize(CENT, ROUND_HALF_UP)

    def net(self, order: Order, day: date) -> Decimal:
        """Return an order less its refunds until a day."""
        refunds = [it for it in self.refunds[order.order_id] if it.day <= day]
        return self.money(order, order.amount) - sum(self.money(order, it.amount) for it in refunds)

    def margin(self, order: Order, day: date) -> Decimal | None:
        """Return the net amount of an order less its costs, if each of its lines has one."""
        costs = [
            item.unit_cost and self.money(order, item.quantity * item.unit_cost)
            for item in self.items[order.order_id]
        ]
        known = [cost for cost in costs if cost is not None]
        return self.net(order, day) - sum(known) if costs and costs == known else None

    def satisfaction(self, customer_id: str, day: date) -> float | None:
        """Return the mean of the answers on a scale of 0 to 100, the older ones weighing less."""
        weights = points = 0.0
        for answer in self.feedback[customer_id]:
            if answer.day <= day:
                policies = [
                    it for it in self.policies if it["feedback_type"] == answer.feedback_type
                ]
                (policy,) = (it for it in policies if is_in_force(it, day))
                age = (day - answer.day).days
                weight = 0.5 ** (age / int(policy["half_life_days"]))
                scale = self.scales[answer.feedback_type]
                low, high = int(scale["min_score"]), int(scale["max_score"])
                weights += weight
                points += weight * 100 * (answer.score - low) / (high - low)
        return points / weights if weights else None

    def measures(self, customer_id: str, day: date, window: int | None) -> dict[str, Any]:
        """Compute the measures of a customer on a day, one order at a time."""
        orders = [order for order in self.orders[customer_id] if order.day <= day]
        days = sorted({order.day for order in orders})
        gaps = [((later - sooner).days, later) for sooner, later in pairwise(days)]
        quarter = day - timedelta(days=90)
        engaged = [it for it in self.engagement[customer_id] if it[0] <= day]
        lately = [kind for at, kind in engaged if at > quarter]

        def within(months: int | None) -> list[Order]:
            after = date.min if months is None else months_before(day, months)
            return [order for order in orders if order.day > after]

        def revenue(some: Iterable[Order]) -> Decimal:
            return sum((self.net(order, day) for order in some), Decimal(0))

        def margin(some: Iterable[Order]) -> Decimal | None:
            margins = [self.margin(order, day) for order in some]
            known = [it for it in margins if it is not None]
            return sum(known, Decimal(0)) if known else None

        year = within(12)
        previous = [order for order in within(24) if order not in year]
        costed = [order for order in orders if self.margin(order, day) is not None]
        trend = revenue(year) - revenue(within(6))
        return {
            "lifetime_orders": len(orders),
            "orders_12m": len(year),
            "orders_previous_12m": len(previous),
            "purchase_days": len(days),
            "active_months_12m": min(len({(it.day.year, it.day.month) for it in year}), 12),
            "days_since_first_order": (day - days[0]).days if days else None,
            "days_since_last_order": (day - days[-1]).days if days else None,
            "mean_gap_days": (days[-1] - days[0]).days / (len(days) - 1) if days[1:] else None,
            "median_gap_days": median(gap for gap, _ in gaps) if gaps else None,
            "longest_gap_ended_90d_days": max(
                (gap for gap, later in gaps if later > quarter), default=None
            ),
            "first_order_date": days[0] if days else None,
            "last_order_date": days[-1] if days else None,
            "lifetime_net_revenue": revenue(orders),
            "net_revenue_12m": revenue(year),
            "net_revenue_6m": revenue(within(6)),
            "net_revenue_previous_6m": trend,
            "revenue_trend": pytest.approx(float(revenue(within(6)) / trend))
            if trend > 0
            else None,
            "lifetime_margin": margin(orders),
            "lifetime_costed_revenue": revenue(costed) if costed else None,
            "margin_12m": margin(year),
            "lifetime_refunded": sum(
                self.money(order, refund.amount)
                for order in orders
                for refund in self.refunds[order.order_id]
                if refund.day <= day
            ),
            "first_day_net_revenue": (
                revenue(order for order in orders if order.day == days[0]) if days else None
            ),
            "rfm_orders": len(within(window)),
            "rfm_revenue": revenue(within(window)),
            "views_90d": lately.count("views"),
            "carts_90d": lately.count("carts"),
            "inquiries_90d": lately.count("inquiries"),
            "response_count": sum(it.day <= day for it in self.feedback[customer_id]),
            "satisfaction": self.satisfaction(customer_id, day),
            "last_interaction_date": max((at for at, _ in engaged), default=None),
        }


def cycle(measures: dict[str, Any], market: str, day: date) -> dict[str, Any]:
    """Return the usual gap between purchase days, whose it is, and how overdue the next is."""
    if not measures["lifetime_orders"]:
        return dict.fromkeys(("cycle_basis", "typical_gap_days", "overdue_ratio"))
    (policy,) = rows_of_market(read_seed("purchase_cycles"), market, day)
    is_own = measures["purchase_days"] >= int(policy["min_purchase_days"])
    gap = measures["median_gap_days"] if is_own else int(policy["typical_gap_days"])
    return {
        "cycle_basis": "own" if is_own else "market",
        "typical_gap_days": gap,
        "overdue_ratio": measures["days_since_last_order"] / gap,
    }


def month_ends(last: date, months: int) -> Iterator[date]:
    """Yield the ends of the closed months before a day, and the day."""
    for back in range(months, 0, -1):
        month = months_before(last.replace(day=1), back)
        yield month.replace(day=calendar.monthrange(month.year, month.month)[1])
    yield last


@pytest.mark.parametrize("method", ["bands", "quantile"])
def test_measures_are_those_known_on_the_day(
    histories: dict[str, Project], data: RawData, method: str
) -> None:
    """With the lifetime as the window of RFM by bands, and half a year by quantiles."""
    known = Known(data)
    found = {
        (row["customer_id"], row["evaluation_date"]): row
        for row in histories[method].records("select * from marts.customer_tier_history")
    }
    expected = set()
    for customer in data.customers:
        sales = [order.day for order in known.orders[customer.customer_id]]
        # neither registered nor ordered: a customer from as_of_date on
        first_day = min([it for it in (customer.registered, *sales) if it], default=AS_OF)
        for day in month_ends(AS_OF, HISTORY_MONTHS):
            if first_day <= day:
                expected.add((customer.customer_id, day))
                row = found[customer.customer_id, day]
                measures = known.measures(customer.customer_id, day, WINDOW_MONTHS[method])
                measures |= cycle(measures, row["market"], day)
                for name, value in measures.items():
                    told = row[name]
                    if isinstance(value, float) and told is not None:  # sums in another order
                        assert math.isclose(told, value, rel_tol=1e-12), (customer, day, name)
                    else:
                        assert told == value, (customer, day, name)
                assert row["tenure_days"] == (day - first_day).days
                assert row["is_current"] == (day == AS_OF)
                assert row["evaluation_month"] == day.replace(day=1)
    assert set(found) == expected
    assert len({row["computed_tier_code"] for row in found.values()}) >= 4
    for name in ("margin_12m", "satisfaction", "median_gap_days", "longest_gap_ended_90d_days"):
        assert 50 < sum(row[name] is not None for row in found.values()) < len(found), name
    for name in ("views_90d", "carts_90d", "inquiries_90d", "orders_previous_12m"):
        assert len({row[name] for row in found.values()}) > 2, name
    assert {row["cycle_basis"] for row in found.values()} == {"own", "market", None}


@few
@given(
    seed=st.integers(0, 2**32),
    day=st.dates(AS_OF - timedelta(days=180), AS_OF - timedelta(days=17)),
    later=st.integers(0, 45),
)
def test_later_facts_change_nothing_before_them(
    tmp_path_factory: pytest.TempPathFactory,
    histories: dict[str, Project],
    data: RawData,
    *,
    seed: int,
    day: date,
    later: int,
) -> None:
    """By bands each customer has a day of their own; quantiles are of all, who share one day.

    The rank and the Pareto class are of all too, so that only the shared day decides on them.
    """
    random = Random(seed)
    own_days = {
        it.customer_id: AS_OF - timedelta(days=random.randint(0, 270)) for it in data.customers
    }
    same_day = {it.customer_id: day for it in data.customers}
    by_bands, by_quantiles = with_more(data, own_days, random), with_more(data, same_day, random)
    folder = tmp_path_factory.mktemp("later")
    bands, quantiles = together(
        lambda: built_history(folder / "b", by_bands, AS_OF + timedelta(days=later), "bands"),
        lambda: built_history(folder / "q", by_quantiles, AS_OF, "quantile"),
    )
    assert_same_until(own_days, histories["bands"], bands, but=OF_ALL_CUSTOMERS)
    assert_same_until(same_day, histories["quantile"], quantiles)


def with_more(data: RawData, day_of: dict[str, date], random: Random) -> RawData:
    """Let each customer order, return and engage more after a day of theirs."""
    more = data.copy()
    last = AS_OF + timedelta(days=60)
    for customer_id, day in day_of.items():
        begin = day + timedelta(days=1)
        old = [order for order in data.orders if order.customer_id == customer_id]
        new = invent_orders(random, "n", customer_id, begin, last)
        more.orders += new
        more.items += invent_items(random, new)
        invent_engagement(random, more, customer_id, begin, last)
        more.refunds += invent_refunds(random, old + new, begin, last, 0.4)
    assert len(more.orders) > len(data.orders) + 30
    assert len(more.refunds) > len(data.refunds) + 30
    assert len(more.items) > len(data.items) + 30
    assert len(more.events) > len(data.events) + 30
    assert len(more.interactions) > len(data.interactions) + 10
    assert len(more.feedback) > len(data.feedback) + 5
    return more


def assert_same_until(
    day_of: dict[str, date], before: Project, after: Project, but: Sequence[str] = ()
) -> None:
    """Assert that the rows of customers until their day are the same, and some later ones not."""
    columns = ("is_current", *but)
    old, new = history_by_customer(before, columns), history_by_customer(after, columns)
    compared = changed = 0
    for (customer_id, day), row in old.items():
        if (customer_id, day) not in new:
            assert day == AS_OF  # the last day of the one run is no month end of the other
        elif day <= day_of[customer_id]:
            compared += 1
            assert is_same(new[customer_id, day], row), (customer_id, day)
        else:
            changed += not is_same(new[customer_id, day], row)
    assert compared > 50
    assert changed > 20
    assert {key for key in new if key[1] <= day_of[key[0]]} <= set(old)
