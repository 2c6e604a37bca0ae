"""What customers do beside buying: web events, interactions, feedback and erasure requests."""

from typing import Final

import numpy as np
import pyarrow as pa

from strata.demo.arrays import Bools, Floats, Generator, Ints, draw, ids, moments, pick
from strata.demo.catalogue import Catalogue
from strata.demo.customers import SMALLEST_CHUNK_WITH_EXTRAS, Records
from strata.demo.orders import Items, Orders
from strata.demo.population import PROSPECT, Population
from strata.demo.schema import SCHEMAS
from strata.demo.timeline import AS_OF_MINUTE, DAYS, MINUTES_PER_DAY, at_hours, draw_hours, to_days

EVENT_TYPES: Final = ("view", "search", "cart", "wishlist", "checkout")
VIEW, SEARCH, CART, _, _ = range(5)
EVENT_WEIGHTS: Final = (0.56, 0.15, 0.13, 0.09, 0.07)
BROWSING_EVENTS: Final = 2.6
"""Mean number of events per entity that are not tied to an order."""
BROWSING_RAMP: Final = 2.2
"""Above 1: customers browse more of late."""
BROWSING_AFTER_LIFE_DAYS: Final = 25.0
TRACED_ORDER_SHARE: Final = 0.22
"""Share of the online and app orders whose view, and often cart, was recorded."""
TRACED_CART_SHARE: Final = 0.5
FIXATED_SHARE: Final = 0.12
"""Share of the prospects who look at one product again and again."""
FIXATED_EVENTS: Final = 8
FIXATED_DAYS: Final = 60.0
EVENT_CHANNELS: Final = ("web", "app")
ONLINE_CHANNELS: Final = 2
"""The first two purchase channels are online and app, in the order of the event channels."""

INTERACTION_TYPES: Final = ("inquiry", "call", "visit", "support", "complaint", "social")
INTERACTION_WEIGHTS: Final = (0.24, 0.16, 0.16, 0.25, 0.08, 0.11)
INTERACTION_CHANNELS: Final = ("phone", "store", "chat", "email", "social")
INTERACTION_CHANNEL_WEIGHTS: Final = (
    (0.20, 0.15, 0.40, 0.20, 0.05),
    (1.0, 0.0, 0.0, 0.0, 0.0),
    (0.0, 1.0, 0.0, 0.0, 0.0),
    (0.30, 0.12, 0.35, 0.20, 0.03),
    (0.40, 0.10, 0.20, 0.25, 0.05),
    (0.0, 0.0, 0.0, 0.0, 1.0),
)
INTERACTIONS: Final = 0.7
"""Mean number of interactions per entity; the unhappy have more, and complaints among them."""
COMPLAINT: Final = 4
UNHAPPY_BELOW: Final = -0.8
UNHAPPY_COMPLAINT_SHARE: Final = 0.35
UNRESOLVED_SHARE: Final = 0.12
RESOLUTION_HOURS: Final = 20.0

FEEDBACK_TYPES: Final = ("csat", "nps", "review")
CSAT, NPS, REVIEW = range(3)
ORDER_FEEDBACK_SHARES: Final = ((CSAT, 0.055), (REVIEW, 0.045))
"""Share of the sales that get this feedback, times the engagement of the customer."""
HIGHEST_FEEDBACK_SHARE: Final = 0.35
NPS_ANSWERS: Final = 0.25
"""Mean number of answers per entity, times its engagement."""
SCORE_CENTRES: Final = (4.05, 7.7, 4.15)
SCORE_SPREADS: Final = (0.85, 2.0, 0.8)
"""Points per unit of satisfaction."""
SCORE_NOISE: Final = (0.7, 1.2, 0.7)
SCORE_RANGES: Final = ((1, 5), (0, 10), (1, 5))
FEEDBACK_DELAY_DAYS: Final = (2.0, 20.0)

ERASURE_SHARE: Final = 0.001
"""Share of the entities that ask for erasure; half as many again have several records."""
ERASURE_DAYS: Final = 200


def _browsing_minutes(rng: Generator, population: Population, entity: Ints) -> Ints:
    """Draw moments between registration and shortly after the last possible order."""
    start = np.maximum(population.registered, 0.0)[entity]
    end = np.minimum(to_days(population.alive_to)[entity] + BROWSING_AFTER_LIFE_DAYS, DAYS)
    position = rng.random(len(entity)) ** (1 / BROWSING_RAMP)
    days = start + position * np.maximum(end - start, 0.0)
    return np.minimum(at_hours(rng, days, draw_hours(rng, len(entity))), AS_OF_MINUTE)


