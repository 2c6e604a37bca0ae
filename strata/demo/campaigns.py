"""Campaign contacts: who was contacted, who was held back as control, who reacted."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from strata.demo.arrays import Bools, Floats, Generator, Ints, ids, moments, pick
from strata.demo.customers import SMALLEST_CHUNK_WITH_EXTRAS, Records
from strata.demo.population import PROSPECT, Population
from strata.demo.schema import SCHEMAS
from strata.demo.timeline import (
    AS_OF_MINUTE,
    DAYS,
    MINUTES_PER_DAY,
    PERIOD_START_MINUTE,
    at_hours,
)


@dataclass(frozen=True)
class Campaign:
    """A campaign: first day (negative: counted from the end), length, reach and control group."""

    campaign_id: str
    first_day: int
    days: int
    channel: str
    reach: float
    control_share: float


CAMPAIGNS: Final = (
    Campaign("cmp01", 145, 10, "email", 0.35, 0.15),
    Campaign("cmp02", 230, 7, "sms", 0.25, 0.15),
    Campaign("cmp03", 380, 20, "phone", 0.06, 0.0),
    Campaign("cmp04", 510, 10, "email", 0.40, 0.15),
    Campaign("cmp05", 690, 14, "social", 0.20, 0.0),
    Campaign("cmp06", 875, 10, "email", 0.40, 0.15),
    Campaign("cmp07", DAYS - 27, 12, "push", 0.20, 0.15),
    Campaign("cmp08", DAYS - 9, 9, "sms", 0.18, 0.15),
)
PROSPECT_REACH: Final = 0.6
"""How often prospects are contacted, against buyers."""
OPENED_SHARE: Final = 0.38
MEAN_OPENING_MINUTES: Final = 600.0
CLICKED_SHARE: Final = 0.30
"""Share of the opened contacts that are clicked."""
CONVERSION_UPLIFT: Final = 0.06
"""Share of the treated customers who place one order more because of the contact."""
CONVERSION_DAYS: Final = 14.0
PRESSED_SHARE: Final = 0.004
"""Share of the customers who got several contacts in the last week."""
PRESSED_CONTACTS: Final = 5


@dataclass(frozen=True)
class Contacts:
    """Contacts of one chunk, shape (contacts,) each; ``record`` is the row of the customer."""

    campaign: Ints
    record: Ints
    minute: Ints
    is_control: Bools

    def extra_orders(self, rng: Generator, records: Records) -> tuple[Ints, Floats]:
        """Return entity and day of the orders that the treated place in addition."""
        converts = ~self.is_control & (rng.random(len(self.record)) < CONVERSION_UPLIFT)
        days = (self.minute[converts] - PERIOD_START_MINUTE) / MINUTES_PER_DAY
        days = days + rng.uniform(0.1, CONVERSION_DAYS, len(days))
        inside = days < DAYS
        return records.entity[self.record[converts]][inside], days[inside]


def make_contacts(rng: Generator, population: Population, records: Records) -> Contacts:
    """Draw the contacts of all campaigns, and a few customers who are contacted too often."""
    parts = [
        _reach(rng, population, records, code, campaign) for code, campaign in enumerate(CAMPAIGNS)
    ]
    parts.append(_pressed(rng, records))
    campaign, record, minute, is_control = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    by_time = np.lexsort((record, minute))
    return Contacts(
        campaign[by_time], record[by_time], minute[by_time], is_control[by_time].astype(bool)
    )


def _reach(
    rng: Generator, population: Population, records: Records, code: int, campaign: Campaign
) -> tuple[Ints, Ints, Ints, Ints]:
    """Choose the customers of one campaign among those registered before it."""
    first = records.first_record
    registered = (records.registered_minute[first] - PERIOD_START_MINUTE) / MINUTES_PER_DAY
    known = registered < campaign.first_day
    buyers = population.archetype != PROSPECT
    chosen = known & (
        rng.random(len(first)) < campaign.reach * np.where(buyers, 1.0, PROSPECT_REACH)
    )
    record = first[chosen]
    size = len(record)
    days = campaign.first_day + rng.uniform(0, campaign.days, size)
    minute = np.minimum(at_hours(rng, days, rng.integers(9, 20, size)), AS_OF_MINUTE)
    control = (rng.random(size) < campaign.control_share).astype(np.int64)
    return np.full(size, code), record, minute, control


def _pressed(rng: Generator, records: Records) -> tuple[Ints, Ints, Ints, Ints]:
    """Contact a few customers several times in the last week."""
    count = int(np.ceil(len(records.first_record) * PRESSED_SHARE))
    if len(records) < SMALLEST_CHUNK_WITH_EXTRAS:
        count = 0
    rows = rng.choice(records.first_record, count, replace=False)
    record = np.repeat(rows, PRESSED_CONTACTS)
    days = DAYS - rng.uniform(0.6, 6.5, len(record))
    hours = rng.integers(9, 20, len(record))
    campaign = len(CAMPAIGNS) - 1 - rng.integers(0, 2, len(record))
    late = records.registered_minute[record] > AS_OF_MINUTE - 7 * MINUTES_PER_DAY
    minute = np.minimum(at_hours(rng, days, hours), AS_OF_MINUTE)
    keep = ~late
    return campaign[keep], record[keep], minute[keep], np.zeros(int(keep.sum()), dtype=np.int64)


def contacts_table(
    rng: Generator, contacts: Contacts, records: Records, first_number: int
) -> pa.Table:
    """Return the raw table ``campaign_contacts`` of one chunk."""
    size = len(contacts.record)
    opened = contacts.minute + np.ceil(rng.exponential(MEAN_OPENING_MINUTES, size)).astype(np.int64)
    clicked = opened + rng.integers(1, 30, size)
    not_opened = contacts.is_control | (rng.random(size) > OPENED_SHARE) | (opened > AS_OF_MINUTE)
    not_clicked = not_opened | (rng.random(size) > CLICKED_SHARE) | (clicked > AS_OF_MINUTE)
    columns = {
        "contact_id": ids("campaign_contacts", first_number + np.arange(size)),
        "campaign_id": pick([entry.campaign_id for entry in CAMPAIGNS], contacts.campaign),
        "customer_id": records.customer_id.take(pa.array(contacts.record)),
        "channel": pick([entry.channel for entry in CAMPAIGNS], contacts.campaign),
        "is_control": pa.array(contacts.is_control),
        "contacted_at": moments(contacts.minute),
        "opened_at": moments(opened, not_opened),
        "clicked_at": moments(clicked, not_clicked),
    }
    return pa.table(columns, schema=SCHEMAS["campaign_contacts"])
