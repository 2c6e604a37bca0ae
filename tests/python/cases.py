"""Cases: small raw tables with a right value beside each, and builds that several of them share."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from conftest import ROOT, Project
from raw_data import OPTIONAL_TABLES, write_csv

FOLDER = Path(__file__).with_name("cases")
Record = Mapping[str, str]
Tables = Mapping[str, Sequence[Record]]
"""Rows of raw tables, by the name of the table; a column that a row lacks is blank."""


def read_case(name: str) -> dict[str, list[dict[str, str]]]:
    """Read the raw tables of a case as texts."""
    tables = {}
    for path in sorted((FOLDER / name).glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            tables[path.stem] = list(csv.DictReader(file))
    return tables


def merged(names: Sequence[str], more: Tables | None = None) -> dict[str, list[dict[str, str]]]:
    """Put cases together whose customers do not meet.

    All other identifiers get the name of their case before them, ``numbers_o1``, for most cases
    have an order o1.
    """
    tables: dict[str, list[dict[str, str]]] = {}
    for name in names:
        for table, rows in read_case(name).items():
            for row in rows:
                own = {
                    column: f"{name}_{text}"
                    if text and column.endswith("_id") and "customer" not in column
                    else text
                    for column, text in row.items()
                }
                tables.setdefault(table, []).append(own)
    for table, added in (more or {}).items():
        tables.setdefault(table, []).extend(dict(row) for row in added)
    known = [row["customer_id"] for row in tables["customers"]]
    twice = {customer for customer in known if known.count(customer) > 1}
    assert not twice or len(names) < 2, f"customers of two cases: {twice}"
    return tables


def write_tables(raw: Path, tables: Tables) -> None:
    """Write raw tables as CSV files, but those that have a Parquet file."""
    for table, rows in tables.items():
        if (raw / f"{table}.parquet").exists():
            continue
        columns = list(dict.fromkeys(column for row in rows for column in row))
        cells = [[row.get(column) for column in columns] for row in rows]
        write_csv(raw / f"{table}.csv", columns, cells)


def build_cases(
    folder: Path,
    *names: str,
    more: Tables | None = None,
    variables: Mapping[str, object] | None = None,
    project: Project | None = None,
    select: Sequence[str] = (),
) -> Project:
    """Build cases together, once, without tests: as of 2026-06-15, in Asia/Shanghai, in CNY.

    Parameters
    ----------
    folder
        Folder for the raw files and the warehouse; a fixture of module scope gives one.
    names
        Folders of ``tests/python/cases`` with equal settings.
    more
        Rows of raw tables beside those of the cases.
    variables
        Vars that are not the default. Tables that no case has are missing sources.
    project
        A copy of the project, where a case needs other seeds; it gets the vars of the case.
    select
        Models to make; all if empty.
    """
    tables = merged(names, more)
    write_tables(folder / "raw", tables)
    built = project or Project(ROOT, folder / "work")
    built.variables |= {
        "raw_path": str(folder / "raw"),
        "missing_sources": [table for table in OPTIONAL_TABLES if table not in tables],
        "as_of_date": "2026-06-15",
        "business_timezone": "Asia/Shanghai",
        "reporting_currency": "CNY",
    } | dict(variables or {})
    built.make(*select)
    return built
