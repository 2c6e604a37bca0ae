"""Generates the raw tables chunk by chunk, each chunk from its own random stream."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa

from strata.demo.arrays import Generator
from strata.demo.campaigns import contacts_table, make_contacts
from strata.demo.catalogue import Catalogue, make_catalogue
from strata.demo.consents import consents_table
from strata.demo.customers import customers_table, extra_records, make_records
from strata.demo.dirt import Batch, add_dirt, copies_for, dirty_customers
from strata.demo.engagement import (
    erasures_table,
    feedback_table,
    interactions_table,
    web_events_table,
)
from strata.demo.orders import (
    items_table,
    make_items,
    make_orders,
    orders_table,
    refunds_table,
)
from strata.demo.population import make_population
from strata.demo.schema import KEYS

CHUNK_CUSTOMERS: Final = 25_000
"""Customer records per chunk; a part of the format: another size gives other data."""


class DemoData:
    """The demo data of one seed and size, as a stream of chunks.

    Parameters
    ----------
    customers : int
        Number of rows of the table ``customers``, dirt included.
    seed : int
        Not negative; everything follows from it.
    orders_per_customer : float
        Mean number of orders per customer record, over the whole period.
    """

    def __init__(self, customers: int, seed: int, orders_per_customer: float) -> None:
        self._customers = customers
        self._seed = seed
        self._orders_per_customer = orders_per_customer
        self._next = dict.fromkeys(KEYS, 1)
        self._catalogue: Catalogue = make_catalogue(np.random.default_rng([seed, 0]))

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return -(-self._customers // CHUNK_CUSTOMERS)

    def __iter__(self) -> Iterator[tuple[int, dict[str, Batch]]]:
        """Yield the number of customers and the rows of all tables, chunk by chunk."""
        self._next = dict.fromkeys(KEYS, 1)
        products = self._catalogue.table()
        for chunk in range(self.chunks):
            customers = min(CHUNK_CUSTOMERS, self._customers - chunk * CHUNK_CUSTOMERS)
            rng = np.random.default_rng([self._seed, 1 + chunk])
            copies = copies_for(customers)
            tables = self._sound_tables(rng, customers - dirty_customers(copies), products)
            batches = add_dirt(rng, tables, copies, self._take)
            # Duplicates use no number of their own; skip them, so that chunks never overlap.
            self._next["customers"] = (chunk + 1) * CHUNK_CUSTOMERS + 1
            batches["products"] = Batch(products if chunk == 0 else products.slice(0, 0), [])
            yield customers, batches

    def _take(self, table: str, count: int) -> int:
        """Reserve ids of a table and return the first number."""
        first = self._next[table]
        self._next[table] += count
        return first

    def _sound_tables(
        self, rng: Generator, customers: int, products: pa.Table
    ) -> dict[str, pa.Table]:
        """Generate the rows of one chunk that have no planted defect."""
        product_ids = products["product_id"].combine_chunks()
        population = make_population(rng, customers - extra_records(customers))
        records = make_records(rng, population, customers, self._take("customers", customers))
        contacts = make_contacts(rng, population, records)
        wanted = self._orders_per_customer * customers
        orders = make_orders(
            rng,
            population,
            records,
            contacts,
            orders_wanted=wanted,
            first_number=self._next["orders"],
        )
        items = make_items(rng, population, self._catalogue, orders)
        tables = {
            "customers": customers_table(rng, population, records),
            "orders": orders_table(rng, population, records, orders, items),
            "order_items": items_table(items, orders, product_ids, self._next["order_items"]),
            "refunds": refunds_table(rng, population, orders, items, self._next["refunds"]),
            "web_events": web_events_table(
                rng,
                population=population,
                records=records,
                catalogue=self._catalogue,
                orders=orders,
                items=items,
                products=product_ids,
                first_number=self._next["web_events"],
            ),
            "interactions": interactions_table(
                rng, population, records, self._next["interactions"]
            ),
            "feedback": feedback_table(rng, population, records, orders, self._next["feedback"]),
            "campaign_contacts": contacts_table(
                rng, contacts, records, self._next["campaign_contacts"]
            ),
            "consents": consents_table(rng, population, records),
            "erasure_requests": erasures_table(rng, records),
        }
        for name, table in tables.items():
            if name in KEYS and name != "customers":
                self._take(name, len(table))
        return tables
