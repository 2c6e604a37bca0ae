"""A complete build in a DuckDB warehouse, as the warehouse itself describes it.

The macros of `macros/run/record_build.sql` note in the schema ``runs`` how the last run ended.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import duckdb

from strata.errors import reason
from strata.publish.errors import PublishError
from strata.sql import identifier, literal
from strata.warehouse import unreadable

BUILD: Final = "build"
"""Name under which the warehouse is attached."""
AGAIN: Final = "publish after a `dbt build` of the whole project"


@dataclass(frozen=True)
class Column:
    """A column of a mart; the type is that of the engine that has it."""

    name: str
    data_type: str
    comment: str | None


@dataclass(frozen=True)
class Mart:
    """A mart of the build.

    Attributes
    ----------
    name : str
        Name of its table.
    comment : str or None
        Description of its model.
    key : tuple of str
        Columns that a test proved to be its key; empty without one.
    columns : tuple of Column
        In the order of the table, with types of DuckDB.
    row_count : int
        Number of rows.
    """

    name: str
    comment: str | None
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    row_count: int


@dataclass(frozen=True)
class Build:
    """A complete build, attached for reading only.

    Attributes
    ----------
    connection : duckdb.DuckDBPyConnection
        Connection in which it is attached as ``build``.
    schema : str
        Schema of the marts, there and where they are published.
    as_of_date : date
        The day at whose end customers were evaluated.
    marts : tuple of Mart
        By name.
    """

    connection: duckdb.DuckDBPyConnection
    schema: str
    as_of_date: date
    marts: tuple[Mart, ...]

    def table(self, mart: Mart) -> str:
        """Return the full name of a mart."""
        return identifier(BUILD, self.schema, mart.name)


@contextmanager
def open_build(path: Path, prefix: str) -> Iterator[Build]:
    """Open the build of a warehouse; nobody can change it meanwhile.

    Parameters
    ----------
    path : Path
        The DuckDB file.
    prefix : str
        Prefix of its schemas.

    Raises
    ------
    PublishError
        If there is no complete build in it.
    """
    try:
        if not path.exists():
            raise PublishError(f"{path} does not exist; {AGAIN}")
    except OSError as error:
        raise PublishError(f"{path} cannot be read: {reason(error)}") from error
    connection = duckdb.connect()
    try:
        _set(connection, "memory_limit", "STRATA_DUCKDB_MEMORY", "8GB")
        _set(connection, "threads", "STRATA_THREADS", "2")
        connection.execute("set preserve_insertion_order = false")
        connection.execute(f"set temp_directory = {literal(f'{path}.tmp')}")
        _attach(connection, path)
        as_of_date = _complete(connection, path, f"{prefix}runs")
        marts = _marts(connection, path, f"{prefix}runs", f"{prefix}marts")
        yield Build(connection, f"{prefix}marts", as_of_date, marts)
    finally:
        connection.close()


def _set(connection: duckdb.DuckDBPyConnection, setting: str, variable: str, default: str) -> None:
    value = os.environ.get(variable) or default
    try:
        connection.execute(f"set {setting} = {literal(value)}")
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise PublishError(f"{variable} must not be '{value}': {reason}") from error


def _attach(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    try:
        connection.execute(f"attach {literal(path)} as {BUILD} (read_only)")
    except duckdb.Error as error:
        raise unreadable(path, error) from error


def _complete(connection: duckdb.DuckDBPyConnection, path: Path, runs: str) -> date:
    """Return the as_of_date of the last run, which must be complete."""
    try:
        last = connection.execute(
            "select command, outcome, reason, as_of_date, started_at"
            f" from {identifier(BUILD, runs, 'builds')} order by started_at desc limit 1"
        ).fetchone()
    except duckdb.CatalogException:
        last = None
    if last is None:
        raise PublishError(f"{path} has no build; {AGAIN}")
    command, outcome, reason, as_of_date, started_at = last
    if outcome == "placeholder":
        raise PublishError(
            f"the build in {path} is not published: {reason}; put your own there (strata calibrate"
            " proposes them), dbt build, and publish"
        )
    if outcome != "complete":
        raise PublishError(
            f"the last run in {path} (dbt {command} at {started_at:%Y-%m-%d %H:%M} UTC)"
            f" is {outcome}: {reason}; {AGAIN}"
        )
    if not isinstance(as_of_date, date):
        raise PublishError(f"{path} does not tell its as_of_date; {AGAIN}")
    return as_of_date


def _marts(
    connection: duckdb.DuckDBPyConnection, path: Path, runs: str, schema: str
) -> tuple[Mart, ...]:
    def rows(sql: str, *parameters: str) -> list[tuple[Any, ...]]:
        return connection.execute(sql, parameters).fetchall()

    try:
        built = rows(
            "select built_marts.mart_name, tables.comment, built_marts.key_columns,"
            " tables.table_name is not null"
            f" from {identifier(BUILD, runs, 'built_marts')} as built_marts"
            " left join duckdb_tables() as tables"
            "  on built_marts.mart_name = tables.table_name"
            "  and tables.database_name = ? and tables.schema_name = ?"
            " order by built_marts.mart_name",
            BUILD,
            schema,
        )
    except duckdb.CatalogException:
        built = []
    if not built:
        raise PublishError(f"the build in {path} has no marts; {AGAIN}")
    if absent := [name for name, _, _, is_there in built if not is_there]:
        raise PublishError(f"the build in {path} has no table {schema}.{absent[0]}; {AGAIN}")
    columns: dict[str, list[Column]] = {name: [] for name, *_ in built}
    for table, *column in rows(
        "select table_name, column_name, data_type, comment from duckdb_columns()"
        " where database_name = ? and schema_name = ? order by table_name, column_index",
        BUILD,
        schema,
    ):
        if table in columns:
            columns[table].append(Column(*column))
    marts = []
    for name, comment, key, _ in built:
        ((count,),) = rows(f"select count(*) from {identifier(BUILD, schema, name)}")
        marts.append(Mart(name, comment, tuple(key or ()), tuple(columns[name]), count))
    return tuple(marts)