def web_events_table(
    rng: Generator,
    *,
    population: Population,
    records: Records,
    catalogue: Catalogue,
    orders: Orders,
    items: Items,
    products: pa.Array,
    first_number: int,
) -> pa.Table:
    """Return the raw table ``web_events`` of one chunk."""
    parts = (
        _browsing(rng, population, records, catalogue),
        _fixations(rng, population, records),
        *_order_traces(rng, orders, items),
    )
    record, kind, product, channel, minute = (
        np.concatenate(part) for part in zip(*parts, strict=True)
    )
    by_time = np.lexsort((kind, record, minute))
    record, kind, product, channel, minute = (
        column[by_time] for column in (record, kind, product, channel, minute)
    )
    columns = {
        "event_id": ids("web_events", first_number + np.arange(len(record))),
        "customer_id": records.customer_id.take(pa.array(record)),
        "event_type": pick(EVENT_TYPES, kind),
        "product_id": products.take(pa.array(product, mask=kind == SEARCH)),
        "channel": pick(EVENT_CHANNELS, channel),
        "occurred_at": moments(minute),
    }
    return pa.table(columns, schema=SCHEMAS["web_events"])


def _browsing(
    rng: Generator, population: Population, records: Records, catalogue: Catalogue
) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Draw events that follow the taste of the customer."""
    entity = np.repeat(
        np.arange(len(population)), rng.poisson(BROWSING_EVENTS * population.engagement)
    )
    minute = _browsing_minutes(rng, population, entity)
    day = (minute - AS_OF_MINUTE) / MINUTES_PER_DAY + DAYS
    size = len(entity)
    product = catalogue.draw_products(
        rng, population.profile[entity], population.favourite[entity], day
    )
    kind = draw(rng, EVENT_WEIGHTS, size)
    return records.first_record[entity], kind, product, rng.integers(0, 2, size), minute


def _fixations(
    rng: Generator, population: Population, records: Records
) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Let some prospects look at the same product many times in the last weeks."""
    is_fixated = (population.archetype == PROSPECT) & (rng.random(len(population)) < FIXATED_SHARE)
    is_fixated &= population.registered < DAYS - FIXATED_DAYS
    fixated = np.flatnonzero(is_fixated)
    entity = np.repeat(fixated, FIXATED_EVENTS)
    product = np.repeat(rng.integers(0, 20, len(fixated)), FIXATED_EVENTS)
    days = DAYS - rng.uniform(0, FIXATED_DAYS, len(entity))
    minute = np.minimum(at_hours(rng, days, draw_hours(rng, len(entity))), AS_OF_MINUTE)
    kind = np.full(len(entity), VIEW)
    return records.first_record[entity], kind, product, kind.copy(), minute


def _order_traces(
    rng: Generator, orders: Orders, items: Items
) -> list[tuple[Ints, Ints, Ints, Ints, Ints]]:
    """Derive views, and carts after half of them, from items bought online."""
    online = orders.channel[items.order] < ONLINE_CHANNELS
    views = np.flatnonzero(online & (rng.random(len(items.order)) < TRACED_ORDER_SHARE))
    order = items.order[views]
    minute = orders.minute[order] - rng.integers(10, 2 * MINUTES_PER_DAY, len(views))
    cart = rng.random(len(views)) < TRACED_CART_SHARE
    parts = []
    for kind, members, before in ((VIEW, np.ones_like(cart), 0), (CART, cart, 5)):
        at = order[members]
        kinds = np.full(len(at), kind)
        product = items.product[views[members]]
        parts.append(
            (orders.record[at], kinds, product, orders.channel[at], minute[members] + before)
        )
    return parts


