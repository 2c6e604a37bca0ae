"""What happens after a day changes nothing at or before it, and the measures are as of that day."""

import calendar
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from conftest import ROOT, Project, Row, read_seed, together
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from raw_data import MISSING, Order, RawData, invent, invent_orders, invent_refunds
from reference import is_in_force

FIRST, AS_OF = date(2023, 2, 10), date(2025, 3, 17)
HISTORY_MONTHS = 9
CENT = Decimal("0.01")
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


def history_by_customer(project: Project) -> dict[tuple[str, date], Row]:
    """Return the rows of the history but for ``is_current``, by customer and day."""
    with_key = project.query(
        "select customer_id, evaluation_date, history.* exclude (is_current)"
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
    """The sales of a customer in the reporting currency, as they were known on a day."""

    def __init__(self, data: RawData):
        self.rates = read_seed("exchange_rates")
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
            return amount
        (rate,) = (
            Decimal(row["rate"])
            for row in self.rates
            if row["currency"] == order.currency and is_in_force(row, order.day)
        )
        return (amount * rate).quantize(CENT, ROUND_HALF_UP)

    def net(self, order: Order, day: date) -> Decimal:
        """Return an order less its refunds until a day."""
        refunds = [it for it in self.refunds[order.order_id] if it.day <= day]
        return self.money(order, order.amount) - sum(self.money(order, it.amount) for it in refunds)

    def measures(self, customer_id: str, day: date, window: int | None) -> dict[str, Any]:
        """Compute the measures of a customer on a day, one order at a time."""
        orders = [order for order in self.orders[customer_id] if order.day <= day]
        days = sorted({order.day for order in orders})

        def within(months: int | None) -> list[Order]:
            after = date.min if months is None else months_before(day, months)
            return [order for order in orders if order.day > after]

        def revenue(some: list[Order]) -> Decimal:
            return sum((self.net(order, day) for order in some), Decimal(0))

        year = within(12)
        return {
            "lifetime_orders": len(orders),
            "orders_12m": len(year),
            "purchase_days": len(days),
            "active_months_12m": min(len({(it.day.year, it.day.month) for it in year}), 12),
            "days_since_last_order": (day - days[-1]).days if days else None,
            "mean_gap_days": (days[-1] - days[0]).days / (len(days) - 1) if days[1:] else None,
            "first_order_date": days[0] if days else None,
            "last_order_date": days[-1] if days else None,
            "lifetime_net_revenue": revenue(orders),
            "net_revenue_12m": revenue(year),
            "net_revenue_6m": revenue(within(6)),
            "net_revenue_previous_6m": revenue(year) - revenue(within(6)),
            "rfm_orders": len(within(window)),
            "rfm_revenue": revenue(within(window)),
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
                assert {name: row[name] for name in measures} == measures, (customer, day)
                assert row["tenure_days"] == (day - first_day).days
                assert row["is_current"] == (day == AS_OF)
                assert row["evaluation_month"] == day.replace(day=1)
    assert set(found) == expected
    assert len({row["computed_tier_code"] for row in found.values()}) >= 4


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
    """By bands each customer has a day of their own; quantiles are of all, who share one day."""
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
    assert_same_until(own_days, histories["bands"], bands)
    assert_same_until(same_day, histories["quantile"], quantiles)


def with_more(data: RawData, day_of: dict[str, date], random: Random) -> RawData:
    """Let each customer order and return more after a day of theirs."""
    more = data.copy()
    last = AS_OF + timedelta(days=60)
    for customer_id, day in day_of.items():
        begin = day + timedelta(days=1)
        old = [order for order in data.orders if order.customer_id == customer_id]
        new = invent_orders(random, "n", customer_id, begin, last)
        more.orders += new
        more.refunds += invent_refunds(random, old + new, begin, last, 0.4)
    assert len(more.orders) > len(data.orders) + 30
    assert len(more.refunds) > len(data.refunds) + 30
    return more


def assert_same_until(day_of: dict[str, date], before: Project, after: Project) -> None:
    """Assert that the rows of customers until their day are the same, and some later ones not."""
    old, new = history_by_customer(before), history_by_customer(after)
    compared = changed = 0
    for (customer_id, day), row in old.items():
        if (customer_id, day) not in new:
            assert day == AS_OF  # the last day of the one run is no month end of the other
        elif day <= day_of[customer_id]:
            compared += 1
            assert new[customer_id, day] == row
        else:
            changed += new[customer_id, day] != row
    assert compared > 50
    assert changed > 20
    assert {key for key in new if key[1] <= day_of[key[0]]} <= set(old)
