"""What the seeds and settings of a project do not know yet of the orders that were imported."""

import csv
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

import duckdb

from strata.load.declared import SETTINGS, package_folder
from strata.load.missing import is_kept
from strata.project import DbtProject

MOST_CODES: Final = 12
"""Most statuses or currencies that are named."""
AS_OF: Final = "STRATA_AS_OF_DATE"
OLD_DAYS: Final = 60
"""From this many days after the last order on, the day of evaluation is worth a word."""


def advice(to: Path, project: Path) -> Iterator[str]:
    """Give a line for each thing to do before a build.

    Parameters
    ----------
    to : Path
        Folder of the raw tables.
    project : Path
        Folder of dbt_project.yml.
    """
    orders = to / "orders.parquet"
    if not orders.exists():
        return
    yield from _unknown_codes(orders, project)
    if is_kept(project):
        settings = (project / SETTINGS).read_text(encoding="utf-8")
        yield from _without_rate(orders, project, DbtProject(project).settings.get("vars") or {})
        yield from _age(orders, settings)


def _unknown_codes(orders: Path, project: Path) -> Iterator[str]:
    """Give what orders have that the seeds do not know: these would be quarantined."""
    for column, name in (("status", "order_statuses"), ("currency", "currencies")):
        rows = _seed(project, name)
        if rows is not None:
            known = {(row.get(column) or "").lower() for row in rows}
            unknown = {it: count for it, count in _codes(orders, column) if it not in known}
            if unknown:
                yield (
                    f"the seed {name} has no row for {_shown(unknown)}: add it, or these are"
                    " quarantined"
                )


def _without_rate(orders: Path, project: Path, variables: dict[str, Any]) -> Iterator[str]:
    """Give the currencies that nothing converts."""
    reporting = str(variables.get("reporting_currency"))
    rates = _seed(project, "exchange_rates") or []
    known = {(row.get(name) or "").lower() for row in rates for name in ("currency", "to_currency")}
    known.add(reporting.lower())
    found = {it.upper(): rows for it, rows in _codes(orders, "currency") if it not in known}
    if found:
        yield (
            f"the seed exchange_rates has no rate for {_shown(found)}: add rates to {reporting}, or"
            " these are quarantined"
        )


def _age(orders: Path, settings: str) -> Iterator[str]:
    """Say so where a build as of today would find that everybody has left long ago."""
    if os.environ.get(AS_OF) or f"env_var('{AS_OF}', '')" not in settings:
        return
    ((last,),) = _query(
        "select try_cast(left(max(cast(ordered_at as varchar)), 10) as date) from read_parquet(?)",
        orders,
    )
    if last and (date.today() - last).days > OLD_DAYS:
        yield (
            f"the last order is of {last}, and a build is as of today: to see customers as they"
            f" were then, put '{last}' for '' at as_of_date in {SETTINGS}, or set {AS_OF}"
        )


def _seed(project: Path, name: str) -> list[dict[str, str]] | None:
    """Read a seed: that of the project replaces that of the package."""
    for folder in (project, package_folder(project)):
        for path in sorted((folder / "seeds").rglob(f"{name}.csv")):
            with path.open(newline="", encoding="utf-8-sig", errors="replace") as stream:
                return list(csv.DictReader(stream))
    return None


def _codes(orders: Path, column: str) -> list[tuple[str, int]]:
    return _query(
        f"select lower({column}) as code, count(*) from read_parquet(?)"
        " where code is not null group by code order by code",
        orders,
    )


def _query(sql: str, orders: Path) -> list[Any]:
    with duckdb.connect() as connection:
        return connection.execute(sql, [str(orders)]).fetchall()


def _shown(codes: dict[str, int]) -> str:
    # many are no codes, but perhaps names of persons
    if len(codes) > MOST_CODES:
        return f"{len(codes):,} texts"
    return ", ".join(f"{code} ({rows:,} orders)" for code, rows in codes.items())
