"""Orders, their items and their refunds."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from strata.demo import geography
from strata.demo.arrays import Bools, Floats, Generator, Ints, draw, ids, moments, money, pick
from strata.demo.campaigns import Contacts
from strata.demo.catalogue import BULK, CATEGORIES, Catalogue
from strata.demo.customers import Records
from strata.demo.population import (
    ARCHETYPES,
    CHANNEL_WEIGHTS,
    CHANNELS,
    PREFERRED_HOUR_SHARE,
    PROSPECT,
    RETURNER,
    Population,
)
from strata.demo.schema import SCHEMAS
from strata.demo.timeline import (
    AS_OF_MINUTE,
    DAYS,
    MINUTES_PER_DAY,
    at_hours,
    draw_hours,
    to_days,
    utc_minutes,
)

STATUSES: Final = ("pending", "paid", "shipped", "completed", "cancelled")
PENDING, PAID, SHIPPED, COMPLETED, CANCELLED = range(5)
CANCELLED_SHARE: Final = 0.042
PENDING_SHARE: Final = 0.006
"""Orders that stay pending for ever; recent ones are pending more often."""
RECENT_STATUS_WEIGHTS: Final = (0.18, 0.40, 0.30, 0.12, 0.0)
RECENT_DAYS: Final = 5
LARGEST_FIRST_ORDER_SHARE: Final = 0.4
"""Every buyer has a first order, unless so few orders are wanted that these would prevail."""
SECOND_RECORD_SHARE: Final = 0.5
"""Share of the orders under a later record of a person, once it exists."""
PREFERRED_CHANNEL_SHARE: Final = 0.6
ITEM_COUNT_WEIGHTS: Final = (0.70, 0.21, 0.07, 0.02)
BULK_ITEM_COUNT_WEIGHTS: Final = (0.45, 0.30, 0.17, 0.08)
BULK_QUANTITY: Final = (0.12, 0.6)
"""Mean and standard deviation of the logarithm of the quantity that businesses buy."""
BULK_LARGEST_QUANTITY: Final = 40
SMALL_ITEM_QUANTITY_WEIGHTS: Final = (0.80, 0.13, 0.05, 0.02)
SMALL_ITEM_CATEGORIES: Final = ("accessories", "consumables")
DISCOUNTS: Final = (0.0, 0.05, 0.10, 0.15, 0.20)
USUAL_DISCOUNT_WEIGHTS: Final = (0.80, 0.07, 0.07, 0.04, 0.02)
FESTIVAL_DISCOUNT_WEIGHTS: Final = (0.35, 0.10, 0.20, 0.20, 0.15)
BULK_DISCOUNT_WEIGHTS: Final = (0.30, 0.30, 0.30, 0.08, 0.02)
FESTIVAL_DAYS: Final = ((11, 1, 12), (6, 1, 18))
"""Month, first and last day of the two sales festivals of a year."""
BLANK_ITEM_COST_SHARE: Final = 0.02
SHIPPING_CENTS: Final = (0, 1000, 1500, 2500)
SHIPPING_WEIGHTS: Final = (0.70, 0.15, 0.10, 0.05)
LATE_UPDATE_SHARE: Final = 0.006
LATE_UPDATE_DAYS: Final = (20.0, 75.0)

REFUND_SHARE: Final = 0.043
FULL_REFUND_SHARE: Final = 0.55
PARTIAL_REFUND_RANGE: Final = (0.1, 0.8)
REFUND_DAYS: Final = (3.0, 40.0)
LATE_REFUND_SHARE: Final = 0.06
LATE_REFUND_DAYS: Final = (90.0, 240.0)
REFUND_REASONS: Final = ("defective", "changed_mind", "late_delivery", "wrong_item")
REFUND_REASON_WEIGHTS: Final = (0.34, 0.36, 0.12, 0.18)


@dataclass(frozen=True)
class Orders:
    """Orders of one chunk in the order of their ids; shape (orders,) each, money in cents."""

    entity: Ints
    record: Ints
    day: Floats
    minute: Ints
    status: Ints
    channel: Ints
    order_id: pa.Array

    def __len__(self) -> int:
        return len(self.entity)

    def is_sale(self) -> Bools:
        """Tell which orders are paid, shipped or completed."""
        sale: Bools = (self.status != PENDING) & (self.status != CANCELLED)
        return sale


@dataclass(frozen=True)
class Items:
    """Items of one chunk; ``order`` is the row of the order, money is in cents."""

    order: Ints
    product: Ints
    quantity: Ints
    unit_price: Ints
    discount: Ints
    unit_cost: Ints
    cost_unknown: Bools

    def order_sums(self, orders: int) -> tuple[Ints, Ints]:
        """Return net amount and discount of each order, in cents."""
        net = self.quantity * self.unit_price - self.discount
        sums = [np.bincount(self.order, weights, orders) for weights in (net, self.discount)]
        return np.rint(sums[0]).astype(np.int64), np.rint(sums[1]).astype(np.int64)


def make_orders(
    rng: Generator,
    population: Population,
    records: Records,
    contacts: Contacts,
    *,
    orders_wanted: float,
    first_number: int,
) -> Orders:
    """Draw the orders of a chunk, about ``orders_wanted`` of them, sorted by time."""
    entity, days = _purchases(rng, population, orders_wanted)
    more_entity, more_days = contacts.extra_orders(rng, records)
    scale = min(1.0, orders_wanted / max(len(records), 1))
    keeps = (population.weight[more_entity] > 0) & (rng.random(len(more_entity)) < scale)
    entity = np.concatenate([entity, more_entity[keeps]])
    days = np.concatenate([days, more_days[keeps]])
    minute = _minutes(rng, population, entity, days)
    by_time = np.lexsort((entity, minute))
    entity, days, minute = entity[by_time], days[by_time], minute[by_time]
    size = len(entity)
    usual = rng.random(size) < PREFERRED_CHANNEL_SHARE
    return Orders(
        entity=entity,
        record=_choose_records(rng, records, entity, minute, len(population)),
        day=days,
        minute=minute,
        status=_statuses(rng, minute),
        channel=np.where(usual, population.channel[entity], draw(rng, CHANNEL_WEIGHTS, size)),
        order_id=ids("orders", first_number + np.arange(size)),
    )


def _purchases(rng: Generator, population: Population, orders_wanted: float) -> tuple[Ints, Floats]:
    """Draw how often each entity buys, and the days; those who paused come back at least once."""
    size = len(population)
    share = min(orders_wanted * LARGEST_FIRST_ORDER_SHARE / size, 1.0)
    firsts = (population.archetype != PROSPECT) & (rng.random(size) < share)
    left = max(orders_wanted - firsts.sum(), 0.0)
    weight = population.weight / max(population.weight.sum(), 1e-9)
    counts = firsts + rng.poisson(weight * left)
    entity = np.repeat(np.arange(len(population)), counts)
    rank = np.arange(len(entity)) - np.repeat(np.cumsum(counts) - counts, counts)
    uniform = rng.random(len(entity))
    regular = np.asarray([entry.regular for entry in ARCHETYPES])[population.archetype[entity]]
    position = np.where(regular, (rank + uniform) / counts[entity], uniform)
    ramp = np.asarray([entry.ramp for entry in ARCHETYPES])[population.archetype[entity]]
    season = population.season_at(entity, position ** (1 / ramp))
    returns = (population.archetype[entity] == RETURNER) & (rank > 0) & (rank == counts[entity] - 1)
    back_from = (population.gap_from + population.gap_length)[entity]
    season = np.where(
        returns, back_from + uniform * (population.alive_to[entity] - back_from), season
    )
    return entity, np.minimum(to_days(season), DAYS - 1e-6)


def _minutes(rng: Generator, population: Population, entity: Ints, days: Floats) -> Ints:
    """Place each order at an hour of its day; the day is the one of the business timezone."""
    usual = rng.random(len(entity)) < PREFERRED_HOUR_SHARE
    hours = np.where(usual, population.hour[entity], draw_hours(rng, len(entity)))
    ahead = np.asarray(geography.HOURS_AHEAD)[population.country[entity]]
    return at_hours(rng, days, (hours + ahead) % 24)


def _choose_records(
    rng: Generator, records: Records, entity: Ints, minute: Ints, entities: int
) -> Ints:
    """Put some orders of a person under a later record that exists already."""
    record = records.first_record[entity]
    for rank in (1, 2):
        later = records.row_of(rank, entities)[entity]
        exists = (later >= 0) & (records.registered_minute[later] <= minute)
        record = np.where(exists & (rng.random(len(entity)) < SECOND_RECORD_SHARE), later, record)
    return record


def _statuses(rng: Generator, minute: Ints) -> Ints:
    size = len(minute)
    status = np.full(size, COMPLETED)
    status[rng.random(size) < PENDING_SHARE] = PENDING
    recent = minute > AS_OF_MINUTE - RECENT_DAYS * MINUTES_PER_DAY
    status = np.where(recent, draw(rng, RECENT_STATUS_WEIGHTS, size), status)
    status[rng.random(size) < CANCELLED_SHARE] = CANCELLED
    return status


def make_items(
    rng: Generator, population: Population, catalogue: Catalogue, orders: Orders
) -> Items:
    """Draw the baskets of the orders: a first product by taste, then companions of it."""
    profile = population.profile[orders.entity]
    bulk = profile == BULK
    counts = 1 + np.where(
        bulk,
        draw(rng, BULK_ITEM_COUNT_WEIGHTS, len(orders)),
        draw(rng, ITEM_COUNT_WEIGHTS, len(orders)),
    )
    first = catalogue.draw_products(rng, profile, population.favourite[orders.entity], orders.day)
    order = np.repeat(np.arange(len(orders)), counts)
    starts = np.cumsum(counts) - counts
    is_first = np.zeros(len(order), dtype=bool)
    is_first[starts] = True
    product = first[order]
    others = ~is_first
    product[others] = catalogue.draw_companions(rng, product[others], orders.day[order[others]])
    quantity = _quantities(
        rng, catalogue, product, bulk[order], population.bulk_factor[orders.entity[order]]
    )
    currency = np.asarray(geography.COUNTRY_CURRENCY)[population.country[orders.entity[order]]]
    unit_price = catalogue.price[currency, product]
    share = _discount_shares(rng, orders.day[order], bulk[order])
    unknown = catalogue.without_cost[product] | (rng.random(len(order)) < BLANK_ITEM_COST_SHARE)
    return Items(
        order=order,
        product=product,
        quantity=quantity,
        unit_price=unit_price,
        discount=np.rint(quantity * unit_price * share).astype(np.int64),
        unit_cost=catalogue.cost[currency, product],
        cost_unknown=unknown,
    )


def _quantities(
    rng: Generator, catalogue: Catalogue, product: Ints, bulk: Bools, factor: Floats
) -> Ints:
    """Draw quantities; businesses buy several of everything, each on its own scale."""
    size = len(product)
    names = [entry.name for entry in CATEGORIES]
    small = np.isin(catalogue.category[product], [names.index(it) for it in SMALL_ITEM_CATEGORIES])
    usual = np.where(small, 1 + draw(rng, SMALL_ITEM_QUANTITY_WEIGHTS, size), 1)
    large = np.rint(rng.lognormal(*BULK_QUANTITY, size) * factor)
    large = np.clip(large, 1, BULK_LARGEST_QUANTITY)
    return np.where(bulk, large.astype(np.int64), usual)


def _discount_shares(rng: Generator, day: Floats, bulk: Bools) -> Floats:
    """Draw the share of each item's price that is deducted."""
    size = len(day)
    codes = np.where(
        _festival_days()[np.floor(day).astype(np.int64)],
        draw(rng, FESTIVAL_DISCOUNT_WEIGHTS, size),
        draw(rng, USUAL_DISCOUNT_WEIGHTS, size),
    )
    codes = np.where(bulk, draw(rng, BULK_DISCOUNT_WEIGHTS, size), codes)
    return np.asarray(DISCOUNTS)[codes]


