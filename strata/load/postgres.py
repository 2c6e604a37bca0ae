"""The raw tables on PostgreSQL: one transaction of `COPY`, so that readers see the old or the new.

Rows are deleted, not truncated: a truncated table is empty for a transaction that began before.
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from typing import Any, Final

import duckdb
import psycopg2
import pyarrow as pa
from psycopg2 import sql
from pyarrow import csv

from strata.load.errors import LoadError
from strata.load.files import RawFile, Report
from strata.postgres import VARIABLES, Server, first_line

BATCH_ROWS: Final = 50_000
READ_BYTES: Final = 1 << 20
UNQUOTED_NULLS: Final = csv.WriteOptions(include_header=False, quoting_style="all_valid")


class _Rows:
    """What `COPY` reads: record batches as CSV, a null being an empty cell without quotes."""

    def __init__(self, name: str, batches: Iterator[pa.RecordBatch], report: Report):
        self._name = name
        self._batches = batches
        self._report = report
        self._bytes = io.BytesIO()

    def read(self, size: int = -1) -> bytes:
        """Return some more bytes, none at the end."""
        while not (found := self._bytes.read(size)):
            batch = next(self._batches, None)
            if batch is None:
                return b""
            self._bytes = io.BytesIO()
            csv.write_csv(batch, self._bytes, UNQUOTED_NULLS)
            self._bytes.seek(0)
            self._report(self._name, batch.num_rows)
        return found


def load(files: Sequence[RawFile], schema: str, report: Report) -> int:
    """Replace the raw tables by the rows of the files.

    Parameters
    ----------
    files : Sequence[RawFile]
        The files, inspected.
    schema : str
        Schema of the raw tables; it is made if it is not there.
    report : Report
        Is told the rows that are copied.

    Returns
    -------
    int
        Number of rows.

    Raises
    ------
    LoadError
        If the server is not there or refuses something, or a file has changed since it was read;
        the raw tables have not changed then.
    """
    try:
        with closing(_connect()) as connection, duckdb.connect() as reader:
            with connection, connection.cursor() as cursor:
                # a second load waits for this one, as it would add its rows to these
                cursor.execute("select pg_advisory_xact_lock(hashtext(%s))", [f"strata {schema}"])
                _run(cursor, "create schema if not exists {}", schema)
                rows = 0
                for file in files:
                    _make(cursor, schema, file)
                    rows += _copy(cursor, reader, schema, file, report)
            connection.autocommit = True
            # the rows are there, so nothing that fails from here on is an error of the load
            with suppress(psycopg2.Error), connection.cursor() as cursor:
                for file in files:
                    # the room of the old rows is that of the next load
                    _run(cursor, "vacuum (analyze) {}.{}", schema, file.table.name)
            return rows
    except psycopg2.Error as error:
        told = error.diag.message_primary or str(error)
        raise LoadError(f"PostgreSQL: {' '.join(told.split())}") from error
    except duckdb.Error as error:
        raise LoadError(f"a file has changed since it was read: {first_line(error)}") from error


def _connect() -> Any:
    try:
        return Server.of_environment().connect("strata load")
    except psycopg2.OperationalError as error:
        raise LoadError(f"{first_line(error)} (set {VARIABLES})") from error


def _make(cursor: Any, schema: str, file: RawFile) -> None:
    """Make a table of texts, or add the columns that it lacks; views may depend on it."""
    name = file.table.name
    _run(cursor, "create table if not exists {}.{} ()", schema, name)
    cursor.execute(
        "select column_name, data_type from information_schema.columns"
        " where table_schema = %s and table_name = %s",
        [schema, name],
    )
    present = dict(cursor.fetchall())
    for column in file.table.columns:
        if column not in present:
            _run(cursor, "alter table {}.{} add column {} text", schema, name, column)
        elif present[column] != "text":
            raise LoadError(
                f"{schema}.{name} on PostgreSQL is not of strata load: its column {column} is"
                f" {present[column]}, not text; take another schema with --raw-schema"
            )


def _copy(
    cursor: Any, reader: duckdb.DuckDBPyConnection, schema: str, file: RawFile, report: Report
) -> int:
    name = file.table.name
    _run(cursor, "delete from {}.{}", schema, name)
    if not file.location:
        return 0
    # times with a zone are told in UTC
    reader.execute("set TimeZone = 'UTC'")
    batches = reader.execute(file.texts()).to_arrow_reader(BATCH_ROWS)
    columns = sql.SQL(", ").join(sql.Identifier(column) for column in file.table.columns)
    place = sql.Identifier(schema, name)
    copy = sql.SQL("copy {} ({}) from stdin (format csv)").format(place, columns)
    rows = _Rows(name, iter(batches), report)
    cursor.copy_expert(copy.as_string(cursor), rows, READ_BYTES)
    return int(cursor.rowcount)


def _run(cursor: Any, statement: str, *names: str) -> None:
    cursor.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))
