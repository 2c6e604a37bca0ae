"""A published table in PostgreSQL, changed in place.

A transaction that began before a publication must see the rows of then until it ends. PostgreSQL
keeps old rows for it, but no old tables: after DROP and CREATE, TRUNCATE or a change of a column's
type it would find an empty table. So rows are deleted and inserted, and columns dropped and added,
which leaves the old rows where they are.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from psycopg2 import sql

from strata.publish.build import Column
from strata.publish.errors import PublishError

TYPES: Final = {
    "BOOLEAN": "boolean",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "DOUBLE": "double precision",
    "VARCHAR": "text",
    "DATE": "date",
    "TIMESTAMP": "timestamp without time zone",
}
"""Types of PostgreSQL by those of DuckDB, whose binary form is the same; decimals keep theirs."""

COLUMNS: Final = """
    select attname, format_type(atttypid, atttypmod), col_description(attrelid, attnum)
    from pg_attribute
    where attrelid = %s and attnum > 0 and not attisdropped
    order by attnum
"""
KEY: Final = """
    select conname, array(
        select attname::text
        from unnest(conkey) with ordinality as key (attnum, place)
        inner join pg_attribute on attrelid = conrelid and pg_attribute.attnum = key.attnum
        order by place
    )
    from pg_constraint
    where conrelid = %s and contype = 'p'
"""


@dataclass(frozen=True)
class Table:
    """A table as it shall be.

    Attributes
    ----------
    schema, name : str
        Where it is.
    comment : str or None
        What a row of it is.
    key : tuple of str
        Columns of its primary key; empty without one.
    columns : tuple of Column
        With types of PostgreSQL.
    """

    schema: str
    name: str
    comment: str | None
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def identifier(self) -> sql.Identifier:
        """Return the full name."""
        return sql.Identifier(self.schema, self.name)


@dataclass(frozen=True)
class Changes:
    """What an existing table lacks of what it shall be.

    Attributes
    ----------
    dropped : tuple of str
        Columns that go, also those whose type changes.
    added : tuple of Column
        Columns that come, also those whose type changes.
    dropped_key : str or None
        Constraint that goes.
    is_key_added : bool
        Whether the primary key comes.
    """

    dropped: tuple[str, ...] = ()
    added: tuple[Column, ...] = ()
    dropped_key: str | None = None
    is_key_added: bool = False

    @property
    def is_any(self) -> bool:
        """Tell whether the table must be altered, for which nobody may be reading it."""
        return bool(self.dropped or self.added or self.dropped_key or self.is_key_added)


def postgres_columns(columns: tuple[Column, ...], table: str) -> tuple[Column, ...]:
    """Return columns of DuckDB with types of PostgreSQL.

    Raises
    ------
    PublishError
        If a type has no counterpart.
    """
    return tuple(
        replace(column, data_type=_postgres_type(f"{table}.{column.name}", column.data_type))
        for column in columns
    )


def _postgres_type(name: str, data_type: str) -> str:
    if data_type.startswith("DECIMAL("):
        return data_type.lower().replace("decimal", "numeric")
    if data_type not in TYPES:
        raise PublishError(f"{name} has the type {data_type}, which is not published")
    return TYPES[data_type]


def create(cursor: Any, table: Table) -> None:
    """Make a table without rows; the key comes with `finish`."""
    columns = sql.SQL(", ").join(_definition(column) for column in table.columns)
    cursor.execute(sql.SQL("create table {} ({})").format(table.identifier, columns))


def changes(cursor: Any, table: Table, oid: int) -> Changes:
    """Compare a table of the server with what it shall be."""
    cursor.execute(COLUMNS, (oid,))
    types = {name: data_type for name, data_type, _ in cursor.fetchall()}
    wanted = {column.name: column.data_type for column in table.columns}
    cursor.execute(KEY, (oid,))
    constraint, key = cursor.fetchone() or (None, [])
    dropped = tuple(name for name, data_type in types.items() if wanted.get(name) != data_type)
    is_same_key = tuple(key) == table.key and not set(key) & set(dropped)
    return Changes(
        dropped,
        tuple(column for column in table.columns if types.get(column.name) != column.data_type),
        None if is_same_key else constraint,
        bool(table.key) and not is_same_key,
    )


def alter(cursor: Any, table: Table, change: Changes) -> None:
    """Drop and add columns; the rows that are there get nulls in the new ones."""
    actions = [sql.SQL("drop column {}").format(sql.Identifier(it)) for it in change.dropped]
    actions += [sql.SQL("add column {}").format(_definition(it)) for it in change.added]
    if change.dropped_key:
        key = sql.Identifier(change.dropped_key)
        actions.insert(0, sql.SQL("drop constraint {}").format(key))
    if actions:
        cursor.execute(
            sql.SQL("alter table {} {}").format(table.identifier, sql.SQL(", ").join(actions))
        )


def finish(cursor: Any, table: Table, oid: int, is_key_added: bool) -> None:
    """Give a table its key, and the comments that it has not yet."""
    if is_key_added:
        key = sql.SQL(", ").join(map(sql.Identifier, table.key))
        cursor.execute(sql.SQL("alter table {} add primary key ({})").format(table.identifier, key))
    cursor.execute("select obj_description(%s, 'pg_class')", (oid,))
    if cursor.fetchone()[0] != table.comment:
        cursor.execute(
            sql.SQL("comment on table {} is {}").format(
                table.identifier, sql.Literal(table.comment)
            )
        )
    cursor.execute(COLUMNS, (oid,))
    comments = {name: comment for name, _, comment in cursor.fetchall()}
    for column in table.columns:
        if comments[column.name] != column.comment:
            name = sql.Identifier(table.schema, table.name, column.name)
            cursor.execute(
                sql.SQL("comment on column {} is {}").format(name, sql.Literal(column.comment))
            )


def _definition(column: Column) -> sql.Composed:
    return sql.SQL("{} {}").format(sql.Identifier(column.name), sql.SQL(column.data_type))
