"""Seed files with periods: rows are closed and appended, everything else stays byte for byte."""

import csv
import errno
import io
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np
import yaml

from strata.calibrate.errors import CalibrationError
from strata.errors import REASONS, reason

BYTE_ORDER_MARK: Final = "\ufeff"
DATED: Final = re.compile(r"_\d{4}-\d{2}-\d{2}$")
CELL: Final = re.compile(r'"(?:[^"]|"")*"|[^,"\r\n]*')
NEWLINE: Final = re.compile(r"\r\n|\n|\r")
PLACEHOLDER: Final = "placeholder"
"""With this word begins the note of a row that `strata init` wrote."""
BEGINNING: Final = date(1970, 1, 1)

Row = dict[str, str]


@dataclass
class _Record:
    """A line of the file: its cells as written, quotes included, and how it ends."""

    cells: list[str]
    ending: str

    def text(self) -> str:
        return ",".join(self.cells) + self.ending


class SeedFile:
    """A seed CSV whose rows have ``valid_from`` and ``valid_to``.

    Parameters
    ----------
    path : Path
        The file; a link is followed.
    money : mapping of str to object, optional
        What is money, ``meta: money`` of its YAML; None to read the YAML beside the file.

    Raises
    ------
    CalibrationError
        If the file cannot be read or is not such a seed.
    """

    def __init__(self, path: Path, money: Mapping[str, Any] | None = None) -> None:
        self.path = path.resolve()
        try:
            self.original = self.path.read_bytes()
            text = self.original.decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CalibrationError(f"cannot read the seed {path}: {error}") from error
        self._mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
        records = _parse(text.removeprefix(self._mark), self.path)
        if not records:
            raise CalibrationError(f"{path} is empty")
        self._header, self._records = records[0], records[1:]
        self.columns = [_value(cell) for cell in self._header.cells]
        for column in ("market", "valid_from", "valid_to"):
            if column not in self.columns:
                raise CalibrationError(f"{path} has no column {column}")
        for number, record in enumerate(self._records, start=1):
            if _is_row(record) and len(record.cells) != len(self.columns):
                raise CalibrationError(
                    f"{path} row {number} has {len(record.cells)} cells,"
                    f" the header has {len(self.columns)}"
                )
        self._money = self._declared_money() if money is None else money

    @property
    def name(self) -> str:
        """Name of the seed."""
        return self.path.stem

    def content(self) -> bytes:
        """Return the file as it is now proposed."""
        records = [self._header, *self._records]
        return (self._mark + "".join(record.text() for record in records)).encode("utf-8")

    def rows(self) -> list[Row]:
        """Return the rows as texts by column, blank for a blank cell."""
        return [self._row(record) for record in self._records if _is_row(record)]

    def start_over(self, as_of: date, where: Mapping[str, str] | None = None) -> date | None:
        """Return the day from which on rows that nobody has decided are replaced.

        They are the placeholders of `strata init`; a seed without rows is one too. None where the
        rows in force are somebody's decision.
        """
        current = self.in_force(as_of, where)
        if not current and not self.rows():
            return BEGINNING
        if any(row.get("note", "").lower().startswith(PLACEHOLDER) for row in current):
            return min(date.fromisoformat(row["valid_from"]) for row in current)
        return None

    def in_force(self, as_of: date, where: Mapping[str, str] | None = None) -> list[Row]:
        """Return the rows in force on a date.

        Parameters
        ----------
        as_of : date
            A row is in force if valid_from <= as_of < valid_to (blank: forever).
        where : mapping of str to str, optional
            Values that the rows have.

        Raises
        ------
        CalibrationError
            If a period is no pair of dates.
        """
        return [self._row(record) for record in self._chosen(where) if self._holds(record, as_of)]

    def propose(
        self, as_of: date, where: Mapping[str, str], proposals: Sequence[Mapping[str, str]]
    ) -> None:
        """Put new rows in force from a date on, in place of those that are.

        Rows in force since before that date are closed on it and the new ones are appended; rows
        that began on it are replaced where they stand. The new rows end when the old ones would
        have, so that no day gains or loses its rows.

        Parameters
        ----------
        as_of : date
            First day of the new rows.
        where : mapping of str to str
            Values of the rows that are decided together, such as market and metric.
        proposals : sequence of mapping of str to str
            The new rows by column, without their period.

        Raises
        ------
        CalibrationError
            If such rows begin later: the proposal would contradict what was decided after it. Or
            if the rows in force end on different days.
        """
        told = ", ".join(f"{column} {value}" for column, value in where.items())
        later = [start for record in self._chosen(where) if (start := self._start(record)) > as_of]
        if later:
            raise CalibrationError(
                f"{self.name} ({told}) already has rows from {min(later)}, after {as_of};"
                " remove them, or choose a later day (--from, --as-of)"
            )
        current = [record for record in self._chosen(where) if self._holds(record, as_of)]
        ends = {self._row(record)["valid_to"] for record in current}
        if len(ends) > 1:
            raise CalibrationError(
                f"{self.name} ({told}): the rows in force on {as_of} end on different days"
            )
        replaced = [record for record in current if self._start(record) == as_of]
        for record in current:
            record.cells[self.columns.index("valid_to")] = as_of.isoformat()
        period = {"valid_from": as_of.isoformat(), "valid_to": ends.pop() if ends else ""}
        ending = self._header.ending or "\n"
        new = [_Record(self._cells({**row, **period}), ending) for row in proposals]
        if replaced:
            position = _index(self._records, replaced[0])
            before = [it for it in self._records[:position] if not _among(it, replaced)]
            after = [it for it in self._records[position:] if not _among(it, replaced)]
        else:
            before, after = self._records, []
        if not after and before and not before[-1].ending:
            before[-1].ending = ending
        elif not before and not self._header.ending:
            self._header.ending = ending
        self._records = [*before, *new, *after]

    def in_currency(self, row: Mapping[str, str], currency: str) -> Row:
        """Return a row whose money, if it holds any, is said to be in a currency.

        What is money is declared under ``meta: money`` of the YAML beside the seed.

        Parameters
        ----------
        row : mapping of str to str
            A row of the seed.
        currency : str
            ISO 4217 code.
        """
        if not self._money:
            return dict(row)
        is_money = any(row.get(column) for column in self._money["columns"]) and all(
            row.get(column) in values for column, values in self._money.get("only", {}).items()
        )
        return {**row, "currency": currency if is_money else ""}

    def check_unique(self, key: str) -> None:
        """Refuse a proposal in which two rows have the same key."""
        keys = [row[key] for row in self.rows()]
        repeated = sorted({it for it in keys if keys.count(it) > 1})
        if repeated:
            raise CalibrationError(f"{self.name}: two rows would have the {key} {repeated[0]}")

    def _declared_money(self) -> Mapping[str, Any]:
        """Read ``meta: money`` of the YAML beside the seed; empty without one."""
        path = self.path.with_suffix(".yml")
        if not path.exists():
            return {}
        try:
            declared = yaml.safe_load(path.read_text(encoding="utf-8"))
            (seed,) = (it for it in declared["seeds"] if it["name"] == self.name)
            money: dict[str, Any] = seed["config"].get("meta", {}).get("money", {})
        except (OSError, yaml.YAMLError, LookupError, TypeError, ValueError) as error:
            raise CalibrationError(f"cannot read what {path} declares of the seed") from error
        return money

    def _row(self, record: _Record) -> Row:
        return dict(zip(self.columns, (_value(cell) for cell in record.cells), strict=True))

    def _cells(self, row: Mapping[str, str]) -> list[str]:
        unknown = sorted(row.keys() - set(self.columns))
        if unknown:
            raise CalibrationError(f"{self.path} has no column {unknown[0]}")
        return [_cell(row.get(column, "")) for column in self.columns]

    def _chosen(self, where: Mapping[str, str] | None) -> Iterable[_Record]:
        for record in self._records:
            if not _is_row(record):
                continue
            row = self._row(record)
            if all(row.get(column) == value for column, value in (where or {}).items()):
                yield record

    def _start(self, record: _Record) -> date:
        return self._day(record, "valid_from")

    def _holds(self, record: _Record, as_of: date) -> bool:
        if self._start(record) > as_of:
            return False
        return not self._row(record)["valid_to"] or as_of < self._day(record, "valid_to")

    def _day(self, record: _Record, column: str) -> date:
        text = self._row(record)[column]
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise CalibrationError(f"{self.name}: {column} '{text}' is no date") from error


