"""Who buys, how often, from when to when: the behaviour behind the raw tables.

An *entity* is one real person or business; it may have several customer records. Each entity has an
archetype, which decides its order rate and its life. Rates are drawn from gamma distributions and
lives end at random, so counts look like those of the BG/NBD model, with a heavy tail.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from strata.demo.arrays import Bools, Floats, Generator, Ints, draw
from strata.demo.catalogue import CATEGORIES, PROFILES
from strata.demo.geography import COUNTRIES, COUNTRY_SHARES, PLACES
from strata.demo.timeline import DAYS, draw_hours, to_season

DAYS_BEFORE_PERIOD: Final = 730
"""How long before the period the oldest customers registered."""
REGISTRATION_GROWTH: Final = 0.9
"""Exponent below 1: more customers register later."""
NEWCOMER_DAYS: Final = 90
FADED_DAYS: Final = (240.0, 420.0)
GAP_DAYS: Final = (380.0, 620.0)
BACK_SINCE_DAYS: Final = (3.0, 80.0)
BACK_EARLIER_DAYS: Final = (80.0, 500.0)
BACK_RECENTLY_SHARE: Final = 0.6
HIGHEST_YEARLY_RATE: Final = 90.0
PREFERRED_HOUR_SHARE: Final = 0.5
SATISFACTION_SPREAD: Final = 0.9
ENGAGEMENT_SHAPE: Final = 3.0
REFUND_SHAPE: Final = 0.8
"""Gamma shapes of the individual factors, whose mean is 1."""
BULK_SPREAD: Final = 0.65
"""Standard deviation of the logarithm of the individual factor of quantities."""

CHANNELS: Final = ("online", "app", "store", "phone", "marketplace")
CHANNEL_WEIGHTS: Final = (0.32, 0.30, 0.20, 0.05, 0.13)


@dataclass(frozen=True)
class Archetype:
    """A way of being a customer.

    Attributes
    ----------
    share : float
        Share of the entities.
    yearly_rate, rate_shape : float
        Mean and gamma shape of the orders per year while alive.
    life_years : float
        Mean of the exponential life; infinite for those who never stop.
    registered : tuple of float
        Range of the registration day.
    ramp : float
        1 for even activity, above 1 for activity that rises, below 1 for activity that falls.
    regular : bool
        Whether orders come at even distances.
    business : float
        Share of businesses.
    profiles : tuple of float
        Weights of the basket profiles of persons.
    satisfaction, engagement : float
        Mean of the satisfaction (standard normal scale) and factor of all non-purchase activity.
    """

    name: str
    share: float
    yearly_rate: float = 0.0
    rate_shape: float = 1.5
    life_years: float = np.inf
    registered: tuple[float, float] = (-DAYS_BEFORE_PERIOD, DAYS)
    ramp: float = 1.0
    regular: bool = False
    business: float = 0.08
    profiles: tuple[float, ...] = (0.45, 0.42, 0.13, 0.0)
    satisfaction: float = 0.0
    engagement: float = 1.0


ARCHETYPES: Final = (
    Archetype("prospect", 0.15, engagement=0.8),
    Archetype("one_timer", 0.157, life_years=1.0, engagement=0.5),
    Archetype("occasional", 0.31, yearly_rate=1.6, rate_shape=1.5, life_years=2.2),
    Archetype(
        "regular",
        0.17,
        yearly_rate=4.5,
        rate_shape=3,
        life_years=3.0,
        regular=True,
        business=0.14,
        profiles=(0.22, 0.40, 0.38, 0.0),
    ),
    Archetype(
        "heavy",
        0.038,
        yearly_rate=15,
        rate_shape=4,
        life_years=6,
        registered=(-DAYS_BEFORE_PERIOD, 700),
        business=0.22,
        profiles=(0.22, 0.43, 0.35, 0.0),
        engagement=1.8,
    ),
    Archetype(
        "champion",
        0.020,
        yearly_rate=33,
        rate_shape=12,
        registered=(-DAYS_BEFORE_PERIOD, 500),
        regular=True,
        business=0.35,
        profiles=(0.0, 0.0, 1.0, 0.0),
        satisfaction=1.4,
        engagement=8.0,
    ),
    Archetype(
        "faded",
        0.022,
        yearly_rate=15,
        rate_shape=3,
        registered=(-DAYS_BEFORE_PERIOD, 300),
        business=0.3,
        profiles=(0.2, 0.3, 0.5, 0.0),
        satisfaction=-0.6,
        engagement=0.8,
    ),
    Archetype(
        "returner",
        0.03,
        yearly_rate=3.5,
        registered=(-DAYS_BEFORE_PERIOD, 200),
        regular=True,
    ),
    Archetype(
        "riser",
        0.03,
        yearly_rate=8,
        rate_shape=3,
        registered=(-100, 600),
        ramp=2.2,
        business=0.2,
        profiles=(0.2, 0.4, 0.4, 0.0),
        satisfaction=0.5,
        engagement=2.0,
    ),
    Archetype(
        "decliner",
        0.03,
        yearly_rate=7,
        rate_shape=3,
        registered=(-300, 500),
        ramp=0.5,
        business=0.2,
        satisfaction=-0.4,
    ),
    Archetype(
        "newcomer",
        0.05,
        yearly_rate=5,
        rate_shape=2,
        registered=(DAYS - NEWCOMER_DAYS, DAYS - 1),
        business=0.15,
        engagement=1.5,
    ),
)
(PROSPECT, ONE_TIMER, _, _, _, CHAMPION, FADED, RETURNER, _, _, _) = range(len(ARCHETYPES))


def _trait(name: str) -> Floats:
    return np.asarray([getattr(archetype, name) for archetype in ARCHETYPES], dtype=np.float64)


@dataclass(frozen=True)
class Population:
    """Entities of one chunk; every attribute has the shape (entities,).

    Attributes
    ----------
    archetype, country, place, profile, favourite, channel, hour : Ints
        Positions in the tuples of constants; ``hour`` is the preferred local hour.
    registered : Floats
        Day of the first registration.
    alive_from, alive_to, gap_from, gap_length : Floats
        Life in season time, and the pause within it (length 0: none).
    weight : Floats
        Relative expected number of orders; 0 for prospects and one-timers.
    """

    archetype: Ints
    is_business: Bools
    country: Ints
    place: Ints
    registered: Floats
    alive_from: Floats
    alive_to: Floats
    gap_from: Floats
    gap_length: Floats
    weight: Floats
    profile: Ints
    favourite: Ints
    channel: Ints
    hour: Ints
    satisfaction: Floats
    engagement: Floats
    refund_factor: Floats
    bulk_factor: Floats

    def __len__(self) -> int:
        return len(self.archetype)

    def lived(self) -> Floats:
        """Return the length of each life without its pause, in season time."""
        return np.maximum(self.alive_to - self.alive_from - self.gap_length, 0.0)

    def season_at(self, entity: Ints, position: Floats) -> Floats:
        """Map positions 0 to 1 within the life of each entity to season time."""
        lived = self.lived()[entity]
        season = self.alive_from[entity] + position * lived
        return season + np.where(season > self.gap_from[entity], self.gap_length[entity], 0.0)


def make_population(rng: Generator, size: int) -> Population:
    """Draw ``size`` entities."""
    archetype = draw(rng, [entry.share for entry in ARCHETYPES], size)
    is_business = rng.random(size) < _trait("business")[archetype]
    country, place = _places(rng, size)
    registered = _registrations(rng, archetype)
    alive_from, alive_to, gap_from, gap_length = _lives(rng, archetype, registered)
    shape = _trait("rate_shape")[archetype]
    rate = _trait("yearly_rate")[archetype] * rng.gamma(shape) / shape
    lived = np.maximum(alive_to - alive_from - gap_length, 0.0)
    return Population(
        archetype=archetype,
        is_business=is_business,
        country=country,
        place=place,
        registered=registered,
        alive_from=alive_from,
        alive_to=alive_to,
        gap_from=gap_from,
        gap_length=gap_length,
        weight=np.minimum(rate, HIGHEST_YEARLY_RATE) * lived / 365,
        profile=_profiles(rng, archetype, is_business),
        favourite=rng.integers(0, len(CATEGORIES), size),
        channel=draw(rng, CHANNEL_WEIGHTS, size),
        hour=draw_hours(rng, size),
        satisfaction=_trait("satisfaction")[archetype] + rng.normal(0, SATISFACTION_SPREAD, size),
        engagement=_trait("engagement")[archetype]
        * rng.gamma(ENGAGEMENT_SHAPE, 1 / ENGAGEMENT_SHAPE, size),
        refund_factor=rng.gamma(REFUND_SHAPE, 1 / REFUND_SHAPE, size),
        bulk_factor=rng.lognormal(0, BULK_SPREAD, size),
    )


def _places(rng: Generator, size: int) -> tuple[Ints, Ints]:
    """Draw the country and the city of each entity."""
    country = draw(rng, COUNTRY_SHARES, size)
    place = np.zeros(size, dtype=np.int64)
    for code in range(len(COUNTRIES)):
        weights = [entry.weight if entry.country == code else 0.0 for entry in PLACES]
        members = country == code
        place[members] = draw(rng, weights, int(members.sum()))
    return country, place


def _registrations(rng: Generator, archetype: Ints) -> Floats:
    first, last = np.asarray([entry.registered for entry in ARCHETYPES]).T
    spread = rng.random(len(archetype)) ** REGISTRATION_GROWTH
    days: Floats = first[archetype] + spread * (last - first)[archetype]
    return days


def _lives(
    rng: Generator, archetype: Ints, registered: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Draw the start, end, pause start and pause length of each life, in season time."""
    size = len(archetype)
    start = np.maximum(registered, 0.0)
    mean_life = np.where(np.isinf(_trait("life_years")), 1e6, _trait("life_years")) * 365
    end = np.minimum(start + rng.exponential(mean_life[archetype]), DAYS)
    end = np.where(archetype == FADED, DAYS - rng.uniform(*FADED_DAYS, size), end)
    recently = rng.random(size) < BACK_RECENTLY_SHARE
    back = np.where(
        recently, rng.uniform(*BACK_SINCE_DAYS, size), rng.uniform(*BACK_EARLIER_DAYS, size)
    )
    gap_to = DAYS - back
    gap_from = np.maximum(gap_to - rng.uniform(*GAP_DAYS, size), start + 5)
    paused = (archetype == RETURNER) & (gap_from < gap_to)
    gap_from, gap_to = to_season(gap_from), to_season(gap_to)
    gap_length = np.where(paused, gap_to - gap_from, 0.0)
    return to_season(start), to_season(end), gap_from, gap_length


def _profiles(rng: Generator, archetype: Ints, is_business: Bools) -> Ints:
    profile = np.zeros(len(archetype), dtype=np.int64)
    for code, entry in enumerate(ARCHETYPES):
        members = archetype == code
        profile[members] = draw(rng, entry.profiles, int(members.sum()))
    return np.where(is_business, len(PROFILES) - 1, profile)
