"""Publishing to a DuckDB file: written beside the served one, then renamed over it.

Readers keep the file that they have open; who opens it next has the new one. A process that ends
half-way leaves a file that nobody reads and that the next publication removes.

The file has no primary keys: DuckDB keeps one by an index, which made a table of two keys and three
values three times as large and took 1.6 GB of memory for 23 million rows, and the tests of the
build have proved the keys. `publications` names them.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from typing import Final

import duckdb

from strata.errors import reason
from strata.publish import publications
from strata.publish.build import Build, Column
from strata.publish.errors import PublishError
from strata.publish.publications import Publication
from strata.sql import identifier, literal
from strata.unfinished import alone_in
from strata.warehouse import plain

SERVED: Final = "served"
EARLIER: Final = "earlier"
READ_ONLY: Final = 0o444
"""DuckDB locks out all others from a file that somebody may write."""


def publish_to_file(
    build: Build, publication: Publication, path: Path, done: Callable[[int], None]
) -> None:
    """Publish a build to a DuckDB file.

    Parameters
    ----------
    build : Build
        What is published.
    publication : Publication
        The row of `publications`.
    path : Path
        The file that readers open; its folder is made if it is not there.
    done : callable
        Called with the number of rows after each mart.

    Raises
    ------
    PublishError
        If the file is not one that was published, or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with alone_in(path.parent, "publishes to"):
            written = path.with_name(f".{path.name}.publishing")
            _remove(written)
            try:
                _write(build, publication, path, written, done)
                _replace(written, path)
            except BaseException:
                with suppress(duckdb.Error):
                    build.connection.execute(f"detach database if exists {SERVED}")
                _remove(written)
                raise
    except duckdb.Error as error:
        raise PublishError(f"{path} cannot be written: {plain(error)}") from error
    except OSError as error:
        raise PublishError(f"{path} cannot be written: {reason(error)}") from error


def _remove(written: Path) -> None:
    for path in (written, Path(f"{written}.wal")):
        path.unlink(missing_ok=True)
    rmtree(f"{written}.tmp", ignore_errors=True)


def _write(
    build: Build, publication: Publication, path: Path, written: Path, done: Callable[[int], None]
) -> None:
    connection = build.connection
    connection.execute(f"attach {literal(written)} as {SERVED}")
    connection.execute(f"create schema {identifier(SERVED, build.schema)}")
    for mart in build.marts:
        table = identifier(SERVED, build.schema, mart.name)
        connection.execute(f"create table {table} as from {build.table(mart)}")
        _comment(connection, table, mart.comment, mart.columns)
        ((count,),) = connection.execute(f"select count(*) from {table}").fetchall()
        if count != mart.row_count:
            raise PublishError(f"{mart.name} came out with {count} of {mart.row_count} rows")
        done(count)
    _write_publications(build, publication, path)
    connection.execute(f"checkpoint {SERVED}")
    connection.execute(f"detach {SERVED}")


def _write_publications(build: Build, publication: Publication, path: Path) -> None:
    connection = build.connection
    table = identifier(SERVED, build.schema, publications.NAME)
    columns = ", ".join(f"{column.name} {column.data_type}" for column in publications.COLUMNS)
    connection.execute(f"create table {table} ({columns})")
    if path.exists():
        earlier = identifier(EARLIER, build.schema, publications.NAME)
        try:
            connection.execute(f"attach {literal(path)} as {EARLIER} (read_only)")
            connection.execute(f"insert into {table} by name from {earlier}")
        except duckdb.Error as error:
            raise PublishError(
                f"{path} is not what was published before ({plain(error)}); move it away"
            ) from error
        connection.execute(f"detach {EARLIER}")
    marks = ", ".join("?" for _ in publications.COLUMNS)
    ((last,),) = connection.execute(f"select max(published_at) from {table}").fetchall()
    rows = publication.after(last).rows(build)
    connection.executemany(f"insert into {table} values ({marks})", rows)
    _comment(connection, table, publications.COMMENT, publications.COLUMNS)


def _comment(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    comment: str | None,
    columns: tuple[Column, ...],
) -> None:
    connection.execute(f"comment on table {table} is {literal(comment)}")
    for column in columns:
        name = f"{table}.{identifier(column.name)}"
        connection.execute(f"comment on column {name} is {literal(column.comment)}")


def _replace(written: Path, path: Path) -> None:
    """Let the file be the served one; after a loss of power too, it is the old or the new."""
    written.chmod(READ_ONLY)
    _flush(written)
    written.replace(path)
    _flush(path.parent)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