def _festival_days() -> Bools:
    dates = (
        np.datetime64("1970-01-01")
        + utc_minutes(np.arange(DAYS, dtype=np.float64) + 0.5) // MINUTES_PER_DAY
    )
    month = dates.astype("datetime64[M]").astype(np.int64) % 12 + 1
    day = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
    found = np.zeros(DAYS, dtype=bool)
    for festival_month, first, last in FESTIVAL_DAYS:
        found |= (month == festival_month) & (day >= first) & (day <= last)
    return found


def orders_table(
    rng: Generator, population: Population, records: Records, orders: Orders, items: Items
) -> pa.Table:
    """Return the raw table ``orders`` of one chunk."""
    size = len(orders)
    country = population.country[orders.entity]
    amount, discount = items.order_sums(size)
    tax = np.rint(amount * np.asarray(geography.TAX_RATES)[country]).astype(np.int64)
    shipping = np.asarray(SHIPPING_CENTS)[draw(rng, SHIPPING_WEIGHTS, size)]
    columns = {
        "order_id": orders.order_id,
        "customer_id": records.customer_id.take(pa.array(orders.record)),
        "ordered_at": moments(orders.minute),
        "status": pick(STATUSES, orders.status),
        "channel": pick(CHANNELS, orders.channel),
        "currency": pick(geography.CURRENCIES, np.asarray(geography.COUNTRY_CURRENCY)[country]),
        "amount": money(amount),
        "discount_amount": money(discount),
        "tax_amount": money(tax),
        "shipping_amount": money(shipping),
        "updated_at": moments(_updates(rng, orders)),
    }
    return pa.table(columns, schema=SCHEMAS["orders"])


