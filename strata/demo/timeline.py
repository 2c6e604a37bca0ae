"""The calendar of the demo data: period, seasons, hours and their conversion to UTC.

Days are counted in the business timezone from the first day of the period (day 0). Activity is
drawn evenly in *season time*, in which busy days are long, and then mapped back to days.
"""

from datetime import date
from typing import Final

import numpy as np

from strata.demo.arrays import Floats, Generator, Ints, draw

PERIOD_START: Final = date(2023, 6, 16)
AS_OF: Final = date(2026, 6, 15)
BUSINESS_UTC_OFFSET_MINUTES: Final = 8 * 60
"""Asia/Shanghai, which has no daylight saving time."""
MINUTES_PER_DAY: Final = 1440

WEEKDAY_FACTORS: Final = (0.92, 0.90, 0.92, 0.96, 1.05, 1.18, 1.07)
MONTH_FACTORS: Final = (1.0, 1.25, 0.92, 0.92, 0.96, 1.05, 0.94, 0.94, 1.0, 1.02, 1.45, 1.08)
YEARLY_GROWTH: Final = 0.08
HOUR_WEIGHTS: Final = (
    *(2.5, 1.2, 0.6, 0.4, 0.3, 0.4, 0.9, 1.8, 3.0, 4.5, 5.5, 5.8),
    *(5.5, 5.0, 4.8, 4.8, 4.8, 4.8, 5.2, 6.5, 8.5, 9.0, 7.5, 4.7),
)
"""Local purchases by hour of day."""

DAYS: Final = (AS_OF - PERIOD_START).days + 1
FIRST_EPOCH_DAY: Final = (PERIOD_START - date(1970, 1, 1)).days


def _season_bounds() -> Floats:
    """Season time at the start of each day and at the end of the last; mean length 1."""
    days = np.arange(DAYS)
    dates = np.datetime64(PERIOD_START) + days
    weekdays = (FIRST_EPOCH_DAY + days + 3) % 7
    months = dates.astype("datetime64[M]").astype(np.int64) % 12
    weights = np.asarray(WEEKDAY_FACTORS)[weekdays] * np.asarray(MONTH_FACTORS)[months]
    weights = weights * (1 + YEARLY_GROWTH * days / 365)
    return np.concatenate([[0.0], np.cumsum(weights / weights.mean())])


_BOUNDS: Final = _season_bounds()
_EDGES: Final = np.arange(DAYS + 1, dtype=np.float64)


def to_season(days: Floats) -> Floats:
    """Map days (fractions allowed, clipped to the period) to season time."""
    return np.interp(days, _EDGES, _BOUNDS).astype(np.float64)


def to_days(season: Floats) -> Floats:
    """Map season time back to days, the inverse of ``to_season``."""
    return np.interp(season, _BOUNDS, _EDGES).astype(np.float64)


def utc_minutes(days: Floats) -> Ints:
    """Map fractional business days (also outside the period) to UTC minutes since 1970."""
    local = np.floor((days + FIRST_EPOCH_DAY) * MINUTES_PER_DAY).astype(np.int64)
    return local - BUSINESS_UTC_OFFSET_MINUTES


AS_OF_MINUTE: Final = int(utc_minutes(np.asarray([float(DAYS)]))[0]) - 1
"""The last minute of the as-of day, in UTC."""
PERIOD_START_MINUTE: Final = int(utc_minutes(np.zeros(1))[0])


def draw_hours(rng: Generator, size: int) -> Ints:
    """Draw local hours of the day."""
    return draw(rng, HOUR_WEIGHTS, size)


def at_hours(rng: Generator, days: Floats, hours: Ints) -> Ints:
    """Place each day at an hour and a random minute; result in UTC minutes since 1970."""
    whole_days = np.clip(np.floor(days), 0, DAYS - 1)
    fractions = (hours * 60 + rng.integers(0, 60, len(hours))) / MINUTES_PER_DAY
    # Half a minute keeps the floor in `utc_minutes` clear of rounding errors.
    return utc_minutes(whole_days + fractions + 0.5 / MINUTES_PER_DAY)
