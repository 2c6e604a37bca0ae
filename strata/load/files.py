"""The files of the raw tables: which they are, what they have, and whether they can be read.

DuckDB reads them, for `dbt build` as for `strata load`: each cell of a CSV is a text, or null if it
is empty; a Parquet file keeps its types. A fault is told in one line, never with the content of a
row, which may be personal.
"""

import codecs
import csv
import errno
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final, TextIO
from unicodedata import category

import duckdb

from strata.errors import reason
from strata.load.declared import Table
from strata.load.encodings import UnclearEncodingError, encoding_of
from strata.load.errors import LoadError
from strata.sql import identifier, literal

FORMATS: Final = ("csv", "parquet")
DELIMITERS: Final = (",", ";", "\t")
CONVERTED: Final = ("xlsx", "xlsm", "xls", "xlsb", "ods")
"""What `strata load` converts: workbooks."""

FAULTS: Final = {
    "Expected Number of Columns": "the row has too few or too many cells",
    "Value with unterminated quote": "a quote is not closed, or text follows a closed one",
    "Invalid unicode": "the row is not UTF-8",
    "Maximum line size": "the row is too long",
    "state machine": "the rows do not all end alike (LF or CRLF)",
    "not utf-16 encoded": "it has letters beyond 65,535, such as emoji, which DuckDB does not read"
    " in UTF-16",
}
"""What DuckDB says of a CSV, in plain words."""

PARQUET_FAULTS: Final = {
    "No magic bytes": "it is no Parquet file, or a part of it is missing",
    "too small": "it is no Parquet file, or a part of it is missing",
    "not valid UTF8": "a text in it is not UTF-8",
    "encrypted": "it is encrypted",
}
"""What DuckDB says of a Parquet file; anything else is a damage."""

SPACES: Final = "".join(
    sign for sign in map(chr, range(0x10000)) if category(sign) in ("Zs", "Cf", "Cc")
)
"""What stands around a name in the header of a CSV: the spaces of Unicode, and what nobody sees."""