def _updates(rng: Generator, orders: Orders) -> Ints:
    """Draw the last change of each order: days later as a rule, weeks later for late rows."""
    size = len(orders)
    days = np.where(orders.status == COMPLETED, rng.uniform(2, 9, size), rng.uniform(0, 2, size))
    late = rng.random(size) < LATE_UPDATE_SHARE
    days = np.where(late, rng.uniform(*LATE_UPDATE_DAYS, size), days)
    minute = orders.minute + np.floor(days * MINUTES_PER_DAY).astype(np.int64)
    minute = np.minimum(minute, AS_OF_MINUTE)
    return np.where(minute < orders.minute, orders.minute, minute)


def items_table(items: Items, orders: Orders, products: pa.Array, first_number: int) -> pa.Table:
    """Return the raw table ``order_items`` of one chunk; ``products`` are the product ids."""
    columns = {
        "order_item_id": ids("order_items", first_number + np.arange(len(items.order))),
        "order_id": orders.order_id.take(pa.array(items.order)),
        "product_id": products.take(pa.array(items.product)),
        "quantity": pa.array(items.quantity.astype(np.int32)),
        "unit_price": money(items.unit_price),
        "discount_amount": money(items.discount),
        "unit_cost": money(items.unit_cost, items.cost_unknown),
    }
    return pa.table(columns, schema=SCHEMAS["order_items"])


