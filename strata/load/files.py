"""The files of the raw tables: which they are, what they have, and whether they can be read.

DuckDB reads them as it does for a build on DuckDB: each cell of a CSV is a text, or null if it is
empty; a Parquet file keeps its types.
"""

import csv
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import islice, tee
from pathlib import Path
from typing import Final
from unicodedata import category

import duckdb

from strata.load.declared import Table
from strata.load.errors import LoadError
from strata.sql import identifier, literal

FORMATS: Final = ("csv", "parquet")

FAULTS: Final = {
    "Expected Number of Columns": "the row has too few or too many cells",
    "Value with unterminated quote": "a quote is not closed, or text follows a closed one",
    "Invalid unicode": "the row is not UTF-8",
    "Maximum line size": "the row is too long",
    "state machine": "the rows do not all end alike (LF or CRLF)",
}
"""What DuckDB says of a row, in plain words and without the row, which may be personal."""

SPACES: Final = "".join(sign for sign in map(chr, range(0x3001)) if category(sign) == "Zs")
"""What DuckDB takes off both ends of a name in the header of a CSV: the spaces of Unicode."""

Report = Callable[[str, int], None]
"""What is told the name of a table and how many more rows of it are done."""


@dataclass(frozen=True)
class RawFile:
    """The file of a raw table.

    Attributes
    ----------
    table : Table
        The declaration.
    location : str
        Path or URL of the file; blank if the user has no such table.
    file_format : str
        `csv` or `parquet`; blank if the user has no such table.
    columns : tuple[str, ...]
        Columns of the file, in its order and spelling.
    types : tuple[str, ...]
        Their types in the words of DuckDB; empty where they are not known.
    line_end : str
        What ends a row of a CSV; blank where it is not known.
    rows : int or None
        Number of rows; `None` where it is not known.
    """

    table: Table
    location: str = ""
    file_format: str = ""
    columns: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    line_end: str = ""
    rows: int | None = 0

    def positions(self) -> dict[str, int | None]:
        """Return the position in the file of each declared column, `None` if it is not there.

        Raises
        ------
        LoadError
            If the file lacks a column that is required.
        """
        taken_off = SPACES if self.file_format == "csv" else ""
        spelled = [name.strip(taken_off).lower() for name in self.columns]
        found = {
            name: spelled.index(name) if name in spelled else None for name in self.table.columns
        }
        for name, position in found.items():
            if self.location and position is None and name in self.table.required_columns:
                raise LoadError(
                    f"{self.location} has no column {name}, which is required;"
                    f" it has {', '.join(self.columns)}"
                )
        return found

    def texts(self) -> str:
        """Return the query of DuckDB that reads the declared columns as texts."""
        names = _numbered(self.columns) if self.file_format == "csv" else self.columns
        cells = [
            f"cast({identifier(names[position]) if position is not None else 'null'} as varchar)"
            f" as {identifier(name)}"
            for name, position in self.positions().items()
        ]
        return f"select {', '.join(cells)} from {self.reader()}"

    def reader(self) -> str:
        """Return the table function of DuckDB that reads the file, with nothing left to guess."""
        path = literal(self.location)
        if self.file_format == "parquet":
            return f"read_parquet({path})"
        columns = ", ".join(f"'{name}': 'varchar'" for name in _numbered(self.columns))
        return (
            f"read_csv({path}, auto_detect = false, header = true, delim = ',', quote = '\"',"
            f" escape = '\"', columns = {{{columns}}})"
        )


def inspect(
    folder: Path, tables: Sequence[Table], missing: Collection[str], report: Report
) -> list[RawFile]:
    """Find the file of each table and read it once, so that a load does not fail half-way.

    Parameters
    ----------
    folder : Path
        Folder of the files.
    tables : Sequence[Table]
        The declared tables.
    missing : Collection[str]
        Tables that the user does not have: they are empty.
    report : Report
        Is told each table and its rows.

    Raises
    ------
    LoadError
        If a file or one of its rows cannot be read, or lacks a column.
    """
    try:
        if not folder.is_dir():
            raise LoadError(f"{folder} is not a folder")
    except OSError as error:
        raise LoadError(f"cannot read {folder}: {error.strerror or error}") from error
    found = []
    for table in tables:
        file = RawFile(table) if table.name in missing else _inspect_file(folder, table)
        report(table.name, file.rows or 0)
        found.append(file)
    return found