NESTED: Final = re.compile(r"\[|^(STRUCT|MAP|UNION|ARRAY)\b", re.IGNORECASE)
"""Types of DuckDB whose values are not one each."""

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
    encoding : str
        Encoding of a CSV in the words of DuckDB.
    delimiter : str
        What stands between two cells of a CSV.
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
    encoding: str = "utf-8"
    delimiter: str = ","
    line_end: str = ""
    rows: int | None = 0

    def positions(self) -> dict[str, int | None]:
        """Return the position in the file of each declared column, `None` if it is not there."""
        spelled = plain_names(self.columns)
        return {
            name: spelled.index(name) if name in spelled else None for name in self.table.columns
        }

    def check_columns(self) -> None:
        """Check that the names of the columns are all that is required, and each there once.

        Raises
        ------
        LoadError
            If not.
        """
        if not self.location:
            return
        positions = self.positions()
        place = f"{self.location}, line 1" if self.file_format == "csv" else self.location
        if not any(position is not None for position in positions.values()):
            # the first row may be one of a person, so that it is not shown
            raise LoadError(
                f"{place}: none of its names is a column of {self.table.name}, such as"
                f" {self.table.columns[0]}; the first row must have the names of the columns"
            )
        repeated = [name for name, times in Counter(plain_names(self.columns)).items() if times > 1]
        if repeated := [name for name in repeated if name]:
            known = [name for name in repeated if name in self.table.columns]
            what = f"the column {', '.join(known)}" if known else "a name that Strata does not know"
            raise LoadError(f"{place}: {what} is there more than once; take out all but one")
        lacking = [
            name
            for name, position in positions.items()
            if position is None and name in self.table.required_columns
        ]
        if lacking:
            raise LoadError(
                f"{self.location} has no column {', '.join(lacking)}, which"
                f" {'is' if len(lacking) == 1 else 'are'} required;"
                f" it has {self._shown(plain_names(self.columns))}"
            )
        for name, position in positions.items():
            if position is not None and self.types and NESTED.search(self.types[position]):
                raise LoadError(f"{self.location}: {name} has lists or records, not values")

    def _shown(self, names: Sequence[str]) -> str:
        """Return names that are declared, and how many are not: those may be cells of a person."""
        known = [name for name in names if name in self.table.columns]
        others = len(names) - len(known)
        if others:
            known.append(f"{others} {'name' if others == 1 else 'names'} that Strata does not know")
        return ", ".join(known)

    def texts(self) -> str:
        """Return the query of DuckDB that reads the declared columns as texts."""
        cells = [f"cast({cell} as varchar) as {name}" for name, cell in self._cells()]
        return f"select {', '.join(cells)} from {self.reader()}"

    def view(self) -> str:
        """Return the query of DuckDB that reads the declared columns as they are."""
        cells = [
            f"{'cast(null as varchar)' if cell == 'null' else cell} as {name}"
            for name, cell in self._cells()
        ]
        source = f"from {self.reader()}" if self.location else "where false"
        return f"select {', '.join(cells)} {source}"

    def _cells(self) -> Iterator[tuple[str, str]]:
        """Give each declared column and what stands for it in the file."""
        names = _numbered(self.columns) if self.file_format == "csv" else self.columns
        for name, position in self.positions().items():
            yield identifier(name), "null" if position is None else identifier(names[position])

    def place(self) -> str:
        """Return the location as a literal for DuckDB, in which it is no pattern."""
        return literal(re.sub(r"([\[*?])", r"[\1]", self.location))

    def reads_as(self, other: "RawFile") -> bool:
        """Tell whether one call of DuckDB can read both files."""
        return replace(self, location="", table=other.table, rows=0) == replace(
            other, location="", rows=0
        )

    def reader(self, others: Sequence["RawFile"] = (), file: str = "") -> str:
        """Return the table function of DuckDB that reads the file, with nothing left to guess.

        Parameters
        ----------
        others : sequence of RawFile
            Files that are read after it, each as this one is.
        file : str
            Name of a column that has the location of a row; blank for none.
        """
        places = ", ".join(it.place() for it in (self, *others))
        source = f"[{places}]" if others else places
        if file:
            source += f", filename = '{file}'"
        # a folder named `status=paid` is no column
        if self.file_format == "parquet":
            return f"read_parquet({source}, hive_partitioning = false)"
        columns = ", ".join(f"'{name}': 'varchar'" for name in _numbered(self.columns))
        return (
            f"read_csv({source}, auto_detect = false, header = true,"
            f" encoding = '{self.encoding}', delim = '{self.delimiter}', quote = '\"',"
            f" escape = '\"', comment = '', hive_partitioning = false, columns = {{{columns}}})"
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
        If a file or one of its rows cannot be read, or lacks a column; a line for each file, but
        rows are read only where all files have their columns.
    """
    check_folder(folder)
    files: list[RawFile] = []
    faults = []
    for table in tables:
        try:
            file = RawFile(table) if table.name in missing else _find(folder, table)
            file.check_columns()
            files.append(file)
        except LoadError as error:
            faults.append(str(error))
    if faults:
        raise LoadError("\n".join(faults))
    counted = []
    for file in files:
        try:
            counted.append(replace(file, rows=_count(file)) if file.location else file)
            report(file.table.name, counted[-1].rows or 0)
        except LoadError as error:
            faults.append(str(error))
    if faults:
        raise LoadError("\n".join(faults))
    return counted


def check_folder(folder: Path) -> None:
    """Check that a folder is there.

    Raises
    ------
    LoadError
        If it is not, or cannot be read.
    """
    try:
        if not folder.is_dir():
            raise LoadError(f"{folder} is not a folder")
        next(folder.iterdir(), None)
        if not os.access(folder, os.X_OK):
            raise PermissionError(errno.EACCES, "")
    except OSError as error:
        raise LoadError(f"cannot read {folder}: {reason(error)}") from error


def not_found(
    folder: str, table: Table, others: Sequence[str] = (), kinds: Sequence[str] = FORMATS
) -> LoadError:
    """Return what to say if a table has no file, but perhaps others of its name."""
    names = " nor ".join(f"{table.name}.{kind}" for kind in kinds)
    told = f"the raw table {table.name} is neither {names} in {folder}"
    if others:
        told += f"; {', '.join(others)} must be one of them"
    elif table.is_required:
        told += "; put one there, or name its folder in --raw-path (of dbt: the var raw_path)"
    else:
        told += "; if you have none, name it in --missing-sources (of dbt: the var missing_sources)"
    return LoadError(told)


def converting(folder: Path) -> str:
    """Return the command that makes files which dbt can read."""
    return (
        f"convert it: strata load --raw-path {folder} --to FOLDER, and build with raw_path: FOLDER"
    )


def _find(folder: Path, table: Table) -> RawFile:
    path = folder / f"{table.name}.{FORMATS[0]}"
    try:
        present = {
            entry.name: entry
            for entry in folder.iterdir()
            if entry.name.lower().startswith(f"{table.name}.")
        }
        found = [
            present[name]
            for name in (f"{table.name}.{kind}" for kind in FORMATS)
            if name in present
        ]
        if len(found) > 1:
            raise LoadError(f"both {found[0]} and {found[1]} exist: remove one of them")
        if not found:
            raise _other_file(folder, table, sorted(present))
        (path,) = found
        if path.exists() and not path.is_file():
            raise LoadError(f"{path} is no file; put the file of {table.name} there")
        return _open_csv(path, table) if path.suffix == ".csv" else _open_parquet(path, table)
    except OSError as error:
        raise LoadError(f"cannot read {path}: {reason(error)}") from error


def _other_file(folder: Path, table: Table, present: Sequence[str]) -> LoadError:
    workbooks = [name for name in present if name.lower().rpartition(".")[2] in CONVERTED]
    if workbooks:
        return LoadError(f"{folder / workbooks[0]} is a workbook; {converting(folder)}")
    return not_found(str(folder), table, present)


def _open_csv(path: Path, table: Table) -> RawFile:
    """Read the names of the columns of a CSV, and tell how it is written."""
    try:
        encoding = encoding_of(path)
    except UnclearEncodingError as error:
        place = f", line {error.line}" if error.line else ""
        raise LoadError(f"{path}{place}: {error}; {converting(path.parent)}") from error
    if encoding == "utf-16":
        with path.open("rb") as stream:
            if stream.read(2) == codecs.BOM_UTF16_BE:
                raise LoadError(
                    f"{path} is UTF-16 of the other byte order; {converting(path.parent)}"
                )
    headers = {delimiter: read_header(path, encoding, delimiter) for delimiter in DELIMITERS}
    if not any(name for names in headers.values() for name in names):
        raise LoadError(
            f"{path}, line 1: there are no names of columns; the first row must have them,"
            f" such as {table.columns[0]}"
        )
    delimiter = _delimiter(path, table, headers)
    names = tuple(headers[delimiter])
    file = RawFile(table, str(path), "csv", names, ("VARCHAR",) * len(names), encoding, delimiter)
    return replace(file, line_end=line_end_of(path, encoding))


def _delimiter(path: Path, table: Table, headers: dict[str, list[str]]) -> str:
    """Return the delimiter that makes declared names of the header."""
    found = {
        delimiter: set(plain_names(names)) & set(table.columns)
        for delimiter, names in headers.items()
    }
    best = max(found, key=lambda delimiter: len(found[delimiter]))
    if not found[best] and not headers[","]:
        raise LoadError(
            f"{path}, line 1: the names of the columns cannot be read; is a quote not closed?"
        )
    if any(not names <= found[best] for names in found.values()):
        raise LoadError(
            f"{path}, line 1: names of columns stand between commas, semicolons or tabs at once;"
            " write it with one of them"
        )
    return best


def read_header(path: Path, encoding: str, delimiter: str) -> list[str]:
    """Return the names in the first row of a CSV; none if it cannot be read with the delimiter."""
    with open_text(path, encoding) as stream:
        reader = csv.reader(stream, delimiter=delimiter, skipinitialspace=True, strict=True)
        with suppress(csv.Error, UnicodeError):
            return next(reader, [])
    return []


def open_text(path: Path, encoding: str) -> TextIO:
    """Open a CSV for reading, its ends of lines being left as they are."""
    without_mark = "utf-8-sig" if encoding == "utf-8" else encoding
    return path.open(newline="", encoding=without_mark, errors="strict")


def line_end_of(path: Path, encoding: str) -> str:
    """Return what ends the first row, which may have several lines."""
    quotes = 0
    with open_text(path, encoding) as stream:
        for line in stream:
            quotes += line.count('"')
            if quotes % 2 == 0:
                return line[len(line.rstrip("\r\n")) :]
    return ""


def _open_parquet(path: Path, table: Table) -> RawFile:
    with path.open("rb"):
        pass  # the error of the system is the clearer one
    file = RawFile(table, str(path), "parquet")
    try:
        with duckdb.connect() as connection:
            described = connection.execute(f"describe select * from {file.reader()}").fetchall()
            elements = connection.execute(
                f"select name, coalesce(num_children, 0) from parquet_schema({file.place()})"
            ).fetchall()
    except duckdb.Error as error:
        raise LoadError(f"{path}: {parquet_fault(error)}") from error
    # DuckDB gives the second of two equal names another one
    replace(file, columns=tuple(_top_level(elements[1:]))).check_columns()
    names, types = zip(*(row[:2] for row in described), strict=True)
    return replace(file, columns=names, types=types)


def _top_level(elements: Sequence[tuple[str, int]]) -> Iterator[str]:
    """Give the names of the columns out of the schema of a Parquet file, each before its parts."""
    parts = 0
    for name, children in elements:
        if parts == 0:
            yield name
        parts = max(parts - 1, 0) + children


def _count(file: RawFile) -> int:
    """Read a file to its end, and return its number of rows."""
    if file.file_format == "parquet":
        # a count alone would be taken from the statistics of the file
        cells = ", ".join(identifier(name) for name in file.table.columns)
        query = f"select count(*), bit_xor(hash({cells})) from ({file.texts()})"
    else:
        check_no_nul(file)
        cells = ", ".join(f"count({name})" for name in _numbered(file.columns))
        query = f"select count(*), {cells} from {file.reader()}"
    try:
        with duckdb.connect() as connection:
            row = connection.execute(query).fetchone()
    except duckdb.Error as error:
        if file.file_format == "parquet":
            raise LoadError(f"{file.location}: {parquet_fault(error)}") from error
        raise LoadError(f"{file.location}{csv_fault(file, str(error))}") from error
    assert row is not None
    return int(row[0])


def check_no_nul(file: RawFile) -> None:
    """Check that a CSV has no NUL byte.

    Raises
    ------
    LoadError
        If it has one.
    """
    if file.encoding == "utf-16":
        return
    lines = 1
    with Path(file.location).open("rb") as stream:
        while chunk := stream.read(1 << 20):
            place = chunk.find(b"\0")
            if place >= 0:
                lines += chunk[:place].count(b"\n")
                raise LoadError(f"{file.location}, line {lines}: the row has a NUL byte")
            lines += chunk.count(b"\n")


def parquet_fault(error: duckdb.Error) -> str:
    """Return what is wrong with a Parquet file; the words of DuckDB may hold a cell."""
    told = str(error)
    for words, plain in PARQUET_FAULTS.items():
        if words in told:
            return plain
    return "it is damaged; write it anew"


def csv_fault(file: RawFile, message: str) -> str:
    """Return where a CSV is wrong, and why."""
    reasons = [plain for told, plain in FAULTS.items() if told in message]
    reason = reasons[0] if reasons else "DuckDB cannot read it as CSV"
    if reason == FAULTS["not utf-16 encoded"]:
        return f": {reason}; {converting(Path(file.location).parent)}"
    if reason == FAULTS["state machine"] and (line := _line_of_another_end(file)):
        return f", line {line}: {reason}"
    record = re.search(r"CSV Error on Line: (\d+)", message)
    return f", line {_line(file, int(record[1]))}: {reason}" if record else f": {reason}"


def _line(file: RawFile, record: int) -> int:
    """Return the line at which a record begins: cells may have line breaks."""
    with open_text(Path(file.location), file.encoding) as stream:
        reader = csv.reader(stream, delimiter=file.delimiter)
        try:
            for _ in islice(reader, record - 1):
                pass
        except (csv.Error, UnicodeError):  # a cell that is too long for it
            return record
        return reader.line_num + 1


def _line_of_another_end(file: RawFile) -> int:
    """Return the first line that does not end as the first row does; 0 if it is not found."""
    quotes = 0
    with suppress(UnicodeError), open_text(Path(file.location), file.encoding) as stream:
        for number, line in enumerate(stream, 1):
            quotes += line.count('"')
            end = line[len(line.rstrip("\r\n")) :]
            if quotes % 2 == 0 and end not in ("", file.line_end):
                return number
    return 0


def plain_names(names: Sequence[str]) -> list[str]:
    """Return names as they are compared: without spaces around them, in lower case."""
    return [name.strip(SPACES).lower() for name in names]


def _numbered(columns: Sequence[str]) -> list[str]:
    return [f"c{position}" for position in range(len(columns))]
