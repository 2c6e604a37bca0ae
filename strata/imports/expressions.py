"""Expressions of a mapping: DuckDB parses them; what they name is checked before a file is read."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import duckdb

from strata.imports.macros import CHECKED, ORDERED

ROW: Final = "source_row"
"""The number of a line of a source, from 1 on, without its header."""

Node = dict[str, Any]


class ExpressionError(Exception):
    """An expression is wrong; the message says why."""


class Expressions:
    """What reads expressions.

    Parameters
    ----------
    connection : DuckDBPyConnection
        What parses them.
    constants : Mapping[str, str]
        Names that stand for a value, and its SQL.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, constants: Mapping[str, str]):
        self._connection = connection
        self._constants = {name: self.parse(sql) for name, sql in constants.items()}
        found = connection.execute(
            "select distinct function_name from duckdb_functions()"
            " where function_type = 'aggregate'"
        ).fetchall()
        self._aggregates = {name for (name,) in found} | {"count_star", "first_of"}

    def parse(self, text: str) -> Node:
        """Parse one expression.

        Raises
        ------
        ExpressionError
            If it is none, or more than an expression.
        """
        asked = self._connection.execute(
            "select json_serialize_sql(?)", [f"select ({text}\n)"]
        ).fetchone()
        assert asked is not None
        read = json.loads(asked[0])
        if read["error"]:
            raise ExpressionError(f"it is no expression of DuckDB: {read['error_message']}")
        statements = read["statements"]
        node = statements[0]["node"]
        is_one = (
            len(statements) == 1
            and len(node.get("select_list", ())) == 1
            and node["from_table"]["type"] == "EMPTY"
            and not node["modifiers"]
            and node["where_clause"] is None
        )
        if not is_one:
            raise ExpressionError("it must be one expression")
        found: Node = node["select_list"][0]
        if any(it.get("class") in ("SUBQUERY", "STAR") for it in _nodes(found)):
            raise ExpressionError("an expression names its columns: no * and no select in it")
        return found

    def sql(self, node: Node) -> str:
        """Return the SQL of an expression."""
        empty = {"type": "EMPTY", "alias": "", "sample": None, "query_location": 0}
        select: Node = {
            "type": "SELECT_NODE",
            "modifiers": [],
            "cte_map": {"map": []},
            "select_list": [node],
            "from_table": empty,
            "where_clause": None,
            "group_expressions": [],
            "group_sets": [],
            "aggregate_handling": "STANDARD_HANDLING",
            "having": None,
            "sample": None,
            "qualify": None,
        }
        whole = {"error": False, "statements": [{"node": select, "named_param_map": []}]}
        made = self._connection.execute(
            "select json_deserialize_sql(cast(? as json))", [json.dumps(whole)]
        ).fetchone()
        assert made is not None
        return str(made[0]).removeprefix("SELECT ")

    def with_rows(self, text: str, *, checked: bool, grouped: bool) -> str:
        """Return an expression whose macros are told the row, and that has its constants.

        Parameters
        ----------
        text : str
            The expression.
        checked : bool
            True if also the macros that refuse a cell are to say which row it is in.
        grouped : bool
            True if it makes one row of several.
        """
        names = ORDERED | CHECKED if checked else ORDERED
        node = self.parse(text)

        def tell(it: Node, is_inside: bool) -> None:
            name = str(it.get("function_name", "")).lower()
            inside = is_inside or name in self._aggregates
            for child in _children(it):
                tell(child, inside)
            for constant in _named(it):
                if constant in self._constants:
                    it.clear()
                    it.update(self._constants[constant])
            if it.get("class") == "FUNCTION" and name in names:
                row = "source_row" if inside or not grouped else "min(source_row)"
                it["children"].append(self.parse(row))

        tell(node, False)
        return self.sql(node)

    def functions(self, text: str) -> set[str]:
        """Return the functions that an expression calls."""
        return {str(it.get("function_name", "")).lower() for it in _nodes(self.parse(text))}

    def needs_rows(self, text: str) -> bool:
        """Tell whether an expression goes by the order of the lines."""
        return any(
            str(it.get("function_name", "")).lower() in ORDERED or ROW in _named(it)
            for it in _nodes(self.parse(text))
        )

    def refusing(self, text: str) -> list[tuple[str, list[str]]]:
        """Return each part of an expression that may refuse a cell, and the columns it reads."""
        found = []
        for it in _nodes(self.parse(text)):
            if str(it.get("function_name", "")).lower() in CHECKED:
                found.append((self.sql(it), columns(it)))
        # what is inside comes first
        return found[::-1]


def columns(node: Node) -> list[str]:
    """Return the names of the columns that an expression reads, each once."""
    own = {
        name
        for it in _nodes(node)
        if it.get("class") == "LAMBDA"
        for name in columns(it.get("lhs") or {})
    }
    found = [name for it in _nodes(node) for name in _named(it)]
    return [name for name in dict.fromkeys(found) if name not in own]


def _named(node: Node) -> list[str]:
    return node["column_names"][-1:] if node.get("class") == "COLUMN_REF" else []


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in _children(node):
        yield from _nodes(child)


def _children(node: Any) -> Iterator[Node]:
    for value in node.values() if isinstance(node, dict) else node:
        if isinstance(value, dict):
            if "class" in value:
                yield value
            else:
                yield from _children(value)
        elif isinstance(value, list):
            yield from (
                found
                for it in value
                if isinstance(it, dict)
                for found in ([it] if "class" in it else _children(it))
            )


def plainly(error: duckdb.Error) -> str:
    """Return what DuckDB says of an expression, in one line."""
    told = str(error).partition("\n\n")[0].replace("\n", " ")
    return told.partition(": ")[2] or told
