"""A retailer of our making: invoice lines as a British shop exports them, and the sums of a clerk.

Cancellations are invoices below zero (``C...``), most of them naming the invoice that they take
back. Some customers pay in EUR; some buy as guests; sweets are sold by weight.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from random import Random
from typing import NamedTuple

from raw_data import write_csv

FIRST_DAY, LAST_DAY = date(2009, 12, 1), date(2011, 12, 9)
CENT = Decimal("0.01")
COUNTRIES = ("GB",) * 7 + ("IE", "FR", "DE", "AU")
PRODUCTS = {
    "85123A": ("kitchen", Decimal("2.55")),
    "22423": ("kitchen", Decimal("12.75")),
    "47566": ("kitchen", Decimal("4.95")),
    "SW01": ("sweets", Decimal("8.99")),
    "SW02": ("sweets", Decimal("11.30")),
    "POST": ("carriage", Decimal("3.95")),
}
SOLD_BY_WEIGHT = ("SW01", "SW02")
EUR_RATES = (
    (date(2009, 1, 1), Decimal("0.887250")),
    (date(2010, 7, 1), Decimal("0.846315")),
    (date(2011, 1, 1), Decimal("0.867845")),
)
"""Of cases/retail_gb/seeds/exchange_rates.csv."""


ORDER_COLUMNS = (
    "order_id",
    "customer_id",
    "email",
    "original_order_id",
    "ordered_at",
    "status",
    "currency",
    "amount",
)


class Line(NamedTuple):
    """A line of an invoice."""

    stock_code: str
    quantity: Decimal
    price: Decimal

    @property
    def amount(self) -> Decimal:
        """Rounded as tills do."""
        return (self.quantity * self.price).quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Invoice:
    """An invoice in local time; ``cancels`` is the number of another."""

    number: str
    customer_id: str
    at: datetime
    currency: str
    lines: tuple[Line, ...]
    cancels: str = ""
    email: str = ""
    status: str = "Invoice"

    @property
    def amount(self) -> Decimal:
        """Sum of the lines."""
        return sum((line.amount for line in self.lines), Decimal(0))


@dataclass(frozen=True)
class Shop:
    """The customers, by their country, and their invoices in the order of time."""

    countries: dict[str, str]
    invoices: tuple[Invoice, ...]


class Account(NamedTuple):
    """What a customer is worth in GBP, lifetime and in the last 12 months, and the orders."""

    lifetime: Decimal
    last_year: Decimal
    orders: int
    orders_last_year: int


def email(customer_id: str) -> str:
    return f"buyer{customer_id}@shop{customer_id}.co.uk"


def invent_shop(seed: int = 15, customers: int = 90) -> Shop:
    """Invent a shop; the same seed gives the same."""
    random = Random(seed)
    countries = {str(12346 + number): random.choice(COUNTRIES) for number in range(customers)}
    sold: list[Invoice] = []
    for customer_id, country in countries.items():
        currency = "EUR" if country in ("IE", "FR", "DE") else "GBP"
        for _ in range(int(random.paretovariate(0.8)) % 24):
            lines = tuple(_line(random) for _ in range(random.randint(1, 4)))
            number = f"{489434 + len(sold)}"
            sold.append(Invoice(number, customer_id, _moment(random), currency, lines))
    invoices = list(sold)
    for invoice in random.sample(sold, len(sold) // 12):
        taken = tuple(line._replace(quantity=-line.quantity) for line in invoice.lines)
        invoices.append(
            Invoice(
                f"C{invoice.number}",
                invoice.customer_id,
                min(invoice.at + timedelta(days=random.randint(0, 60)), _last_moment()),
                invoice.currency,
                taken[: random.randint(1, len(taken))],
                cancels=invoice.number if random.random() < 0.7 else "",
            )
        )
    for place, guest in enumerate(random.sample(sold, 20)):
        # of the guests some leave an address that a customer has, some none, some one of nobody
        address = (email(guest.customer_id).upper(), "", "nobody@nowhere.co.uk")[place % 3]
        invoices.append(
            Invoice(f"G{place}", "", _moment(random), "GBP", guest.lines, email=address)
        )
    for place, invoice in enumerate(random.sample(sold, 12)):
        invoices.append(
            Invoice(
                f"Q{place}",
                invoice.customer_id,
                _moment(random),
                "GBP",
                invoice.lines,
                status="QUOTE",
            )
        )
    free = Line("22423", Decimal(1), Decimal("0.00"))
    invoices.append(Invoice("F1", sold[0].customer_id, _moment(random), "GBP", (free,)))
    return Shop(countries, tuple(sorted(invoices, key=lambda it: (it.at, it.number))))


def _line(random: Random) -> Line:
    stock_code = random.choice(list(PRODUCTS))
    if stock_code in SOLD_BY_WEIGHT:
        return Line(stock_code, Decimal(random.randint(1, 4000)) / 1000, PRODUCTS[stock_code][1])
    quantity = Decimal(random.choice((1, 2, 6, 12, 24, 144)))
    return Line(stock_code, quantity, PRODUCTS[stock_code][1])


def _moment(random: Random) -> datetime:
    """Return a minute of a day in the shop: many just before and after midnight."""
    day = FIRST_DAY + timedelta(days=random.randrange((LAST_DAY - FIRST_DAY).days))
    minute = random.choice((0, 29, 1410, 1439, random.randrange(1440)))
    return datetime(day.year, day.month, day.day) + timedelta(minutes=minute)


def _last_moment() -> datetime:
    return datetime(LAST_DAY.year, LAST_DAY.month, LAST_DAY.day, 23, 59)


def write_shop(shop: Shop, folder: Path) -> None:
    """Write the raw tables that a clerk makes of it: identifiers are numbers of a spreadsheet."""
    write_csv(
        folder / "customers.csv",
        ("customer_id", "email", "customer_type", "country", "city", "region"),
        (
            (it, email(it), "person", country, "London" if country == "GB" else None, None)
            for it, country in shop.countries.items()
        ),
    )
    write_csv(
        folder / "orders.csv",
        ORDER_COLUMNS,
        (
            (
                it.number,
                f"{it.customer_id}.0" if it.customer_id else "",
                it.email,
                it.cancels,
                f"{it.at:%Y/%m/%d %H:%M}",
                it.status,
                it.currency,
                it.amount,
            )
            for it in shop.invoices
        ),
    )
    write_csv(
        folder / "order_items.csv",
        ("order_item_id", "order_id", "product_id", "quantity", "unit_price"),
        (
            (
                f"{it.number}-{place}",
                it.number,
                line.stock_code,
                str(line.quantity),
                str(line.price),
            )
            for it in shop.invoices
            for place, line in enumerate(it.lines)
        ),
    )
    write_csv(
        folder / "products.csv",
        ("product_id", "product_name", "category", "list_price"),
        ((code, code, category, price) for code, (category, price) in PRODUCTS.items()),
    )


def in_pounds(invoice: Invoice, day: date) -> Decimal:
    """Return the amount at the rate of a day."""
    if invoice.currency == "GBP":
        return invoice.amount
    rate = max((begun, rate) for begun, rate in EUR_RATES if begun <= day)[1]
    return (invoice.amount * rate).quantize(CENT, ROUND_HALF_UP)


def accounts(shop: Shop) -> dict[str, Account]:
    """Add up by customer; a cancellation counts on the day of the invoice that it names."""
    by_number = {it.number: it for it in shop.invoices}
    by_email = {email(it): it for it in shop.countries}
    moves: defaultdict[str, list[tuple[date, Decimal, int]]] = defaultdict(list)
    for invoice in sales(shop.invoices):
        customer_id = invoice.customer_id or by_email.get(invoice.email.lower(), "")
        day = by_number.get(invoice.cancels, invoice).at.date()
        is_order = invoice.amount > 0
        moves[customer_id].append((day, in_pounds(invoice, day), int(is_order)))
    begin = date(LAST_DAY.year - 1, LAST_DAY.month, LAST_DAY.day)
    found = {}
    for customer_id in shop.countries:
        own = moves[customer_id]
        late = [it for it in own if it[0] > begin]
        found[customer_id] = Account(
            sum((money for _, money, _ in own), Decimal(0)),
            sum((money for _, money, _ in late), Decimal(0)),
            sum(order for _, _, order in own),
            sum(order for _, _, order in late),
        )
    return found


def sales(invoices: Iterable[Invoice]) -> Sequence[Invoice]:
    """Return the invoices that are money: no quotes, nothing free."""
    return [it for it in invoices if it.status == "Invoice" and it.amount != 0]


def tier(account: Account, country: str) -> str:
    """Return the tier by the rules of cases/retail_gb/seeds/tier_rules.csv."""
    revenue, orders = account.last_year, account.orders_last_year
    if account.orders < 1:
        return "prospect"
    if country in ("FR", "DE"):
        return "gold" if revenue >= 600 else "bronze"
    if orders >= 5 and revenue >= Decimal("1250.50"):
        return "gold"
    return "silver" if revenue >= 480 or orders >= 5 else "bronze"
