"""Runs that follow one another leave what one full refresh makes, whatever changes between them."""

import csv
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from conftest import Project, copy_project, is_same
from raw_data import (
    COUNTRIES,
    MISSING,
    Customer,
    Order,
    RawData,
    invent,
    invent_engagement,
    invent_items,
    invent_orders,
    invent_refunds,
)

pytestmark = pytest.mark.slow

MARTS = ("customer_tier_history", "customer_tiers", "customer_tier_changes", "customers")
FIRST_DAY = date(2023, 6, 1)
HISTORY_MONTHS = 5
Change = Callable[[Random, RawData, date, date], None]


def some(random: Random, rows: list, most: int = 3) -> list[int]:  # type: ignore[type-arg]
    """Return the places of a few rows."""
    return sorted(random.sample(range(len(rows)), min(len(rows), random.randint(1, most))))


def new_facts(random: Random, data: RawData, since: date, day: date) -> None:
    """Add what happens between two runs, and some that a source dates later than the run."""
    begin = since + timedelta(days=1)
    last = day + timedelta(days=random.choice((0, 0, 20)))
    for place in some(random, data.customers, 12):
        customer = data.customers[place].customer_id
        data.orders += invent_orders(random, f"n{day}", customer, begin, last)
        invent_engagement(random, data, customer, begin, last)
    data.refunds += invent_refunds(random, data.orders[-20:], begin, day)


def new_customers(random: Random, data: RawData, since: date, day: date) -> None:
    """Add some who are new, and some who come with a past."""
    for number in range(random.randint(1, 2)):
        registered = random.choice((day, FIRST_DAY + timedelta(days=random.randint(0, 500)), None))
        customer = Customer(f"x{day}_{number}", registered, random.choice(COUNTRIES))
        data.customers.append(customer)
        orders = invent_orders(random, "x", customer.customer_id, registered or since, day)
        data.orders += orders
        data.items += invent_items(random, orders)


def late_orders(random: Random, data: RawData, since: date, day: date) -> None:
    """Of the last days or of any time."""
    for number, place in enumerate(some(random, data.customers)):
        then = since - timedelta(days=random.choice((0, 3, 20, 70, 400)))
        amount = Decimal(random.choice((0, 90, 60_000, -20)))
        customer = data.customers[place].customer_id
        data.orders.append(Order(f"late{day}_{number}", customer, then, amount=amount))


def late_refunds(random: Random, data: RawData, since: date, day: date) -> None:
    data.refunds += [
        it._replace(refund_id=f"late{day}_{it.refund_id}")
        for it in invent_refunds(random, data.orders, FIRST_DAY, day, share=0.02)
    ]


def late_engagement(random: Random, data: RawData, since: date, day: date) -> None:
    for place in some(random, data.customers):
        begin = since - timedelta(days=random.choice((10, 60, 300)))
        customer = data.customers[place].customer_id
        own = RawData()
        invent_engagement(random, own, customer, begin, day)
        data.events += [it._replace(event_id=f"l{day}{it.event_id}") for it in own.events]
        data.feedback += [it._replace(feedback_id=f"l{day}{it.feedback_id}") for it in own.feedback]
        data.interactions += [
            it._replace(interaction_id=f"l{day}{it.interaction_id}") for it in own.interactions
        ]


def changed_orders(random: Random, data: RawData, since: date, day: date) -> None:
    """Another amount, status, currency, day, or customer; one currency has no rate."""
    for place in some(random, data.orders, 5):
        order = data.orders[place]
        changes: list[dict[str, object]] = [
            {"amount": order.amount + 1000},
            {"status": random.choice(("completed", "cancelled", "pending"))},
            {"currency": random.choice(("CNY", "USD", "XXX"))},
            {"day": order.day - timedelta(days=random.randint(1, 60))},
            {"customer_id": random.choice(data.customers).customer_id},
        ]
        data.orders[place] = order._replace(**random.choice(changes))  # type: ignore[arg-type]


def gone_rows(random: Random, data: RawData, since: date, day: date) -> None:
    for rows in (data.orders, data.refunds, data.events, data.feedback, data.items):
        for place in reversed(some(random, rows)):
            del rows[place]


def repeated_rows(random: Random, data: RawData, since: date, day: date) -> None:
    """Equal rows, and others with the same key."""
    for place in some(random, data.orders):
        data.orders.append(data.orders[place])
    for place in some(random, data.orders, 1):
        data.orders.append(data.orders[place]._replace(amount=Decimal(1)))
    for place in some(random, data.refunds):
        data.refunds.append(data.refunds[place])