def refunds_table(
    rng: Generator, population: Population, orders: Orders, items: Items, first_number: int
) -> pa.Table:
    """Return the raw table ``refunds`` of one chunk: part or all of some sales, until as-of."""
    amount, _ = items.order_sums(len(orders))
    chance = np.minimum(REFUND_SHARE * population.refund_factor[orders.entity], 0.5)
    rows = np.flatnonzero(orders.is_sale() & (rng.random(len(orders)) < chance) & (amount > 0))
    size = len(rows)
    late = rng.random(size) < LATE_REFUND_SHARE
    days = np.where(late, rng.uniform(*LATE_REFUND_DAYS, size), rng.uniform(*REFUND_DAYS, size))
    minute = orders.minute[rows] + np.floor(days * MINUTES_PER_DAY).astype(np.int64)
    part = rng.uniform(*PARTIAL_REFUND_RANGE, size)
    part = np.where(rng.random(size) < FULL_REFUND_SHARE, 1.0, part)
    cents = np.maximum(np.rint(amount[rows] * part), 1).astype(np.int64)
    reason = draw(rng, REFUND_REASON_WEIGHTS, size)
    known = minute <= AS_OF_MINUTE
    rows, minute, cents, reason = rows[known], minute[known], cents[known], reason[known]
    by_time = np.lexsort((rows, minute))
    rows, minute, cents, reason = rows[by_time], minute[by_time], cents[by_time], reason[by_time]
    columns = {
        "refund_id": ids("refunds", first_number + np.arange(len(rows))),
        "order_id": orders.order_id.take(pa.array(rows)),
        "refunded_at": moments(minute),
        "amount": money(cents),
        "reason": pick(REFUND_REASONS, reason),
    }
    return pa.table(columns, schema=SCHEMAS["refunds"])
