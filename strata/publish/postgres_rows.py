"""Rows from DuckDB to PostgreSQL: PostgreSQL's own binary form, through a pipe."""

import os
import threading
from importlib.resources import files
from typing import Any, Final

import duckdb
from psycopg2 import errors, sql

from strata.publish.build import Build, Mart
from strata.publish.errors import PublishError
from strata.publish.postgres_table import Table
from strata.sql import identifier, literal

EXTENSION: Final = "postgres_scanner"
"""It writes the format ``postgres_binary``; out of the pinned package, so nothing is downloaded."""
CHUNK: Final = 1 << 16


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Load the extension of DuckDB that writes PostgreSQL's binary form."""
    package = files(f"duckdb_extension_{EXTENSION}")
    file = package / "extensions" / f"v{duckdb.__version__}" / f"{EXTENSION}.duckdb_extension"
    connection.execute(f"load {literal(str(file))}")


def replace_rows(cursor: Any, build: Build, mart: Mart, table: Table) -> None:
    """Replace the rows of a table by those of a mart.

    Raises
    ------
    PublishError
        If the rows cannot be read, or do not all arrive.
    """
    cursor.execute(sql.SQL("delete from {}").format(table.identifier))
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
    statement = sql.SQL("copy {} ({}) from stdin (format binary)").format(table.identifier, columns)
    sender = _Sender(build, mart)
    try:
        with os.fdopen(sender.read_end, "rb") as rows:
            sender.start()
            cursor.copy_expert(statement, rows, CHUNK)
    except errors.BadCopyFileFormat:
        # the rows ended too early
        if not sender.failed():
            raise
    finally:
        # this end of the pipe is closed, so the thread ends, whatever happened here
        sender.join()
    if sender.failed():
        raise PublishError(f"{mart.name} cannot be read: {sender.error}")
    if cursor.rowcount != mart.row_count:
        raise PublishError(f"{mart.name} came out with {cursor.rowcount} of {mart.row_count} rows")


class _Sender(threading.Thread):
    """Writes the rows of a mart into a pipe, which ends with the last row or with an error."""

    def __init__(self, build: Build, mart: Mart) -> None:
        super().__init__(daemon=True)
        self.read_end, self._write_end = os.pipe()
        self._cursor = build.connection.cursor()
        columns = ", ".join(identifier(column.name) for column in mart.columns)
        self._statement = (
            f"copy (select {columns} from {build.table(mart)}) to '/dev/fd/{self._write_end}'"
            " (format postgres_binary, use_tmp_file false)"
        )
        self.error: str | None = None

    def failed(self) -> bool:
        """Wait for the end and tell whether it was an error."""
        self.join()
        return self.error is not None

    def run(self) -> None:
        try:
            self._cursor.execute(self._statement)
        except duckdb.Error as error:
            self.error = str(error).splitlines()[0]
        finally:
            os.close(self._write_end)
            self._cursor.close()
