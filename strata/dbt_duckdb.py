"""What dbt-duckdb loads as a plugin (`profiles/profiles.yml`), so that mistakes get one line.

Before DuckDB opens the warehouse, the file is looked at; and the queries of dbt have a function
more, `strata_raw_tables`, by which the start of a run looks at the raw files as `strata load` does.
"""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.flags import get_flags

from strata.errors import UserError
from strata.load.declared import check_missing, table_of
from strata.load.files import inspect
from strata.sql import literal
from strata.warehouse import WarehouseError, check_warehouse, plain

FUNCTION: Final = "strata_raw_tables"
LOG: Final = "dbt.log"
SETTINGS: Final = "settings_of_cursors"
"""Where the settings of the profile are kept; a database may be opened again."""


class Plugin(BasePlugin):
    """Hooks of dbt-duckdb around a connection."""

    def update_connection_config(self, creds: Any, config: dict[str, Any]) -> None:
        """Stop with one line if the warehouse cannot be written; keep the log to its owner."""
        # what an engine says of a row may get there
        with suppress(OSError, AttributeError):
            flags: Any = get_flags()  # type: ignore[no-untyped-call]
            (Path(flags.LOG_PATH) / LOG).chmod(0o600)
        if creds.path != ":memory:" and not creds.is_motherduck:
            check_warehouse(Path(creds.path))
        # dbt-duckdb makes them itself, and lets an error of DuckDB through as a stack trace
        vars(creds).setdefault(SETTINGS, dict(creds.settings or {}))
        creds.settings = {}

    def configure_cursor(self, cursor: Any) -> None:
        """Make the settings of the profile; a database that broke is told in one line."""
        creds: Any = self.creds
        for name, value in vars(creds)[SETTINGS].items():
            try:
                cursor.execute(f"set {name} = {literal(value)}")
            except duckdb.Error as error:
                raise WarehouseError(f"{creds.path} cannot be used: {plain(error)}") from error

    def configure_connection(self, conn: Any) -> None:
        """Add the function."""
        conn.create_function(FUNCTION, raw_tables, ["VARCHAR"], "VARCHAR", side_effects=True)


def raw_tables(asked: str) -> str:
    """Look at the raw files, and return the query of each raw table, or what is wrong.

    Parameters
    ----------
    asked : str
        JSON with `raw_path`, `missing_sources` and the declared `tables`.

    Returns
    -------
    str
        JSON with `queries` by table, or with the `faults`, a line each.
    """
    given = json.loads(asked)
    tables = [table_of(node) for node in given["tables"]]
    try:
        check_missing(tables, given["missing_sources"])
        folder = Path(given["raw_path"]).expanduser()
        files = inspect(folder, tables, given["missing_sources"], lambda *_: None)
    except UserError as error:
        return json.dumps({"faults": str(error)})
    return json.dumps({"queries": {file.table.name: file.view() for file in files}})
