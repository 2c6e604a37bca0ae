"""Small raw data: a few customers with what they buy, return, look at and say, from a seed."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import NamedTuple

OPTIONAL_TABLES = (
    "order_items",
    "refunds",
    "products",
    "web_events",
    "interactions",
    "feedback",
    "campaign_contacts",
    "consents",
    "erasure_requests",
)
BUSINESS_HOURS_FROM_UTC = 8
ENGAGEMENT = ("web_events", "interactions", "feedback")
TABLES = (
    "customers",
    "orders",
    "order_items",
    "refunds",
    "products",
    *ENGAGEMENT,
    "erasure_requests",
)
PRODUCT = "p1"
MISSING = [table for table in OPTIONAL_TABLES if table not in TABLES]
COUNTRIES = ("CN", "CN", "CN", "US", "DE", "FR")
CURRENCIES = ("CNY", "CNY", "CNY", "USD", "EUR")
Cell = str | int | Decimal | date | datetime | None
EVENT_TYPES = ("view", "view", "view", "search", "cart", "wishlist", "checkout")
INTERACTION_TYPES = ("inquiry", "call", "visit", "support", "complaint", "social")
SCORES = {"csat": (1, 5), "nps": (0, 10), "review": (1, 5)}
STATUSES = ("completed",) * 8 + ("paid", "shipped", "pending", "cancelled")


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write a raw table as CSV; ``None`` is an empty cell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


class Customer(NamedTuple):
    """A customer record; ``registered`` is a day in the business timezone."""

    customer_id: str
    registered: date | None
    country: str = "CN"
    email: str | None = None
    deleted_at: str | None = None
    parent_id: str | None = None
    owner_id: str | None = None


class Order(NamedTuple):
    """An order; ``day`` and ``minute`` are in the business timezone."""

    order_id: str
    customer_id: str
    day: date
    minute: int = 720
    amount: Decimal = Decimal(100)
    currency: str = "CNY"
    status: str = "completed"


class Refund(NamedTuple):
    """A refund, in the currency of its order."""

    refund_id: str
    order_id: str
    day: date
    amount: Decimal


class Item(NamedTuple):
    """A line of an order, which has no day of its own; the cost is in the order's currency."""

    order_item_id: str
    order_id: str
    quantity: int
    unit_cost: Decimal | None


class Event(NamedTuple):
    """A web event; ``day`` and ``minute`` are in the business timezone."""

    event_id: str
    customer_id: str
    event_type: str
    day: date
    minute: int = 720


class Interaction(NamedTuple):
    """An interaction; ``day`` and ``minute`` are in the business timezone."""

    interaction_id: str
    customer_id: str
    interaction_type: str
    day: date
    minute: int = 720


class Feedback(NamedTuple):
    """An answer; ``day`` and ``minute`` are in the business timezone."""

    feedback_id: str
    customer_id: str
    feedback_type: str
    score: int
    day: date
    minute: int = 720


def utc(day: date, minute: int = 720) -> datetime:
    """Return the UTC time of a minute of a business day."""
    local = datetime.combine(day, time()) + timedelta(minutes=minute)
    return local - timedelta(hours=BUSINESS_HOURS_FROM_UTC)


@dataclass(repr=False)  # hypothesis would print every row
class RawData:
    """The raw tables, without the columns that these tests have no use for."""

    customers: list[Customer] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    interactions: list[Interaction] = field(default_factory=list)
    feedback: list[Feedback] = field(default_factory=list)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(getattr(self, it.name))} {it.name}" for it in fields(self))
        return f"RawData({sizes})"

    def copy(self) -> "RawData":
        """Return data that can be changed alone."""
        return RawData(**{table.name: [*getattr(self, table.name)] for table in fields(self)})

    def write(self, folder: Path, tables: Sequence[str] = TABLES) -> Path:
        """Write one CSV per table."""
        contents: dict[str, tuple[Sequence[str], Iterable[Sequence[Cell]]]] = {
            "customers": (
                (
                    "customer_id",
                    "registered_at",
                    "country",
                    "email",
                    "deleted_at",
                    "parent_customer_id",
                    "owner_id",
                ),
                (
                    (customer, registered and utc(registered), *rest)
                    for customer, registered, *rest in self.customers
                ),
            ),
            "orders": (
                ("order_id", "customer_id", "ordered_at", "status", "currency", "amount"),
                (
                    (order, customer, utc(day, minute), status, currency, amount)
                    for order, customer, day, minute, amount, currency, status in self.orders
                ),
            ),
            "refunds": (
                ("refund_id", "order_id", "refunded_at", "amount"),
                ((refund, order, utc(day), amount) for refund, order, day, amount in self.refunds),
            ),
            "order_items": (
                ("order_item_id", "order_id", "product_id", "quantity", "unit_price", "unit_cost"),
                (
                    (item, order, PRODUCT, quantity, 100, unit_cost)
                    for item, order, quantity, unit_cost in self.items
                ),
            ),
            "products": (("product_id", "product_name"), [(PRODUCT, "Telephone")]),
            "web_events": (
                ("event_id", "customer_id", "event_type", "occurred_at"),
                ((*it[:3], utc(*it[3:])) for it in self.events),
            ),
            "interactions": (
                ("interaction_id", "customer_id", "interaction_type", "started_at"),
                ((*it[:3], utc(*it[3:])) for it in self.interactions),
            ),
            "feedback": (
                ("feedback_id", "customer_id", "feedback_type", "score", "submitted_at"),
                ((*it[:4], utc(*it[4:])) for it in self.feedback),
            ),
            "erasure_requests": (
                ("customer_id", "requested_at"),
                ((customer, "2025-01-01 00:00:00") for customer in self.erased),
            ),
        }
        for table in tables:
            write_csv(folder / f"{table}.csv", *contents[table])
        return folder


