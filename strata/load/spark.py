"""The raw tables on Spark: views over tables over the files, which stay where they are.

A load makes new tables, checks that the cluster reads them, and replaces the views last: each raw
table is the old or the new one at any time; whoever reads two of them while the views are replaced,
or after that was cut short, or after two loads at once, may have one of each. The tables of earlier
loads, names of files and no rows, are dropped a day later: another load may be about to show them.
All columns of a CSV are texts, null where they are empty; a Parquet file keeps its types.
"""

import os
import re
import socket
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pyhive import exc, hive
from thrift.Thrift import TException

from strata.load.declared import Table
from strata.load.errors import LoadError
from strata.load.files import FORMATS, RawFile, Report, converting, not_found

HOST: Final = ("STRATA_SPARK_HOST", "127.0.0.1")
PORT: Final = ("STRATA_SPARK_PORT", "10000")

CSV: Final = {
    "header": "true",
    "quote": '"',
    "escape": '"',
    "multiLine": "true",
    "mode": "FAILFAST",
}
"""The same CSV as that of DuckDB."""

UNREADABLE: Final = "TIMESTAMP_NS"
"""Type of Parquet that Spark cannot read."""

STAMP: Final = "%Y%m%d%H%M%S%f"
"""Moment of a load in the names of its tables."""
KEPT: Final = timedelta(days=1)
"""No load takes as long."""


def inspect(
    url: str, tables: Sequence[Table], missing: Collection[str], report: Report
) -> list[RawFile]:
    """Let the cluster look at the files of a URL, which may be out of reach from here.

    Parameters
    ----------
    url : str
        Folder of the files, for example s3a://bucket/raw.
    tables : Sequence[Table]
        The declared tables.
    missing : Collection[str]
        Tables that the user does not have: they are empty.
    report : Report
        Is told each table.

    Raises
    ------
    LoadError
        If a file is not there or lacks a column.
    """
    found = []
    with _cursor() as cursor:
        for table in tables:
            file = RawFile(table) if table.name in missing else _inspect_file(cursor, url, table)
            file.check_columns()
            report(table.name, 0)
            found.append(file)
    return found


def load(files: Sequence[RawFile], schema: str, report: Report) -> int:
    """Replace the raw tables by the files.

    Parameters
    ----------
    files : Sequence[RawFile]
        The files, inspected.
    schema : str
        Database of the raw tables; it is made if it is not there.
    report : Report
        Is told the rows of each table.

    Returns
    -------
    int
        Number of rows.

    Raises
    ------
    LoadError
        If the server is not there, or reads the files otherwise than DuckDB does; nothing has
        changed then, unless Spark ends while views are replaced: then load again.
    """
    store = f"{schema}_files"
    total = 0
    began = datetime.now(UTC)
    stamp = began.strftime(STAMP)
    oldest = (began - KEPT).strftime(STAMP)
    with _cursor() as cursor:
        for name in (schema, store):
            cursor.execute(f"create database if not exists {name}")
        # views are listed as tables too; listed later, also those that another load makes now
        tables = _names(cursor, f"show tables in {schema}")
        views = _names(cursor, f"show views in {schema}")
        for file in files:
            if file.table.name in tables - views:
                raise LoadError(
                    f"{schema}.{file.table.name} on Spark is not of strata load: it is a table;"
                    " take another schema with --raw-schema"
                )
        try:
            for file in files:
                name = f"{store}.{file.table.name}_{stamp}"
                rows = _make_table(cursor, name, file) if file.location else 0
                report(file.table.name, rows)
                total += rows
        except BaseException:
            with suppress(exc.Error, TException):
                _drop(cursor, store, files, lambda made: made == stamp)
            raise
        for file in files:
            # `create or replace view` would drop it first: for a moment there would be none
            view = f"{schema}.{file.table.name}"
            query = _select(file, f"{store}.{file.table.name}_{stamp}")
            if file.table.name not in views:
                cursor.execute(f"create view if not exists {view} as {query}")
            cursor.execute(f"alter view {view} as {query}")
        # the views are replaced, so nothing that fails from here on is an error of the load
        with suppress(exc.Error, TException):
            _drop(cursor, store, files, lambda made: made < oldest)
    return total


