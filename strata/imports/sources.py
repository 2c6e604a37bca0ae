"""The files that a user gives: how each is read, and which source of the mapping it is of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

import duckdb
from python_calamine import CalamineError, CalamineWorkbook

from strata.errors import UserError, reason
from strata.imports.errors import ImportFaultError
from strata.imports.mapping import ImportMap, nearest
from strata.load.convert import write_sheet, write_utf_8
from strata.load.declared import Table
from strata.load.encodings import UnclearEncodingError, encoding_of
from strata.load.files import (
    CONVERTED,
    NESTED,
    RawFile,
    check_no_nul,
    line_end_of,
    parquet_fault,
    plain_names,
    read_header,
)
from strata.sql import identifier, literal

DELIMITERS: Final = (",", ";", "\t", "|")
TEXTS: Final = ("csv", "tsv", "txt")
SHOWN: Final = 5
PLACE: Final = "place_of_file"


@dataclass(frozen=True)
class InputFile:
    """A file, or a sheet of a workbook.

    Attributes
    ----------
    shown : str
        How the user knows it.
    raw : RawFile
        How DuckDB reads it.
    columns : dict[str, int]
        Place of each column, by its name without spaces around it, in small letters.
    repeated : frozenset[str]
        Names that stand there more than once.
    unit : str
        How a row is called in it: `line` of a text, `row` of anything else.
    """

    shown: str
    raw: RawFile
    columns: dict[str, int]
    repeated: frozenset[str]
    unit: str

    def select(self, names: Sequence[str], others: Sequence["InputFile"] = ()) -> str:
        """Return the query of DuckDB that reads columns as texts, trimmed; null if blank.

        Parameters
        ----------
        names : sequence of str
            The columns.
        others : sequence of InputFile
            Files that are read after it, each as this one is.
        """
        cells = [
            f"filled({self._cell(self.columns[name.lower()])}) as {identifier(name)}"
            if name.lower() in self.columns
            else f"cast(null as varchar) as {identifier(name)}"
            for name in names
        ]
        shown, place = literal(self.shown), ""
        if others:
            known = ", ".join(
                f"{literal(it.raw.location)}: {literal(it.shown)}" for it in (self, *others)
            )
            shown, place = f"(map {{{known}}})[{PLACE}]", PLACE
        return (
            f"select {shown} as source_file, {', '.join(cells) or 'null as nothing'}"
            f" from {self.raw.reader([it.raw for it in others], place)}"
        )

    def _cell(self, place: int) -> str:
        if self.raw.file_format == "csv":
            return f"c{place}"
        return f"cast({identifier(self.raw.columns[place])} as varchar)"


def lines_of(files: Sequence[InputFile], names: Sequence[str]) -> str:
    """Return the query that reads columns of files, one file after the other.

    Neighbours that are read in the same way are read by one call: each call takes memory of its
    own for as long as the query runs, which a folder of a file a month has not.
    """
    alike: list[list[InputFile]] = []
    for file in files:
        if alike and file.raw.reads_as(alike[-1][0].raw):
            alike[-1].append(file)
        else:
            alike.append([file])
    return " union all by name ".join(it[0].select(names, it[1:]) for it in alike)


def find(given: Sequence[Path]) -> list[Path]:
    """Return the files that are given, those of a folder in the order of their names.

    Raises
    ------
    ImportFaultError
        If one is not there, or a folder has none.
    """
    found: list[Path] = []
    for path in given:
        if path.is_dir():
            kinds = (*TEXTS, *CONVERTED, "parquet")
            inside = [
                it
                for it in sorted(path.iterdir())
                if it.is_file() and _kind(it) in kinds and not it.name.startswith((".", "~"))
            ]
            if not inside:
                raise ImportFaultError(
                    f"{path}: there is no file {', '.join(f'.{it}' for it in kinds)}"
                )
            found += inside
        elif path.exists():
            found.append(path)
        else:
            raise ImportFaultError(f"{path}: there is no such file")
    return list(dict.fromkeys(found))


def open_files(
    paths: Sequence[Path],
    known: set[str],
    settings: Mapping[str, str],
    work: Path,
    sheets: Sequence[str],
) -> list[InputFile]:
    """Open files; what DuckDB does not read is converted first.

    Parameters
    ----------
    paths : Sequence[Path]
        The files.
    known : set[str]
        Names of columns that the mapping reads, in small letters.
    settings : Mapping[str, str]
        The encoding, delimiter and sheet that are declared.
    work : Path
        Folder for what is converted.
    sheets : Sequence[str]
        Patterns of the sheets that the sources of the mapping read.

    Raises
    ------
    UserError
        If one cannot be read; a line a file.
    """
    opened: list[InputFile] = []
    faults: list[UserError] = []
    for number, path in enumerate(paths):
        try:
            if _kind(path) == "parquet":
                opened.append(_open_parquet(path))
            elif _kind(path) in CONVERTED:
                for place, sheet in enumerate(_sheets(path, settings, sheets)):
                    made = work / f"{number}-{place}.csv"
                    write_sheet(path, sheet, made)
                    shown = f"{path}, sheet {sheet}" if sheet else str(path)
                    opened.append(_open_csv(shown, made, known, settings, "row"))
            else:
                opened.append(_open_text(path, work / f"{number}.csv", known, settings))
        except OSError as error:
            faults.append(ImportFaultError(f"{path}: {reason(error)}"))
        except UserError as error:
            faults.append(error)
    if faults:
        lacks = {it.lacks for it in faults}
        told = "\n".join(str(it) for it in faults)
        raise ImportFaultError(told, lacks=lacks.pop() if len(lacks) == 1 else "")
    return opened


def assign(
    files: Sequence[InputFile], mapping: ImportMap, needed: Mapping[str, Sequence[str]]
) -> dict[str, list[InputFile]]:
    """Tell which source each file is of: the one whose columns it has.

    Parameters
    ----------
    files : Sequence[InputFile]
        The files.
    mapping : ImportMap
        The mapping.
    needed : Mapping[str, Sequence[str]]
        Columns that a file of each source must have.

    Raises
    ------
    ImportFaultError
        If one is of none, or may be of several; a line a file.
    """
    found: dict[str, list[InputFile]] = {name: [] for name in mapping.sources}
    faults = []
    for file in files:
        fits = [name for name in needed if all(it.lower() in file.columns for it in needed[name])]
        named = [name for name in fits if _is_named(file, mapping.sources[name].files)]
        most = max((len(needed[name]) for name in fits), default=0)
        fits = named or [name for name in fits if len(needed[name]) == most]
        if len(fits) > 1:
            faults.append(
                f"{file.shown}: it may be {' or '.join(fits)} of {mapping.name}; name it as"
                f" {' or '.join(mapping.sources[fits[0]].files) or fits[0]}"
            )
        elif not fits:
            faults.append(_misfit(file, mapping, needed))
        else:
            twice = [it for it in needed[fits[0]] if it.lower() in file.repeated]
            twice += [it for it in mapping.sources[fits[0]].optional if it.lower() in file.repeated]
            if twice:
                faults.append(
                    f"{file.shown}, {file.unit} 1, column {twice[0]}: the name is there more than"
                    " once; take out all but one, or rename the others"
                )
            found[fits[0]].append(file)
    if faults:
        raise ImportFaultError("\n".join(faults))
    return found


def _misfit(file: InputFile, mapping: ImportMap, needed: Mapping[str, Sequence[str]]) -> str:
    """Return what a file lacks of the source that it is most like."""

    def likeness(name: str) -> tuple[bool, float]:
        columns = needed[name]
        there = sum(it.lower() in file.columns for it in columns)
        return _is_named(file, mapping.sources[name].files), there / max(len(columns), 1)

    best = max(needed, key=likeness)
    lacking = [it for it in needed[best] if it.lower() not in file.columns]
    free = [it for it in file.columns if it not in {name.lower() for name in needed[best]}]
    told = []
    for name in lacking[:SHOWN]:
        # only what is like a name that is known: the first row may be one of a person
        similar = nearest(name, free)
        told.append(f"'{name}'" + (f" (the nearest is '{similar}')" if similar else ""))
    lines = mapping.text.splitlines()
    at = next((number for number, line in enumerate(lines, 1) if lacking[0] in line), 1)
    more = f" and {len(lacking) - SHOWN} more" if len(lacking) > SHOWN else ""
    return (
        f"{file.shown}, {file.unit} 1: {best} of {mapping.path.name}, line {at}, needs the column"
        f" {', '.join(told)}{more}, which is not there; rename it in the file, or change the"
        " mapping (a copy of it is a mapping of your own)"
    )


def _is_named(file: InputFile, patterns: Sequence[str]) -> bool:
    name = file.shown.partition(", sheet ")[0].rpartition("/")[2].lower()
    return any(fnmatch(name, pattern.lower()) for pattern in patterns)


def _kind(path: Path) -> str:
    return path.suffix.lower().lstrip(".")


def _sheets(path: Path, settings: Mapping[str, str], patterns: Sequence[str]) -> list[str | None]:
    """Return the sheets of a workbook that are read; `None` is the first one."""
    if "sheet" in settings:
        return [settings["sheet"]]
    try:
        with CalamineWorkbook.from_path(str(path)) as workbook:
            names = workbook.sheet_names
    except (CalamineError, OSError) as error:
        raise ImportFaultError(f"{path} cannot be read as a workbook; is it whole?") from error
    fits = [name for name in names if any(fnmatch(name, it) for it in patterns)]
    return [*fits] or [None]


def _open_text(path: Path, copy: Path, known: set[str], settings: Mapping[str, str]) -> InputFile:
    if path.stat().st_size == 0:
        raise ImportFaultError(
            f"{path}: it is empty; the first row must have the names of the columns"
        )
    try:
        is_utf_8 = encoding_of(path) == "utf-8"
    except UnclearEncodingError:
        is_utf_8 = False
    if is_utf_8:
        return _open_csv(str(path), path, known, settings)
    write_utf_8(path, settings.get("encoding"), copy)
    return _open_csv(str(path), copy, known, settings)


def _open_csv(
    shown: str, path: Path, known: set[str], settings: Mapping[str, str], unit: str = "line"
) -> InputFile:
    delimiters = settings.get("delimiter", "").replace("\\t", "\t") or DELIMITERS
    headers = {it: read_header(path, "utf-8", it) for it in delimiters}
    delimiter = max(
        headers, key=lambda it: (len(known & set(plain_names(headers[it]))), len(headers[it]))
    )
    names = headers[delimiter]
    if not any(name.strip() for name in names):
        raise ImportFaultError(
            f"{shown}, {unit} 1: there are no names of columns that can be read; the first row must"
            " have them (is a quote not closed?)"
        )
    table = Table(shown, False, tuple(known), frozenset())
    types = ("VARCHAR",) * len(names)
    raw = RawFile(
        table, str(path), "csv", tuple(names), types, "utf-8", delimiter, line_end_of(path, "utf-8")
    )
    try:
        check_no_nul(raw)
    except UserError as error:
        raise ImportFaultError(str(error).replace(str(path), shown)) from error
    return _input(shown, raw, unit)


def _open_parquet(path: Path) -> InputFile:
    raw = RawFile(Table(str(path), False, (), frozenset()), str(path), "parquet")
    try:
        with duckdb.connect() as connection:
            described = connection.execute(f"describe select * from {raw.reader()}").fetchall()
    except duckdb.Error as error:
        raise ImportFaultError(f"{path}: {parquet_fault(error)}") from error
    for name, data_type, *_ in described:
        if NESTED.search(data_type):
            raise ImportFaultError(f"{path}: the column '{name}' has lists or records, not values")
    names, types = zip(*(row[:2] for row in described), strict=True)
    return _input(str(path), RawFile(raw.table, str(path), "parquet", names, types), "row")


def _input(shown: str, raw: RawFile, unit: str) -> InputFile:
    names = plain_names(raw.columns)
    columns: dict[str, int] = {}
    for place, name in enumerate(names):
        columns.setdefault(name, place)
    repeated = frozenset(name for name in names if names.count(name) > 1)
    return InputFile(shown, raw, columns, repeated, unit)
