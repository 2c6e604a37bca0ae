"""The DuckDB file that dbt builds: whether it can be written or read, told in one line."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb

from strata.errors import UserError, reason

VARIABLE: Final = "STRATA_DUCKDB_PATH"
DEFAULT: Final = "build/strata.duckdb"

FAULTS: Final = {
    "no space left": "the disk is full: make room, and run it again",
    "memory error": "the memory is full: give more with STRATA_DUCKDB_MEMORY",
    "could not set lock": "another process has it open; wait until that build or reader ends",
    "newer version": "a newer DuckDB wrote it: move it away, or install that version",
    "can only read version": "an older DuckDB wrote it: move it away and build again",
    "is a directory": f"it is a folder; {VARIABLE} must name a file",
    "permission denied": f"you may not; set {VARIABLE} to another, or ask its owner",
    "not a valid duckdb database": "it is no DuckDB file, or damaged: move it away and build again",
    "corrupt": "it is damaged: move it away and build again",
    "checksum": "it is damaged: move it away and build again",
    "serialization": "it is damaged: move it away and build again",
    "attempted to read": "it is damaged: move it away and build again",
    "internal error": "it is damaged: move it away and build again",
}
"""What DuckDB says of a file, in lower case, and what it means."""

OTHER_NAME: Final = re.compile(r'Catalog "([^"]+)" does not exist')


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
        raise WarehouseError(f"{path} cannot be written: {reason(error)}") from error
    except (duckdb.Error, RuntimeError) as error:
        if isinstance(error, WarehouseError):
            raise
        raise WarehouseError(f"{path} cannot be opened: {plain(error)}") from error


@contextmanager
def reading(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a warehouse for reading only.

    Raises
    ------
    WarehouseError
        If it cannot be opened, or a query finds in it no build of this version.
    """
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            yield connection
    except duckdb.Error as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: duckdb.Error) -> WarehouseError:
    """Return what to say of a warehouse that cannot be read; Ctrl-C remains what it is."""
    if isinstance(error, duckdb.InterruptException):
        raise error
    told = plain(error)
    if renamed := OTHER_NAME.search(told):
        told = f"it was built as {renamed[1]}.duckdb, which its views name: give it that name back"
    elif isinstance(error, duckdb.CatalogException | duckdb.BinderException):
        told = f"it has no whole build of this version ({told}): run `dbt build --full-refresh`"
    return WarehouseError(f"{path} cannot be read: {told}")


def plain(error: Exception) -> str:
    """Return what an error of DuckDB says, in plain words and one line."""
    told = str(error)
    for words, meaning in FAULTS.items():
        if words in told.lower():
            return meaning
    return (told.strip().splitlines() or [type(error).__name__])[0]