def interactions_table(
    rng: Generator, population: Population, records: Records, first_number: int
) -> pa.Table:
    """Return the raw table ``interactions`` of one chunk."""
    entity = np.repeat(
        np.arange(len(population)), rng.poisson(INTERACTIONS * population.engagement)
    )
    minute = _browsing_minutes(rng, population, entity)
    by_time = np.lexsort((entity, minute))
    entity, minute = entity[by_time], minute[by_time]
    size = len(entity)
    kind = draw(rng, INTERACTION_WEIGHTS, size)
    unhappy = population.satisfaction[entity] < UNHAPPY_BELOW
    kind = np.where(unhappy & (rng.random(size) < UNHAPPY_COMPLAINT_SHARE), COMPLAINT, kind)
    channel = np.zeros(size, dtype=np.int64)
    for code, weights in enumerate(INTERACTION_CHANNEL_WEIGHTS):
        members = kind == code
        channel[members] = draw(rng, weights, int(members.sum()))
    resolved = minute + 1 + rng.exponential(RESOLUTION_HOURS * 60, size).astype(np.int64)
    unresolved = (rng.random(size) < UNRESOLVED_SHARE) | (resolved > AS_OF_MINUTE)
    columns = {
        "interaction_id": ids("interactions", first_number + np.arange(size)),
        "customer_id": records.customer_id.take(pa.array(records.first_record[entity])),
        "interaction_type": pick(INTERACTION_TYPES, kind),
        "channel": pick(INTERACTION_CHANNELS, channel),
        "started_at": moments(minute),
        "resolved_at": moments(resolved, unresolved),
    }
    return pa.table(columns, schema=SCHEMAS["interactions"])


def feedback_table(
    rng: Generator, population: Population, records: Records, orders: Orders, first_number: int
) -> pa.Table:
    """Return the raw table ``feedback`` of one chunk."""
    entity, record, order, kind, minute = _answers(rng, population, records, orders)
    size = len(entity)
    low, high = np.asarray(SCORE_RANGES)[kind].T
    score = np.asarray(SCORE_CENTRES)[kind]
    score = score + np.asarray(SCORE_SPREADS)[kind] * population.satisfaction[entity]
    score = score + np.asarray(SCORE_NOISE)[kind] * rng.normal(0, 1, size)
    score = np.clip(np.rint(score), low, high).astype(np.int32)
    columns = {
        "feedback_id": ids("feedback", first_number + np.arange(size)),
        "customer_id": records.customer_id.take(pa.array(record)),
        "order_id": orders.order_id.take(pa.array(order, mask=order < 0)),
        "feedback_type": pick(FEEDBACK_TYPES, kind),
        "score": pa.array(score),
        "submitted_at": moments(minute),
    }
    return pa.table(columns, schema=SCHEMAS["feedback"])


def _answers(
    rng: Generator, population: Population, records: Records, orders: Orders
) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Return entity, record, order (-1: none), type and minute of each answer, by time."""
    parts = []
    for kind, share in ORDER_FEEDBACK_SHARES:
        chance = np.minimum(share * population.engagement[orders.entity], HIGHEST_FEEDBACK_SHARE)
        rows = np.flatnonzero(orders.is_sale() & (rng.random(len(orders)) < chance))
        delay = rng.uniform(*FEEDBACK_DELAY_DAYS, len(rows)) * MINUTES_PER_DAY
        minute = orders.minute[rows] + delay.astype(np.int64)
        parts.append(
            (orders.entity[rows], orders.record[rows], rows, np.full(len(rows), kind), minute)
        )
    entity = np.repeat(np.arange(len(population)), rng.poisson(NPS_ANSWERS * population.engagement))
    minute = _browsing_minutes(rng, population, entity)
    none, kinds = np.full(len(entity), -1), np.full(len(entity), NPS)
    parts.append((entity, records.first_record[entity], none, kinds, minute))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    by_time = np.lexsort((columns[3], columns[0], columns[4]))
    known: Bools = columns[4][by_time] <= AS_OF_MINUTE
    entity, record, order, kind_of, minute = (column[by_time][known] for column in columns)
    return entity, record, order, kind_of, minute


def erasures_table(rng: Generator, records: Records) -> pa.Table:
    """Return the raw table ``erasure_requests``: single records, and one record of several."""
    size = len(records)
    rows = np.zeros(0, dtype=np.int64)
    if size >= SMALLEST_CHUNK_WITH_EXTRAS:
        count = int(np.ceil(size * ERASURE_SHARE))
        single = rng.permutation(np.flatnonzero(~records.is_linked))[:count]
        several = rng.permutation(np.flatnonzero(records.is_linked & (records.rank == 0)))
        rows = np.sort(np.concatenate([single, several[: max(count // 2, 1)]]))
    days: Floats = DAYS - rng.uniform(1, ERASURE_DAYS, len(rows))
    minute = np.maximum(
        at_hours(rng, days, rng.integers(9, 18, len(rows))), records.registered_minute[rows]
    )
    columns = {
        "customer_id": records.customer_id.take(pa.array(rows)),
        "requested_at": moments(minute),
    }
    return pa.table(columns, schema=SCHEMAS["erasure_requests"])
