"""Consents: per customer and channel granted or denied, revoked, and granted again."""

from typing import Final

import numpy as np
import pyarrow as pa

from strata.demo.arrays import Bools, Generator, Ints, draw, moments, pick
from strata.demo.customers import Records
from strata.demo.population import Population
from strata.demo.schema import SCHEMAS
from strata.demo.timeline import AS_OF_MINUTE, PERIOD_START_MINUTE

CONSENT_CHANNELS: Final = ("email", "sms", "phone", "social", "push")
CONSENT_SHARES: Final = (0.80, 0.60, 0.25, 0.25, 0.30)
"""Share of the customers with any record who have one for the channel."""
WITHOUT_CONSENT_SHARE: Final = 0.12
ALL_REVOKED_SHARE: Final = 0.02
STATUSES: Final = ("granted", "denied", "revoked")
GRANTED, _, REVOKED = range(3)
FIRST_STATUS_WEIGHTS: Final = (0.82, 0.18)
CHANGED_SHARE: Final = 0.14
GRANTED_AGAIN_SHARE: Final = 0.25


def consents_table(rng: Generator, population: Population, records: Records) -> pa.Table:
    """Return the raw table ``consents`` of one chunk: first records, changes, changes back."""
    size = len(population)
    silent = rng.random(size) < WITHOUT_CONSENT_SHARE
    all_revoked = rng.random(size) < ALL_REVOKED_SHARE
    parts: list[tuple[Ints, ...]] = []
    for channel, share in enumerate(CONSENT_SHARES):
        entity = np.flatnonzero(~silent & ((rng.random(size) < share) | all_revoked))
        parts.extend(_consent_steps(rng, entity, records, channel, all_revoked[entity]))
    record, channels, status, minute = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    by_time = np.lexsort((channels, record, minute))
    columns = {
        "customer_id": records.customer_id.take(pa.array(record[by_time])),
        "channel": pick(CONSENT_CHANNELS, channels[by_time]),
        "status": pick(STATUSES, status[by_time]),
        "changed_at": moments(minute[by_time]),
    }
    return pa.table(columns, schema=SCHEMAS["consents"])


def _consent_steps(
    rng: Generator, entity: Ints, records: Records, channel: int, revoked: Bools
) -> list[tuple[Ints, Ints, Ints, Ints]]:
    """Draw up to three successive records of one channel."""
    size = len(entity)
    record = records.first_record[entity]
    start = np.maximum(records.registered_minute[record], PERIOD_START_MINUTE)
    left = AS_OF_MINUTE - start
    at = np.sort(rng.random((3, size)) ** 1.5, axis=0)
    at[0] *= 0.01  # the first record is made at registration
    minute = start + (at * left).astype(np.int64)
    first = draw(rng, FIRST_STATUS_WEIGHTS, size)
    first = np.where(revoked, GRANTED, first)
    changed = (first == GRANTED) & ((rng.random(size) < CHANGED_SHARE) | revoked)
    again = changed & ~revoked & (rng.random(size) < GRANTED_AGAIN_SHARE)
    code = np.full(size, channel)
    return [
        (record, code, first, minute[0]),
        (record[changed], code[changed], np.full(int(changed.sum()), REVOKED), minute[1][changed]),
        (record[again], code[again], np.full(int(again.sum()), GRANTED), minute[2][again]),
    ]
