"""``strata check``: whether a build can start here, told in one line before dbt starts."""

import os
from pathlib import Path
from typing import Final

import psycopg2

from strata.errors import UserError, reason
from strata.postgres import VARIABLES, Server, first_line
from strata.warehouse import check_warehouse, warehouse_path

TARGETS: Final = ("duckdb", "postgres", "spark")
LOGS: Final = ("DBT_LOG_PATH", "logs")
FOLDERS: Final = (LOGS, ("DBT_TARGET_PATH", "target"))
"""What dbt writes beside the warehouse: the variable of each folder, and its default."""


def check_folders(project: Path) -> None:
    """Check that dbt can write its folders, where its own words are a stack trace.

    Raises
    ------
    UserError
        If not, with the variable that names another.
    """
    for variable, default in FOLDERS:
        folder = project / (os.environ.get(variable) or default)
        try:
            # a log may hold what an engine says of a row
            mode = 0o700 if (variable, default) == LOGS else 0o777
            folder.mkdir(mode=mode, parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"{folder} cannot be made: {reason(error)}; {variable} says where"
            ) from error
        if not os.access(folder, os.W_OK | os.X_OK):
            raise UserError(f"{folder} cannot be written: you may not; set {variable} to another")


def check() -> None:
    """Check that dbt can start: the target, the warehouse, the folders that it writes."""
    target = os.environ.get("STRATA_TARGET", TARGETS[0])
    if target not in TARGETS:
        raise UserError(f"STRATA_TARGET must be {', '.join(TARGETS)}, not '{target}'")
    if not Path("dbt_project.yml").exists():
        raise UserError("there is no dbt_project.yml here: run it in the folder that has it")
    check_folders(Path())
    if target == "duckdb":
        path = warehouse_path()
        if not os.environ.get("STRATA_DUCKDB_PATH"):
            path.parent.mkdir(exist_ok=True)
        check_warehouse(path)
    elif target == "postgres":
        try:
            Server.of_environment().connect("strata check").close()
        except psycopg2.OperationalError as error:
            raise UserError(f"{first_line(error)} (set {VARIABLES})") from error
