"""Files that DuckDB does not read become CSVs in UTF-8: workbooks, and CSVs in other encodings.

A CSV is copied row by row, so that its size does not matter; a workbook is read as a whole. What a
cell shows stays: a whole number has no `.0`, a date is an ISO date, a text keeps its leading zeros.
"""

import codecs
import csv
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from charset_normalizer import from_bytes
from python_calamine import CalamineError, CalamineWorkbook

from strata.errors import FULL, reason
from strata.load.declared import Table
from strata.load.encodings import UnclearEncodingError, encoding_of, is_gb18030
from strata.load.errors import LoadError
from strata.load.files import CONVERTED, FORMATS, Report, check_folder, inspect, not_found
from strata.unfinished import unfinished_in

SAMPLE: Final = 1 << 18
"""Bytes from which an encoding is proposed."""
CHARACTERS: Final = 1 << 20
LONGEST_WHOLE: Final = 1e15
"""A number of a workbook is a double: beyond it, digits are lost."""


@dataclass(frozen=True)
class Given:
    """What a user says of files.

    Attributes
    ----------
    encoding : str or None
        Encoding of the CSVs that are not UTF-8; `None` if it is to be told from them.
    sheet : str or None
        Sheet of the workbooks; `None` for the first one.
    """

    encoding: str | None = None
    sheet: str | None = None


def convert(
    folder: Path,
    tables: Sequence[Table],
    missing: Collection[str],
    *,
    to: Path,
    given: Given,
    report: Report,
) -> None:
    """Write the files of the raw tables so that DuckDB reads them; all of them, or none.

    Parameters
    ----------
    folder : Path
        Folder of the files.
    tables : Sequence[Table]
        The declared tables.
    missing : Collection[str]
        Tables that the user does not have.
    to : Path
        Folder to write to; it is made if it is not there.
    given : Given
        What the user says of the files.
    report : Report
        Is told each table.

    Raises
    ------
    LoadError
        If a file cannot be read or written, or its rows are not sound.
    """
    check_folder(folder)
    if to.resolve() == folder.resolve():
        raise LoadError(f"--to must be another folder than --raw-path, not {to}")
    if given.encoding is not None:
        _check_encoding(given.encoding)
    try:
        to.mkdir(mode=0o700, parents=True, exist_ok=True)
        with unfinished_in(to, ".loading-") as written:
            with _all_faults() as told:
                for table in tables:
                    if table.name not in missing:
                        with told():
                            _convert(_source(folder, table), table, written, given)
                            _check_way(to, table, written)
            try:
                inspect(written, tables, missing, report)
            except LoadError as error:
                # the lines of the copy are those of the file
                raise LoadError(str(error).replace(str(written), str(folder))) from error
            for path in written.iterdir():
                path.replace(to / path.name)
    except OSError as error:
        raise LoadError(f"{to} cannot be written: {reason(error)}") from error


def is_foreign(folder: Path, tables: Sequence[Table], missing: Collection[str]) -> bool:
    """Tell whether DuckDB does not read a file of a raw table, so that it must be converted."""
    check_folder(folder)
    for table in tables:
        if table.name in missing:
            continue
        source = _source(folder, table)
        if source.suffix.lower().lstrip(".") in CONVERTED:
            return True
        try:
            if source.suffix == ".csv" and encoding_of(source) == "utf-16":
                return True
        except UnclearEncodingError:
            return True
    return False


@contextmanager
def _all_faults() -> Iterator[Any]:
    """Collect the faults of several files, and tell all of them."""
    faults: list[str] = []

    @contextmanager
    def told() -> Iterator[None]:
        try:
            yield
        except LoadError as error:
            faults.append(str(error))

    yield told
    if faults:
        raise LoadError("\n".join(faults))


def _check_encoding(encoding: str) -> None:
    try:
        codecs.lookup(encoding)
        "".encode(encoding)
    except LookupError as error:
        raise LoadError(
            f"--encoding: there is no encoding '{encoding}'; such are gb18030, big5, shift_jis,"
            " windows-1252, latin-1, utf-16-le",
            lacks="encoding",
        ) from error


