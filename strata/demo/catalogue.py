"""Products: what they cost, when they appear, and who buys what together with what."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from strata.demo.arrays import Bools, DrawTable, Floats, Generator, Ints, ids, moments, money, pick
from strata.demo.geography import CNY_PER_UNIT
from strata.demo.schema import SCHEMAS
from strata.demo.timeline import DAYS, utc_minutes


@dataclass(frozen=True)
class Category:
    """A product category: number of products and range of list prices in CNY."""

    name: str
    products: int
    low_price: float
    high_price: float
    models: tuple[str, ...]


CATEGORIES: Final = (
    Category("smartphones", 24, 2000, 9000, ("Phone", "Fold", "Lite")),
    Category("tablets", 12, 3000, 8000, ("Pad", "Slate")),
    Category("laptops", 14, 4000, 12000, ("Book", "Studio")),
    Category("wearables", 12, 400, 2800, ("Watch", "Band")),
    Category("audio", 14, 150, 2200, ("Buds", "Headset", "Speaker")),
    Category("cameras", 8, 1800, 8000, ("Cam", "Action Cam")),
    Category("accessories", 18, 50, 800, ("Case", "Charger", "Power Bank", "Dock")),
    Category("smart_home", 10, 100, 1500, ("Lamp", "Lock", "Sensor")),
    Category("consumables", 8, 20, 150, ("Screen Protector", "Battery", "Filter")),
)
BRANDS: Final = (
    *("Novarra", "Zhenmi", "Auralink", "Kestrelo", "Lumiqo"),
    *("Pandoro", "Qinghelo", "Veloxa", "Tianquor", "Orbisto"),
)
BRAND_PRICE_FACTORS: Final = (1.15, 0.85, 1.0, 1.1, 0.9, 0.8, 0.95, 1.05, 1.0, 0.9)
COST_SHARE_RANGE: Final = (0.60, 0.80)
WITHOUT_COST_SHARE: Final = 0.05
LAUNCHED_IN_PERIOD_SHARE: Final = 0.35

PROFILES: Final = ("accessory", "mainstream", "premium", "bulk")
ACCESSORY, MAINSTREAM, PREMIUM, BULK = range(4)
PROFILE_CATEGORY_WEIGHTS: Final = (
    (0.12, 0.02, 0.01, 0.09, 0.15, 0.01, 0.33, 0.10, 0.17),
    (0.37, 0.08, 0.06, 0.11, 0.12, 0.03, 0.13, 0.06, 0.04),
    (0.38, 0.12, 0.20, 0.09, 0.07, 0.08, 0.04, 0.02, 0.00),
    (0.30, 0.14, 0.20, 0.04, 0.06, 0.03, 0.14, 0.05, 0.04),
)
PROFILE_PRICE_TASTES: Final = (-0.3, 0.0, 1.3, 0.0)
"""Exponent of the price, within a category, by profile: above 0 prefers dear products."""
PREFERRED_CATEGORY_BOOST: Final = 3.0
COMPANION_CATEGORY_WEIGHTS: Final = (0.02, 0.01, 0.01, 0.10, 0.16, 0.01, 0.42, 0.07, 0.20)
PARTNERS: Final = 3
"""Products that are often bought together with a given one."""
PARTNER_BOOST: Final = 25.0


@dataclass(frozen=True)
class Catalogue:
    """The products and the distributions they are drawn from.

    Attributes
    ----------
    category, brand : Ints
        Positions in ``CATEGORIES`` and ``BRANDS``, shape (products,).
    price, cost : Ints
        Cents by currency, shape (currencies, products).
    without_cost : Bools
        Products whose cost is unknown.
    launch_day : Floats
        Day of the launch; ``predecessor`` is the product sold in its place before.
    """

    category: Ints
    brand: Ints
    price: Ints
    cost: Ints
    without_cost: Bools
    launch_day: Floats
    predecessor: Ints
    by_taste: DrawTable
    companions: DrawTable

    def draw_products(self, rng: Generator, profile: Ints, favourite: Ints, days: Floats) -> Ints:
        """Draw products by basket profile and favourite category, on sale on the given days."""
        return self.on_sale(self.by_taste.draw(rng, profile * len(CATEGORIES) + favourite), days)

    def draw_companions(self, rng: Generator, products: Ints, days: Floats) -> Ints:
        """Draw products that go with the given ones, on sale on the given days."""
        return self.on_sale(self.companions.draw(rng, products), days)

    def on_sale(self, products: Ints, days: Floats) -> Ints:
        """Replace products that are not launched yet by their predecessors."""
        early = self.launch_day[products] > days
        return np.where(early, self.predecessor[products], products)

    def table(self) -> pa.Table:
        """Return the raw table ``products``, priced in the home currency."""
        numbers = np.arange(1, len(self.category) + 1)
        columns = {
            "product_id": ids("products", numbers),
            "product_name": pa.array(self._names()),
            "category": pick([category.name for category in CATEGORIES], self.category),
            "brand": pick(BRANDS, self.brand),
            "unit_cost": money(self.cost[0], self.without_cost),
            "list_price": money(self.price[0]),
            "launched_at": moments(utc_minutes(self.launch_day)),
        }
        return pa.table(columns, schema=SCHEMAS["products"])

    def _names(self) -> list[str]:
        names = []
        for number, (category, brand) in enumerate(zip(self.category, self.brand, strict=True)):
            models = CATEGORIES[category].models
            names.append(f"{BRANDS[brand]} {models[number % len(models)]} {number + 1}")
        return names


def make_catalogue(rng: Generator) -> Catalogue:
    """Draw the whole catalogue."""
    counts = [category.products for category in CATEGORIES]
    category = np.repeat(np.arange(len(CATEGORIES)), counts)
    size = len(category)
    brand = rng.integers(0, len(BRANDS), size)
    home_price = _home_prices(rng, category, brand)
    home_cost = home_price * rng.uniform(*COST_SHARE_RANGE, size)
    launch_day = _launch_days(rng, category)
    return Catalogue(
        category=category,
        brand=brand,
        price=np.stack([_local_prices(home_price, rate) for rate in CNY_PER_UNIT]),
        cost=np.stack([np.rint(home_cost / rate * 100).astype(np.int64) for rate in CNY_PER_UNIT]),
        without_cost=rng.random(size) < WITHOUT_COST_SHARE,
        launch_day=launch_day,
        predecessor=_predecessors(category, home_price, launch_day),
        by_taste=DrawTable(_taste_weights(rng, category, home_price)),
        companions=DrawTable(_companion_weights(rng, category)),
    )


def _home_prices(rng: Generator, category: Ints, brand: Ints) -> Floats:
    low = np.asarray([entry.low_price for entry in CATEGORIES])[category]
    high = np.asarray([entry.high_price for entry in CATEGORIES])[category]
    price = low * (high / low) ** rng.random(len(category))
    prices: Floats = np.clip(price * np.asarray(BRAND_PRICE_FACTORS)[brand], low, high)
    return prices


def _local_prices(home_price: Floats, rate: float) -> Ints:
    """Convert to a currency and round up to a price that ends in 9 or in .99."""
    local = home_price / rate
    if rate == 1:
        return (np.ceil(local / 10).astype(np.int64) * 10 - 1) * 100
    return np.ceil(local).astype(np.int64) * 100 - 1


def _launch_days(rng: Generator, category: Ints) -> Floats:
    size = len(category)
    launched_before = -rng.uniform(30, 1200, size)
    launched_within = rng.uniform(60, DAYS - 60, size)
    within = rng.random(size) < LAUNCHED_IN_PERIOD_SHARE
    first_of_category = np.concatenate([[True], category[1:] != category[:-1]])
    days = np.where(within & ~first_of_category, launched_within, launched_before)
    return np.floor(days) + 10 / 24  # launches are at ten in the morning


def _predecessors(category: Ints, price: Floats, launch_day: Floats) -> Ints:
    """For each product the one nearest in price of its category that was there from the start."""
    distance = np.abs(np.log(price)[:, None] - np.log(price)[None, :])
    allowed = (category[:, None] == category[None, :]) & (launch_day < 0)[None, :]
    nearest: Ints = np.where(allowed, distance, np.inf).argmin(axis=1)
    return nearest


def _taste_weights(rng: Generator, category: Ints, price: Floats) -> Floats:
    """Weights of shape (profiles * categories, products): row = profile, favourite category."""
    popularity = rng.lognormal(0, 0.7, len(category))
    rows = []
    for weights, taste in zip(PROFILE_CATEGORY_WEIGHTS, PROFILE_PRICE_TASTES, strict=True):
        appeal = popularity * price**taste
        appeal = appeal / np.bincount(category, appeal)[category]
        for favourite in range(len(CATEGORIES)):
            boost = np.where(np.arange(len(CATEGORIES)) == favourite, PREFERRED_CATEGORY_BOOST, 1)
            rows.append((np.asarray(weights) * boost)[category] * appeal)
    return np.stack(rows)


def _companion_weights(rng: Generator, category: Ints) -> Floats:
    """Weights of shape (products, products): what is added to a basket with each product."""
    counts = np.bincount(category)
    base = (np.asarray(COMPANION_CATEGORY_WEIGHTS) / counts)[category]
    weights = np.tile(base, (len(category), 1))
    candidates = np.flatnonzero(base > np.median(base))
    for row in weights:
        row[rng.choice(candidates, PARTNERS, replace=False)] *= PARTNER_BOOST
    np.fill_diagonal(weights, 0)
    return weights