def days_between(first: date, last: date) -> int:
    """Return the number of days from one day to another."""
    return (last - first).days


def invent_orders(
    random: Random, prefix: str, customer_id: str, first: date, last: date
) -> list[Order]:
    """Invent the orders of a customer: none, few, or one and more a month."""
    span = max(days_between(first, last), 0)
    a_year = random.choice((0, 1, 3, 8, 14, 26))
    size = random.choice((150, 2_000, 9_000, 14_000))
    count = sum(random.random() < a_year / 365 for _ in range(span))
    return [
        Order(
            f"{prefix}{customer_id}_{number}",
            customer_id,
            first + timedelta(days=random.randint(0, span)),
            random.randrange(24 * 60),
            Decimal(random.randint(0, size * 200)) / 100,
            random.choice(CURRENCIES),
            random.choice(STATUSES),
        )
        for number in range(count)
    ]


def invent_refunds(
    random: Random, orders: Iterable[Order], first: date, last: date, share: float = 0.15
) -> list[Refund]:
    """Invent refunds of some orders, dated in a period and not before the order."""
    return [
        Refund(
            f"r_{order.order_id}_{first}",
            order.order_id,
            begin + timedelta(days=random.randint(0, min(days_between(begin, last), 150))),
            (order.amount * random.randint(1, 100) / 100).quantize(Decimal("0.01")),
        )
        for order in orders
        if random.random() < share and (begin := max(first, order.day)) <= last
    ]


def invent_items(random: Random, orders: Iterable[Order]) -> list[Item]:
    """Invent lines of most orders; of some orders a line has no cost."""
    return [
        Item(
            f"i_{order.order_id}_{line}",
            order.order_id,
            random.randint(1, 3),
            Decimal(random.randint(0, 500_000)) / 100 if random.random() < 0.93 else None,
        )
        for order in orders
        if random.random() < 0.7
        for line in range(random.randint(1, 2))
    ]


def invent_engagement(
    random: Random, data: RawData, customer_id: str, first: date, last: date
) -> None:
    """Add what a customer looks at, asks and says between two days: nothing, or some a year."""
    span = max(days_between(first, last), 0)

    def moments(a_year: float) -> list[tuple[str, date, int]]:
        count = sum(random.random() < a_year / 365 for _ in range(span))
        return [
            (
                f"{customer_id}_{first}_{number}",
                first + timedelta(days=random.randint(0, span)),
                random.randrange(24 * 60),
            )
            for number in range(count)
        ]

    level = random.choice((0, 0.5, 1, 3))
    for key, day, minute in moments(12 * level):
        kind = random.choice(EVENT_TYPES)
        data.events.append(Event(f"e_{key}", customer_id, kind, day, minute))
    for key, day, minute in moments(4 * level):
        kind = random.choice(INTERACTION_TYPES)
        data.interactions.append(Interaction(f"t_{key}", customer_id, kind, day, minute))
    for key, day, minute in moments(2 * level):
        kind, scale = random.choice(list(SCORES.items()))
        score = random.randint(*scale)
        data.feedback.append(Feedback(f"f_{key}", customer_id, kind, score, day, minute))


def invent(seed: int, first: date, last: date, customers: int = 30) -> RawData:
    """Invent customers who register, order and engage between two days."""
    random, engaging = Random(seed), Random(seed + 1)
    data = RawData()
    for number in range(customers):
        span = days_between(first, last)
        registered = first + timedelta(days=random.randint(-span // 2, span))
        customer = Customer(
            f"c{number:03}",
            random.choice((registered, registered, registered, None)),
            random.choice(COUNTRIES),
        )
        data.customers.append(customer)
        begin = max(first, registered - timedelta(days=random.choice((0, 0, 40))))
        data.orders += invent_orders(random, "o", customer.customer_id, begin, last)
        invent_engagement(engaging, data, customer.customer_id, begin, last)
    data.items = invent_items(engaging, data.orders)
    data.refunds = invent_refunds(random, data.orders, first, last)
    return data