def dated_key(key: str, as_of: date) -> str:
    """Return a key with the date as suffix, in place of the one that it has."""
    return f"{DATED.sub('', key)}_{as_of.isoformat()}"


def number_text(value: float, digits: int = 7) -> str:
    """Write a number with so many significant digits, blank if it is NaN, without exponent."""
    if not np.isfinite(value):
        return ""
    text = np.format_float_positional(float(f"{value:.{digits}g}"), trim="-")
    return "0" if text == "-0" else text


def check_writable(paths: Iterable[Path]) -> None:
    """Check that seeds can be replaced, before anything is built for them.

    Raises
    ------
    CalibrationError
        If a folder cannot be written.
    """
    for folder in dict.fromkeys(path.parent for path in paths):
        if not os.access(folder, os.W_OK | os.X_OK):
            raise CalibrationError(
                f"cannot write seeds to {folder}: {REASONS[errno.EACCES]}; --dry-run writes nothing"
            )


def write_seeds(seeds: Sequence[SeedFile], journal: Path) -> None:
    """Replace the files of seeds, all of them or none.

    Each is written beside the old one and flushed to the disk; then all are renamed over the old
    ones. If one fails, those before it get their old content back. If the process is killed between
    two renames, `finish_writing` does the rest.

    Parameters
    ----------
    seeds : sequence of SeedFile
        What to write.
    journal : Path
        File that lists what is being renamed, while it is.

    Raises
    ------
    CalibrationError
        If a file changed since it was read, or cannot be written.
    """
    changed = [seed for seed in seeds if seed.content() != seed.original]
    for seed in changed:
        _remove_remains(seed.path)
    written: list[tuple[SeedFile, Path]] = []
    done: list[SeedFile] = []
    try:
        for seed in changed:
            if seed.path.read_bytes() != seed.original:
                raise CalibrationError(f"{seed.path} was changed meanwhile; nothing was written")
            written.append((seed, _write_beside(seed.path, seed.content())))
        _write_journal(journal, written)
        for seed, temporary in written:
            os.replace(temporary, seed.path)  # noqa: PTH105 - the name that readers look for
            done.append(seed)
        for folder in {seed.path.parent for seed in changed}:
            _flush_folder(folder)
    except BaseException as error:
        for seed in done:
            os.replace(_write_beside(seed.path, seed.original), seed.path)  # noqa: PTH105
        if not isinstance(error, OSError):
            raise
        raise CalibrationError(
            f"cannot write {error.filename or 'the seeds'}: {reason(error)}; nothing was written"
        ) from error
    finally:
        journal.unlink(missing_ok=True)
        _remove_remains(journal)
        for _, temporary in written:
            temporary.unlink(missing_ok=True)


