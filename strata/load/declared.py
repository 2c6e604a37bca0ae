"""The raw tables as models/staging/_sources.yml declares them."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from strata.load.errors import LoadError
from strata.project import DbtProject

DECLARATION: Final = Path("models/staging/_sources.yml")
SETTINGS: Final = Path("dbt_project.yml")
PACKAGES: Final = "dbt_packages"
LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same in C, where PyYAML has it: half a second less."""


@dataclass(frozen=True)
class Table:
    """A raw table.

    Attributes
    ----------
    name : str
        Name of the table, and of its file.
    is_required : bool
        True if it may not be missing.
    columns : tuple[str, ...]
        Its columns, all of them, in order.
    required_columns : frozenset[str]
        Columns that its file must have; others are null if they are not there.
    """

    name: str
    is_required: bool
    columns: tuple[str, ...]
    required_columns: frozenset[str]


def package_folder(project: Path) -> Path:
    """Return the folder of Strata's dbt files: the project, or the package that dbt put into it.

    Raises
    ------
    LoadError
        If there are none.
    """
    if (project / DECLARATION).exists():
        return project
    if not (project / SETTINGS).exists():
        raise LoadError(
            f"there is no {SETTINGS} here: run it in the folder that has it (strata init makes one)"
        )
    package = DbtProject(project).package
    if not (package / DECLARATION).exists():
        raise LoadError(f"there is no {package}: run dbt deps, which puts Strata into the project")
    return package


def read_declaration(project: Path) -> dict[str, Any]:
    """Read `models/staging/_sources.yml`, that of the package in a project that has one.

    Raises
    ------
    LoadError
        If the folder is no project.
    """
    path = package_folder(project) / DECLARATION
    declared: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)
    return declared


def read_tables(project: Path) -> list[Table]:
    """Read the declarations of a project.

    Raises
    ------
    LoadError
        If the folder is no project.
    """
    declared = read_declaration(project)
    return [table_of(node) for source in declared["sources"] for node in source["tables"]]


def check_missing(tables: Collection[Table], missing: Collection[str]) -> None:
    """Check the names of the tables that the user does not have.

    Raises
    ------
    LoadError
        If there is no such table, or it is required.
    """
    known = {table.name: table for table in tables}
    for name in missing:
        if name not in known:
            raise LoadError(f"missing sources: there is no raw table '{name}'")
        if known[name].is_required:
            raise LoadError(
                f"the raw table {name} is required: take it out of the missing sources, and give"
                " the folder that has it"
            )


def table_of(node: dict[str, Any]) -> Table:
    """Return a table as it is declared: its `name`, `columns` and `config`."""
    columns: list[dict[str, Any]] = node["columns"]
    needed = [name["name"] for name in columns if {"required", "key"} & _meta(name).keys()]
    return Table(
        name=node["name"],
        is_required=bool(_meta(node).get("required")),
        columns=tuple(column["name"] for column in columns),
        required_columns=frozenset(needed),
    )


def _meta(node: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = node.get("config", {}).get("meta", {})
    return found