def not_found(folder: str, table: Table) -> LoadError:
    """Return what to say if a table has no file."""
    return LoadError(
        f"the raw table {table.name} is neither {table.name}.csv nor {table.name}.parquet"
        f" in {folder}"
        + ("" if table.is_required else "; if you have none, name it in --missing-sources")
    )


def _inspect_file(folder: Path, table: Table) -> RawFile:
    paths = [folder / f"{table.name}.{extension}" for extension in FORMATS]
    path = paths[0]
    try:
        present = [path for path in paths if path.exists()]
        if not present:
            raise not_found(str(folder), table)
        if len(present) > 1:
            raise LoadError(f"both {present[0]} and {present[1]} exist: remove one of them")
        path = present[0].resolve()
        return _inspect_csv(path, table) if path.suffix == ".csv" else _inspect_parquet(path, table)
    except OSError as error:
        raise LoadError(f"cannot read {path}: {error.strerror or error}") from error


def _inspect_csv(path: Path, table: Table) -> RawFile:
    try:
        header, line_end = _read_header(path)
    except csv.Error as error:
        raise LoadError(f"{path}, line 1: {error}") from error
    if not header:
        raise LoadError(f"{path}, line 1: there are no names of columns")
    types = ("VARCHAR",) * len(header)
    file = RawFile(table, str(path), "csv", tuple(header), types, line_end)
    file.positions()
    cells = ", ".join(f"count({name})" for name in _numbered(header))
    try:
        with duckdb.connect() as connection:
            counted = connection.execute(f"select count(*), {cells} from {file.reader()}")
            return replace(file, rows=_only(counted))
    except duckdb.Error as error:
        raise LoadError(f"{path}{_fault(path, str(error))}") from error


def _read_header(path: Path) -> tuple[list[str], str]:
    """Return the names in the first row, and what ends it; DuckDB checks the letters."""
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as stream:
        lines, kept = tee(stream)
        reader = csv.reader(lines)
        header = next(reader, [])
        last = next(islice(kept, max(reader.line_num - 1, 0), None), "")
    return header, last[len(last.rstrip("\r\n")) :]


def _inspect_parquet(path: Path, table: Table) -> RawFile:
    with path.open("rb"):
        pass  # the error of the system is the clearer one
    file = RawFile(table, str(path), "parquet")
    try:
        with duckdb.connect() as connection:
            described = connection.execute(f"describe select * from {file.reader()}").fetchall()
            names, types = zip(*(row[:2] for row in described), strict=True)
            file = replace(file, columns=names, types=types)
            # a count alone would be taken from the statistics of the file
            cells = ", ".join(identifier(name) for name in table.columns)
            counted = connection.execute(
                f"select count(*), bit_xor(hash({cells})) from ({file.texts()})"
            )
            return replace(file, rows=_only(counted))
    except duckdb.Error as error:
        raise LoadError(f"{path}: {str(error).splitlines()[0]}") from error


def _only(counted: duckdb.DuckDBPyConnection) -> int:
    row = counted.fetchone()
    assert row is not None
    return int(row[0])


def _fault(path: Path, message: str) -> str:
    """Return where a CSV is wrong, and why."""
    reasons = [plain for told, plain in FAULTS.items() if told in message]
    reason = reasons[0] if reasons else message.splitlines()[0]
    record = re.search(r"CSV Error on Line: (\d+)", message)
    return f", line {_line(path, int(record[1]))}: {reason}" if record else f": {reason}"


def _line(path: Path, record: int) -> int:
    """Return the line at which a record begins: cells may have line breaks."""
    with path.open(newline="", encoding="utf-8", errors="replace") as stream:
        reader = csv.reader(stream)
        try:
            for _ in islice(reader, record - 1):
                pass
        except csv.Error:  # a cell that is too long for it
            return record
        return reader.line_num + 1


def _numbered(columns: Sequence[str]) -> list[str]:
    return [f"c{position}" for position in range(len(columns))]
