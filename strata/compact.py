"""``strata compact``: the warehouse written anew, without the pages that hold deleted rows.

DuckDB keeps the bytes of rows that were deleted or replaced until it needs their pages, so those of
an erased person too. A copy has none of them; it takes the place of the file at once.
"""

from pathlib import Path
from shutil import rmtree
from typing import Final

import duckdb
import typer

from strata.errors import UserError
from strata.sql import identifier, literal
from strata.warehouse import WarehouseError, check_warehouse, plain, warehouse_path

COPY: Final = "compacted"


def compact() -> None:
    """Write the DuckDB warehouse anew, so that its file holds no bytes of deleted rows."""
    path = warehouse_path()
    if not path.exists():
        raise UserError(f"there is no warehouse {path} to compact")
    check_warehouse(path)
    written = path.with_name(f".{path.name}.compacting")
    _remove(written)
    before = path.stat().st_size
    try:
        _replace(path, written)
    except duckdb.Error as error:
        raise WarehouseError(f"{path} cannot be compacted: {plain(error)}") from error
    finally:
        _remove(written)
    typer.echo(f"{path} has {path.stat().st_size:,} bytes; it had {before:,}")


def _replace(path: Path, written: Path) -> None:
    """Write a copy of all tables and views, and let it be the file before another process can."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("set preserve_insertion_order = true")
        connection.execute(f"attach {literal(written)} as {COPY}")
        name = connection.execute("select current_database()").fetchall()[0][0]
        connection.execute(f"copy from database {identifier(name)} to {COPY}")
        connection.execute(f"detach {COPY}")
        written.chmod(path.stat().st_mode & 0o777)
        written.replace(path)


def _remove(written: Path) -> None:
    for path in (written, Path(f"{written}.wal")):
        path.unlink(missing_ok=True)
    rmtree(f"{written}.tmp", ignore_errors=True)
