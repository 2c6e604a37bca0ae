"""The DuckDB file that dbt builds: whether it can be written, told in one line."""

import os
from pathlib import Path
from typing import Final

import duckdb

from strata.errors import UserError

VARIABLE: Final = "STRATA_DUCKDB_PATH"
DEFAULT: Final = "build/strata.duckdb"

FAULTS: Final = {
    "could not set lock": "another process has it open; wait until that build or reader ends",
    "newer version": "a newer DuckDB wrote it: move it away, or install that version",
    "not a valid duckdb database": "it is no DuckDB file, or damaged: move it away and build again",
    "corrupt": "it is damaged: move it away and build again",
    "checksum": "it is damaged: move it away and build again",
    "serialization": "it is damaged: move it away and build again",
    "attempted to read": "it is damaged: move it away and build again",
    "internal error": "it is damaged: move it away and build again",
    "no space left": "the disk is full",
}
"""What DuckDB says of a file, in lower case, and what it means."""


class WarehouseError(UserError, RuntimeError):
    """The warehouse cannot be used; dbt tells a `RuntimeError` in one line."""


def warehouse_path() -> Path:
    """Return the file that the environment names."""
    return Path(os.environ.get(VARIABLE) or DEFAULT)


def check_warehouse(path: Path) -> None:
    """Check that a warehouse can be opened for writing, or made.

    Raises
    ------
    WarehouseError
        If not, with the reason and the mend.
    """
    try:
        if path.is_dir():
            raise WarehouseError(f"{path} is a folder; {VARIABLE} must name a file")
        if not path.parent.is_dir():
            raise WarehouseError(
                f"there is no folder {path.parent} for the warehouse {path}: make it, or set"
                f" {VARIABLE}"
            )
        is_new = not path.exists()
        if not os.access(path.parent, os.W_OK) or not (is_new or os.access(path, os.W_OK)):
            raise WarehouseError(
                f"{path} cannot be written: you may not; set {VARIABLE} to another"
            )
        with duckdb.connect(str(path)) as connection:
            connection.execute("from duckdb_tables() limit 1")
    except OSError as error:
        raise WarehouseError(f"{path} cannot be written: {error.strerror or error}") from error
    except (duckdb.Error, RuntimeError) as error:
        if isinstance(error, WarehouseError):
            raise
        raise WarehouseError(f"{path} cannot be opened: {plain(error)}") from error


def plain(error: Exception) -> str:
    """Return what an error of DuckDB says, in plain words and one line."""
    told = str(error)
    for words, reason in FAULTS.items():
        if words in told.lower():
            return reason
    return (told.strip().splitlines() or [type(error).__name__])[0]
