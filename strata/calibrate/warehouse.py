"""The customers of one evaluation date, read from the warehouse."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from strata.calibrate.arrays import Floats
from strata.calibrate.errors import CalibrationError
from strata.project import DbtProject
from strata.sql import identifier, literal
from strata.warehouse import unreadable

MEND: Final = "`dbt build` makes one"
NEAREST: Final = 4
"""Stored dates that are listed if the one asked for is not stored."""

BGNBD: Final = {
    "frequency": "greatest(purchase_days - 1, 0)",
    "recency": "last_order_date - first_order_date",
    "age": "evaluation_date - first_order_date",
    "monetary": (
        "case when purchase_days > 1"
        " then cast(lifetime_net_revenue - first_day_net_revenue as double) / (purchase_days - 1)"
        " else 0 end"
    ),
}
"""Inputs of BG/NBD and Gamma-Gamma, as in the mart customer_lifetime_values; days and money."""


@dataclass(frozen=True)
class Customers:
    """The customers with a lifetime order on an evaluation date, by customer_id.

    Attributes
    ----------
    market : ndarray of str, shape (n,)
        Market of each customer.
    measures : dict of str to ndarray of float, shape (n,)
        Measures as doubles; NaN for null.
    currency : str
        Currency of the measures that are money: the reporting currency of the build.
    """

    market: NDArray[np.str_]
    measures: dict[str, Floats]
    currency: str = ""

    def __len__(self) -> int:
        """Count the customers."""
        return len(self.market)

    def of(self, market: str) -> "Customers":
        """Return the customers of a market; those of all markets for ``*``."""
        return self if market == "*" else self._where(self.market == market)

    def but(self, markets: Iterable[str]) -> "Customers":
        """Return the customers of all other markets."""
        return self._where(~np.isin(self.market, list(markets)))

    def _where(self, kept: NDArray[np.bool_]) -> "Customers":
        return Customers(
            self.market[kept],
            {name: values[kept] for name, values in self.measures.items()},
            self.currency,
        )

    def finite(self, measure: str) -> Floats:
        """Return a measure that has a finite value for every customer.

        Raises
        ------
        CalibrationError
            If it has not.
        """
        values = self.measures[measure]
        wrong = int((~np.isfinite(values)).sum())
        if wrong:
            raise CalibrationError(f"{measure} is missing or not finite for {wrong} customers")
        return values


class Warehouse:
    """A DuckDB warehouse, opened for reading only.

    Parameters
    ----------
    path : Path
        The file.
    prefix : str
        Prefix of its schemas.
    """

    def __init__(self, path: Path, prefix: str) -> None:
        self.path = path
        self.prefix = prefix

    @classmethod
    def of_project(cls, project: DbtProject) -> "Warehouse":
        """Return the warehouse of a project."""
        return cls(project.warehouse(), os.environ.get("STRATA_SCHEMA_PREFIX", ""))

    def table(self, name: str) -> str:
        """Return the full name of a table, whatever schemas the project makes.

        Raises
        ------
        CalibrationError
            If there is none.
        """
        rows = self.query(
            "select schema_name from duckdb_tables() where table_name ="
            f" {literal(name)} and starts_with(schema_name, {literal(self.prefix)})"
            " order by length(schema_name), schema_name"
        )
        if not rows:
            raise CalibrationError(f"cannot read a build ({self.path} has no table {name}); {MEND}")
        return identifier(rows[0][0], name)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query.

        Raises
        ------
        CalibrationError
            If there is no warehouse, or it has no such table or column.
        """
        with self._connection() as connection:
            return connection.execute(sql).fetchall()

    def last_date(self) -> date:
        """Return the last evaluation date.

        Raises
        ------
        CalibrationError
            If there is no build.
        """
        history = self.table("customer_tier_history")
        ((last,),) = self.query(f"select max(evaluation_date) from {history} where is_current")
        if last is None:
            raise CalibrationError(f"the build in {self.path} has no customers")
        if not isinstance(last, date):
            raise CalibrationError(f"evaluation_date is no date in {history} of {self.path}")
        return last

    def reporting_currency(self) -> str:
        """Return the reporting currency of the last build.

        Raises
        ------
        CalibrationError
            If the build does not say it.
        """
        rows = self.query(
            f"select reporting_currency from {self.table('builds')}"
            " order by started_at desc limit 1"
        )
        if not rows or not rows[0][0]:
            raise CalibrationError(
                f"the build in {self.path} does not say its reporting currency;"
                " build it anew with `dbt build`"
            )
        return str(rows[0][0])

    def tiers(self) -> list[str]:
        """Return the codes of the tiers, the highest first."""
        table = self.table("tiers")
        return [
            row[0] for row in self.query(f"select tier_code from {table} order by tier_rank desc")
        ]

    def check_stored(self, as_of: date) -> None:
        """Refuse a date without evaluations, and name the nearest that have them.

        Raises
        ------
        CalibrationError
            If the date is not stored.
        """
        history = self.table("customer_tier_history")
        rows = self.query(f"select distinct evaluation_date from {history} order by 1")
        stored: list[date] = [row[0] for row in rows]
        if as_of in stored:
            return
        nearest = sorted(stored, key=lambda day: (abs((day - as_of).days), day))[:NEAREST]
        days = ", ".join(str(day) for day in sorted(nearest)) or "none"
        raise CalibrationError(f"{as_of} is no stored evaluation date; the nearest are {days}")

    def customers(
        self, as_of: date, measures: Iterable[str], *, are_all: bool = False
    ) -> Customers:
        """Read the customers with a lifetime order on an evaluation date.

        Parameters
        ----------
        as_of : date
            A stored evaluation date.
        measures : iterable of str
            Columns of customer_tier_history, or inputs named in `BGNBD`.
        are_all : bool
            Whether those without an order are read too.

        Raises
        ------
        CalibrationError
            If there is no build with these columns.
        """
        names = list(dict.fromkeys(measures))
        selected = "".join(f", cast({BGNBD.get(name, name)} as double) as {name}" for name in names)
        history = self.table("customer_tier_history")
        present = {row[0] for row in self.query(f"describe {history}")}
        absent = [name for name in names if name not in BGNBD and name not in present]
        if absent:
            raise CalibrationError(
                f"customer_tier_history in {self.path} has no column {absent[0]};"
                " build it anew with `dbt build`"
            )
        chosen = "" if are_all else " and lifetime_orders > 0"
        with self._connection() as connection:
            found = connection.execute(
                f"select market{selected} from {history}"
                f" where evaluation_date = ?{chosen} order by customer_id",
                [as_of],
            ).fetchnumpy()
        return Customers(
            np.asarray(found["market"], dtype=np.str_),
            {name: np.ma.filled(found[name].astype(np.float64), np.nan) for name in names},
            self.reporting_currency(),
        )

    def _connection(self) -> "_Connection":
        return _Connection(self.path)


class _Connection:
    """A connection for reading whose errors are told in one line."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> duckdb.DuckDBPyConnection:
        if not self.path.exists():
            here = Path.cwd()
            path = self.path.relative_to(here) if self.path.is_relative_to(here) else self.path
            raise CalibrationError(f"cannot read a build ({path} does not exist); {MEND}")
        try:
            self.connection = duckdb.connect(str(self.path), read_only=True)
        except duckdb.Error as error:
            raise unreadable(self.path, error) from error
        return self.connection

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.connection.close()
        if isinstance(error, duckdb.Error):
            raise unreadable(self.path, error) from error