def _convert(source: Path, table: Table, written: Path, given: Given) -> None:
    kind = source.suffix.lower().lstrip(".")
    made = written / f"{table.name}.{'parquet' if kind == 'parquet' else 'csv'}"
    try:
        if kind in CONVERTED:
            write_sheet(source, given.sheet, made)
        elif kind == "parquet":
            shutil.copyfile(source, made)
        else:
            write_utf_8(source, given.encoding, made)
        made.chmod(0o600)
    except OSError as error:
        if error.errno in FULL:
            raise  # once, for all that is written
        raise LoadError(f"cannot read {source}: {reason(error)}") from error


def _check_way(to: Path, table: Table, written: Path) -> None:
    """Check that no file of the other format would stand beside what was written."""
    for name in (f"{table.name}.{kind}" for kind in FORMATS):
        if (to / name).exists() and not (written / name).exists():
            raise LoadError(f"{to / name} is an earlier file of the table: remove it")


def _source(folder: Path, table: Table) -> Path:
    """Return the file of a table."""
    named = [path for path in folder.iterdir() if path.stem == table.name]
    found = sorted(
        path for path in named if path.suffix.lower().lstrip(".") in (*FORMATS, *CONVERTED)
    )
    if len(found) > 1:
        raise LoadError(f"both {found[0]} and {found[1]} exist: remove one of them")
    if not found:
        others = sorted(path.name for path in named)
        raise not_found(str(folder), table, others, (*FORMATS, CONVERTED[0]))
    return found[0]


def write_utf_8(source: Path, given: str | None, made: Path) -> None:
    """Copy a CSV in UTF-8; its cells and line ends stay."""
    encoding = _encoding(source, given)
    _check_encoding(encoding)
    try:
        with (
            source.open(encoding=encoding, newline="") as old,
            made.open("w", encoding="utf-8", newline="") as new,
        ):
            while text := old.read(CHARACTERS):
                new.write(text)
    except UnicodeError as error:
        raise LoadError(
            f"{source}, line {_line_not_of(source, encoding)}: it is not {encoding}; name"
            " another with --encoding",
            lacks="encoding",
        ) from error


def _line_not_of(source: Path, encoding: str) -> int:
    """Return the first line that is not of an encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    number = 0
    with source.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                decoder.decode(line)
            except UnicodeError:
                return number
    return number


def _encoding(source: Path, given: str | None) -> str:
    """Return the encoding of a CSV, in the words of Python."""
    try:
        certain = encoding_of(source)
    except UnclearEncodingError as error:
        if error.line == 0 and "UTF-16" not in str(error):
            raise LoadError(f"{source}: {error}") from error
        if given is not None:
            return given
        if "UTF-16" in str(error):
            return "utf-16-le" if source.read_bytes()[1:2] == b"\0" else "utf-16-be"
        if is_gb18030(source):
            return "gb18030"
        raise LoadError(
            f"{source}, line {error.line}: {error}; {_proposal(source)}", lacks="encoding"
        ) from error
    if certain == "latin-1" and given is not None:
        return given
    return "utf-8-sig" if certain == "utf-8" else certain


def _proposal(source: Path) -> str:
    with source.open("rb") as stream:
        best = from_bytes(stream.read(SAMPLE)).best()
    perhaps = f" (perhaps {best.encoding})" if best else ""
    return f"name it with --encoding{perhaps}"


def write_sheet(source: Path, name: str | None, made: Path) -> None:
    """Write a sheet of a workbook as CSV."""
    try:
        with CalamineWorkbook.from_path(str(source)) as workbook:
            if name is not None and name not in workbook.sheet_names:
                raise LoadError(
                    f"{source} has no sheet '{name}', only {', '.join(workbook.sheet_names)}"
                )
            sheet = (
                workbook.get_sheet_by_name(name)
                if name is not None
                else workbook.get_sheet_by_index(0)
            )
            rows = sheet.to_python(skip_empty_area=False)
    except CalamineError as error:
        raise LoadError(f"{source} cannot be read as a workbook; is it whole?") from error
    width = max(
        (place + 1 for row in rows[:1] for place, cell in enumerate(row) if cell), default=0
    )
    with made.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        for row in rows:
            texts = [_text(cell) for cell in row]
            while len(texts) > width and not texts[-1]:
                texts.pop()
            writer.writerow(texts)


def _text(cell: Any) -> str:
    """Return a cell of a workbook as a text."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < LONGEST_WHOLE else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ") if cell.time() != time() else cell.date().isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell).replace("\0", "")
