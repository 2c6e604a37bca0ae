"""Publishing to PostgreSQL: all marts of one build in one transaction.

Readers see the publication before or this one, with a transaction in REPEATABLE READ all the time.
No reader waits, except for a table whose columns change.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import psycopg2
from psycopg2 import errors, sql
from psycopg2.extras import execute_values

from strata.postgres import Server
from strata.publish import postgres_rows, postgres_table, publications
from strata.publish.build import Build, Mart
from strata.publish.errors import PublishError
from strata.publish.postgres_session import open_session
from strata.publish.postgres_table import Changes, Table, postgres_columns
from strata.publish.publications import Publication

READERS: Final = "strata_reader"
"""The role that may read what is published, and nothing else through this."""
WAIT: Final = 60.0
"""Seconds that a publication waits for readers of a table whose columns change."""
PAUSE: Final = 0.1


def publish_to_postgres(
    build: Build, publication: Publication, server: Server, done: Callable[[int], None]
) -> None:
    """Publish a build to a PostgreSQL database.

    Parameters
    ----------
    build : Build
        What is published.
    publication : Publication
        The row of `publications`.
    server : Server
        The database.
    done : callable
        Called with the number of rows after each mart.

    Raises
    ------
    PublishError
        If it cannot be done; then nothing is changed.
    """
    postgres_rows.prepare(build.connection)
    tables = {mart.name: _table(build, mart) for mart in build.marts}
    with open_session(server) as connection:
        cursor = connection.cursor()
        cursor.execute("set lock_timeout = %s", (f"{WAIT:.0f}s",))
        _lock_out_others(cursor, build.schema)
        _make_schema(cursor, build.schema)
        record = _table_of_publications(build.schema)
        steps = _prepare(cursor, build.schema, [*tables.values(), record])
        for mart in build.marts:
            postgres_rows.replace_rows(cursor, build, mart, tables[mart.name])
            done(mart.row_count)
        for step in steps:
            postgres_table.finish(cursor, step.table, step.oid, step.change.is_key_added)
        cursor.execute(sql.SQL("select max(published_at) from {}").format(record.identifier))
        ((last,),) = cursor.fetchall()
        names = sql.SQL(", ").join(sql.Identifier(it.name) for it in publications.COLUMNS)
        execute_values(
            cursor,
            sql.SQL("insert into {} ({}) values %s").format(record.identifier, names),
            publication.after(last).rows(build),
        )
        _grant(cursor, build.schema, steps)
        connection.commit()
        connection.autocommit = True
        _vacuum(cursor, steps)


def _vacuum(cursor: Any, steps: list["_Step"]) -> None:
    """Free the room of the old rows; it is published already, and the server does so itself."""
    with suppress(psycopg2.Error):
        for step in steps:
            cursor.execute(sql.SQL("vacuum (analyze) {}").format(step.table.identifier))


@dataclass(frozen=True)
class _Step:
    table: Table
    oid: int
    change: Changes


def _table(build: Build, mart: Mart) -> Table:
    columns = postgres_columns(mart.columns, mart.name)
    return Table(build.schema, mart.name, mart.comment, mart.key, columns)


def _table_of_publications(schema: str) -> Table:
    return Table(
        schema,
        publications.NAME,
        publications.COMMENT,
        publications.KEY,
        postgres_columns(publications.COLUMNS, publications.NAME),
    )


def _lock_out_others(cursor: Any, schema: str) -> None:
    """Keep other publications out until the connection closes."""
    cursor.execute("select pg_try_advisory_lock(hashtext(%s))", (f"strata publish {schema}",))
    if not cursor.fetchone()[0]:
        raise PublishError(f"another process publishes to the schema {schema} now")


def _make_schema(cursor: Any, schema: str) -> None:
    """Make what is missing of the schema and the role; either may need an administrator."""
    cursor.execute("select 1 from pg_namespace where nspname = %s", (schema,))
    if cursor.fetchone() is None:
        cursor.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
    cursor.execute("select 1 from pg_roles where rolname = %s", (READERS,))
    if cursor.fetchone() is None:
        try:
            cursor.execute(sql.SQL("create role {} nologin").format(sql.Identifier(READERS)))
        except errors.InsufficientPrivilege as error:
            raise PublishError(
                f"the role {READERS} is missing and may not be made here; let an administrator run"
                f" `create role {READERS} nologin`"
            ) from error


def _prepare(cursor: Any, schema: str, tables: list[Table]) -> list[_Step]:
    """Make or alter the tables, and drop those of marts that are no more."""
    names = {table.name for table in tables}
    there = _tables_of(cursor, schema)
    published = _published(cursor, schema) if publications.NAME in there else set()
    if foreign := sorted(names & set(there) - published - {publications.NAME}):
        raise PublishError(
            f"{schema}.{foreign[0]} was not made by `strata publish`; publish to another database"
            " than the one that dbt builds in, or with another STRATA_SCHEMA_PREFIX"
        )
    retired = sorted(published & set(there) - names)
    known = {
        table.name: postgres_table.changes(cursor, table, there[table.name])
        for table in tables
        if table.name in there
    }
    altered = [name for name, change in known.items() if change.is_any]
    _wait_for_readers(cursor, schema, [*retired, *altered])
    for name in retired:
        cursor.execute(sql.SQL("drop table {}").format(sql.Identifier(schema, name)))
    for table in tables:
        if table.name in known:
            postgres_table.alter(cursor, table, known[table.name])
        else:
            postgres_table.create(cursor, table)
    there = _tables_of(cursor, schema)
    return [
        _Step(
            table,
            there[table.name],
            known.get(table.name, Changes(is_key_added=bool(table.key))),
        )
        for table in tables
    ]


def _tables_of(cursor: Any, schema: str) -> dict[str, int]:
    """Return all that has columns in a schema, by name."""
    cursor.execute(
        "select relname, pg_class.oid from pg_class"
        " inner join pg_namespace on relnamespace = pg_namespace.oid"
        " where nspname = %s and relkind in ('r', 'p', 'v', 'm', 'f')",
        (schema,),
    )
    return dict(cursor.fetchall())


def _published(cursor: Any, schema: str) -> set[str]:
    """Return the marts of the last publication there."""
    cursor.execute(
        sql.SQL(
            "select mart_name from {0} where published_at = (select max(published_at) from {0})"
        ).format(sql.Identifier(schema, publications.NAME))
    )
    return {name for (name,) in cursor.fetchall()}


def _wait_for_readers(cursor: Any, schema: str, names: list[str]) -> None:
    """Lock tables for change, all or none at a time, so that no reader ends in a deadlock."""
    if not names:
        return
    tables = sql.SQL(", ").join(sql.Identifier(schema, name) for name in names)
    give_up = time.monotonic() + WAIT
    cursor.execute("savepoint unlocked")
    while True:
        try:
            cursor.execute(sql.SQL("lock table {} in access exclusive mode nowait").format(tables))
            return
        except errors.LockNotAvailable as error:
            cursor.execute("rollback to savepoint unlocked")
            if time.monotonic() > give_up:
                raise PublishError(
                    f"{', '.join(names)} must change its columns or go, and somebody has read"
                    f" it for {WAIT:.0f} seconds; publish when that is done"
                ) from error
            time.sleep(PAUSE)


def _grant(cursor: Any, schema: str, steps: list[_Step]) -> None:
    """Let readers use the schema and select from its tables, where they may not yet."""
    readers = sql.Identifier(READERS)
    cursor.execute("select has_schema_privilege(%s, %s, 'usage')", (READERS, schema))
    if not cursor.fetchone()[0]:
        cursor.execute(
            sql.SQL("grant usage on schema {} to {}").format(sql.Identifier(schema), readers)
        )
    for step in steps:
        cursor.execute("select has_table_privilege(%s, %s::oid, 'select')", (READERS, step.oid))
        if not cursor.fetchone()[0]:
            cursor.execute(
                sql.SQL("grant select on {} to {}").format(step.table.identifier, readers)
            )