def repeats_that_go(random: Random, data: RawData, since: date, day: date) -> None:
    data.orders = list({it.order_id: it for it in data.orders}.values())
    data.refunds = list({it.refund_id: it for it in data.refunds}.values())


def links_made(random: Random, data: RawData, since: date, day: date) -> None:
    """Two or three records have one e-mail address by now."""
    for place in random.sample(range(len(data.customers)), random.randint(2, 3)):
        data.customers[place] = data.customers[place]._replace(email=f"one{day}@example.org")


def links_undone(random: Random, data: RawData, since: date, day: date) -> None:
    linked = [place for place, it in enumerate(data.customers) if it.email]
    for place in linked[: random.randint(1, 2)]:
        data.customers[place] = data.customers[place]._replace(email=None)


def changed_profiles(random: Random, data: RawData, since: date, day: date) -> None:
    """Another market, registration, or end."""
    for place in some(random, data.customers):
        changes: list[dict[str, object]] = [
            {"country": random.choice(COUNTRIES)},
            {"registered": FIRST_DAY + timedelta(days=random.randint(0, 700))},
            {"registered": None},
            {"deleted_at": random.choice((None, "2025-01-05 08:00:00"))},
        ]
        customer = data.customers[place]
        data.customers[place] = customer._replace(**random.choice(changes))  # type: ignore[arg-type]


def erasures(random: Random, data: RawData, since: date, day: date) -> None:
    data.erased.append(random.choice(data.customers).customer_id)


CHANGES: tuple[Change, ...] = (
    new_customers,
    late_orders,
    late_refunds,
    late_engagement,
    changed_orders,
    gone_rows,
    repeated_rows,
    repeats_that_go,
    links_made,
    links_undone,
    changed_profiles,
    erasures,
)


def changed_rate(random: Random, project: Project) -> None:
    """Give one day another rate."""
    path = project.seed("exchange_rates")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    row = random.choice([it for it in rows if it["currency"] in ("USD", "EUR")])
    row["rate"] = str(Decimal(row["rate"]) * Decimal("1.1"))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def check(folder: Path, seed: int, runs: int, **variables: object) -> None:
    """Compare the marts of a sequence of runs with those of one full refresh at its end.

    Between them everything changes that can, each in one place of the sequence.
    """
    random = Random(seed)
    days = [date(2024, 9, 1) + timedelta(days=random.randint(0, 200))]
    for _ in range(runs - 1):
        days.append(days[-1] + timedelta(days=random.choice((0, 1, 9, 30, 75))))
    data = invent(seed, FIRST_DAY, days[0])
    given = variables | {"raw_path": str(folder / "raw"), "missing_sources": MISSING}
    project = copy_project(folder, given)
    select = tuple(f"+{mart}" for mart in MARTS)

    def make(day: date, months: int, *options: str) -> None:
        settings = {"as_of_date": day, "history_months": months}
        without = ("--exclude-resource-type", "test", "unit_test")
        project.dbt("build", *options, "--select", *select, *without, variables=settings)

    data.write(folder / "raw")
    make(days[0], HISTORY_MONTHS)
    told = []
    changes = random.sample(CHANGES, len(CHANGES))
    for number, (since, day) in enumerate(pairwise(days)):
        new_facts(random, data, since, day)
        for change in changes[number :: runs - 1]:
            change(random, data, since, day)
            told.append(f"{day} {change.__name__}")
        if number == 0:
            changed_rate(random, project)
        data.write(folder / "raw")
        make(day, HISTORY_MONTHS)
        assert "edited in place" not in project.output
    sequence = {mart: project.rows(f"marts.{mart}") for mart in MARTS}
    fingerprints = "intermediate.int_customer_fingerprints_of_history"
    living = [(row[0],) for row in sequence["customers"]]
    assert project.query(f"select customer_id from {fingerprints} order by 1") == living
    passed = (days[-1].year - days[0].year) * 12 + days[-1].month - days[0].month
    make(days[-1], HISTORY_MONTHS + passed, "--full-refresh")
    for mart in MARTS:
        refreshed = project.rows(f"marts.{mart}")
        assert refreshed
        assert len(sequence[mart]) == len(refreshed), (mart, days, told)
        for row, other in zip(sequence[mart], refreshed, strict=True):
            assert is_same(row, other), (mart, days, told)


def test_daily_runs_are_one_full_refresh(tmp_path: Path) -> None:
    check(tmp_path, 3, 3)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(40))
def test_many_daily_runs_are_one_full_refresh(tmp_path: Path, seed: int) -> None:
    check(tmp_path, seed, 4)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_daily_runs_with_quantiles_are_one_full_refresh(tmp_path: Path, seed: int) -> None:
    check(tmp_path, seed, 4, rfm_method="quantile")