def finish_writing(journal: Path) -> list[Path]:
    """Do the renames that a killed `write_seeds` has not come to, and return what they wrote.

    A seed that somebody has changed since stays as it is.
    """
    if not journal.exists():
        return []
    finished = []
    for entry in json.loads(journal.read_text(encoding="utf-8")):
        path, temporary = Path(entry["seed"]), Path(entry["new"])
        if temporary.exists() and path.exists():
            if sha256(path.read_bytes()).hexdigest() == entry["old"]:
                os.replace(temporary, path)  # noqa: PTH105
                finished.append(path)
            else:
                temporary.unlink()
    journal.unlink()
    return finished


def _write_journal(journal: Path, written: Sequence[tuple[SeedFile, Path]]) -> None:
    """List what is to be renamed, and what each seed was."""
    entries = [
        {
            "seed": str(seed.path),
            "new": str(temporary),
            "old": sha256(seed.original).hexdigest(),
        }
        for seed, temporary in written
    ]
    os.replace(_write_beside(journal, json.dumps(entries).encode("utf-8")), journal)  # noqa: PTH105
    _flush_folder(journal.parent)


def _remove_remains(path: Path) -> None:
    """Remove what a killed process has written beside a file."""
    for remains in path.parent.glob(f".{path.name}.*.new"):
        remains.unlink(missing_ok=True)


def _write_beside(path: Path, content: bytes) -> Path:
    """Write a file of the same folder and mode, flush it to the disk and return its path."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _flush_folder(folder: Path) -> None:
    """Flush a folder to the disk; some file systems cannot."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _parse(text: str, path: Path) -> list[_Record]:
    """Cut a CSV into records and cells, of which the join is the text again."""
    records: list[_Record] = []
    cells: list[str] = []
    position = 0
    while position < len(text):
        cell = CELL.match(text, position)
        assert cell is not None  # it also matches nothing
        cells.append(cell.group())
        position = cell.end()
        if text.startswith(",", position):
            position += 1
            if position == len(text):
                cells.append("")
                records.append(_Record(cells, ""))
                cells = []
            continue
        ending = NEWLINE.match(text, position)
        if ending is None and position < len(text):
            raise CalibrationError(f"{path} row {len(records)}: a quote is not closed or misplaced")
        records.append(_Record(cells, ending.group() if ending else ""))
        cells = []
        position = ending.end() if ending else position
    return records


def _value(cell: str) -> str:
    """Return what a cell says."""
    return cell[1:-1].replace('""', '"') if cell.startswith('"') else cell


def _cell(value: str) -> str:
    """Write a value as a cell, with quotes if it needs them."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow([value, ""])
    return buffer.getvalue()[:-1]


def _is_row(record: _Record) -> bool:
    """Say whether a line is not blank."""
    return record.cells != [""]


def _index(records: Sequence[_Record], wanted: _Record) -> int:
    """Return the position of this very record."""
    return next(position for position, it in enumerate(records) if it is wanted)


def _among(record: _Record, records: Iterable[_Record]) -> bool:
    """Say whether this very record is among others."""
    return any(record is it for it in records)