@contextmanager
def _cursor() -> Iterator[Any]:
    """Connect, and tell the errors of Spark in one line."""
    host, port = os.environ.get(*HOST), os.environ.get(*PORT)
    try:
        # the library would tell it at length
        socket.create_connection((host, int(port)), timeout=10).close()
    except (OSError, ValueError) as error:
        raise LoadError(
            f"no Spark answers at {host}:{port}: {error} (set {HOST[0]}, {PORT[0]})"
        ) from error
    try:
        connection = hive.Connection(host=host, port=int(port), username="strata")
        try:
            yield connection.cursor()
        finally:
            # what was asked of it is done or has failed
            with suppress(exc.Error, TException):
                connection.close()
    except (exc.Error, TException) as error:
        raise LoadError(f"Spark: {_told(error)}") from error


def _inspect_file(cursor: Any, url: str, table: Table) -> RawFile:
    found = []
    for file_format in FORMATS:
        location = f"{url.rstrip('/')}/{table.name}.{file_format}"
        view = f"strata_{table.name}"
        try:
            cursor.execute(
                f"create or replace temporary view {view} using {file_format}"
                f" options ({_options(RawFile(table, location, file_format))})"
            )
        except exc.Error as error:
            if "PATH_NOT_FOUND" not in _told(error):
                raise
            continue
        cursor.execute(f"describe {view}")
        names = tuple(row[0] for row in cursor.fetchall())
        found.append(RawFile(table, location, file_format, names, rows=None))
    if not found:
        raise not_found(url, table)
    if len(found) > 1:
        raise LoadError(f"both {found[0].location} and {found[1].location} exist")
    return found[0]


def _make_table(cursor: Any, name: str, file: RawFile) -> int:
    """Make a table over a file, and return its number of rows."""
    if UNREADABLE in file.types:
        column = file.columns[file.types.index(UNREADABLE)]
        raise LoadError(
            f"{file.location}: Spark reads no nanoseconds; write {column} in microseconds"
        )
    if file.encoding != "utf-8":
        raise LoadError(f"{file.location} is not UTF-8; {converting(Path(file.location).parent)}")
    columns = ", ".join(f"c{position} string" for position in range(len(file.columns)))
    cursor.execute(
        f"create table {name} {f'({columns})' if file.file_format == 'csv' else ''}"
        f" using {file.file_format}"
        f" options ({_options(file)})"
    )
    cursor.execute(f"select count(*) from {name}")
    rows = int(cursor.fetchall()[0][0])
    if file.rows not in (rows, None):
        raise LoadError(
            f"Spark finds {rows:,} rows in {file.location}, not {file.rows:,}: its workers must"
            " see the same file under the same path, and a file of one column no blank lines"
        )
    return rows


def _select(file: RawFile, name: str) -> str:
    """Return the query of the declared columns."""
    cells = []
    for column, position in file.positions().items():
        if position is None:
            cell = "cast(null as string)"
        elif file.file_format == "csv":
            cell = f"nullif(c{position}, '')"
        else:
            cell = f"`{file.columns[position].replace('`', '``')}`"
        cells.append(f"{cell} as {column}")
    return f"select {', '.join(cells)}" + (f" from {name}" if file.location else " where false")


def _names(cursor: Any, query: str) -> set[str]:
    """Return the names of lasting tables or views."""
    cursor.execute(query)
    return {row[1] for row in cursor.fetchall() if not row[2]}


def _drop(
    cursor: Any, store: str, files: Sequence[RawFile], is_chosen: Callable[[str], bool]
) -> None:
    """Drop the tables of loads by their stamps; the files of a table that names a path stay."""
    loaded = {file.table.name for file in files}
    for name in _names(cursor, f"show tables in {store}"):
        table, _, made = name.rpartition("_")
        if table in loaded and is_chosen(made):
            cursor.execute(f"drop table if exists {store}.{name}")


def _options(file: RawFile) -> str:
    given = CSV | {"sep": file.delimiter} if file.file_format == "csv" else {}
    if file.line_end:
        # else it takes all ends of lines for the same, those in the cells too
        given = given | {"lineSep": file.line_end}
    named = given | {"path": file.location}
    return ", ".join(f"{name} {_text(value)}" for name, value in named.items())


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _told(error: Exception) -> str:
    """Return the sentence of Spark in an error, without the calls that led to it."""
    status = getattr(error.args[0], "status", None) if error.args else None
    told = getattr(status, "errorMessage", None) or str(error)
    sentences = re.findall(r"\[[A-Z_.\d]+\] (?!org\.)[^\n]*", told)
    return str((sentences or told.strip().splitlines())[-1]).split(" SQLSTATE")[0]
