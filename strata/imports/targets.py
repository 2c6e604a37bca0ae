"""The raw tables that are written, as models/staging/_sources.yml declares them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from strata.load.declared import read_declaration, table_of


@dataclass(frozen=True)
class Column:
    """A column of a raw table.

    Attributes
    ----------
    data_type : str
        Its type: text, decimal(18, 2), decimal(18, 6), integer, boolean, date or timestamp.
    minimum, maximum : str
        What is plausible; blank where nothing is said.
    names_a_person : bool
        True if a masked value (`138****1234`) in it would be taken for a person.
    """

    data_type: str
    minimum: str
    maximum: str
    names_a_person: bool


@dataclass(frozen=True)
class Target:
    """A raw table.

    Attributes
    ----------
    columns : dict[str, Column]
        Its columns, in order.
    required : tuple[str, ...]
        Those that must be there.
    """

    columns: dict[str, Column]
    required: tuple[str, ...]


def read_targets(project: Path) -> dict[str, Target]:
    """Read the raw tables of a project.

    Raises
    ------
    LoadError
        If the folder is no project.
    """
    nodes = [it for source in read_declaration(project)["sources"] for it in source["tables"]]
    return {node["name"]: _target(node) for node in nodes}


def read_blanks(project: Path) -> list[str]:
    """Return the texts that say that there is no value."""
    found: list[str] = read_declaration(project)["sources"][0]["config"]["meta"]["blanks"]
    return found


def _target(node: dict[str, Any]) -> Target:
    columns = {}
    for column in node["columns"]:
        meta = column.get("config", {}).get("meta", {})
        columns[column["name"]] = Column(
            column["data_type"],
            str(meta.get("minimum", "")),
            str(meta.get("maximum", "")),
            bool(meta.get("personal")) or column["name"] == "customer_id",
        )
    table = table_of(node)
    return Target(columns, tuple(it for it in table.columns if it in table.required_columns))
