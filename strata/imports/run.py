"""An import: DuckDB streams the files through the expressions of a mapping into Parquet files."""

import csv
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import duckdb

from strata.errors import UserError
from strata.imports.errors import ImportFaultError
from strata.imports.expressions import ExpressionError, Expressions, columns, plainly
from strata.imports.macros import DECLARED_BY, FAULT, KINDS, create
from strata.imports.mapping import READING, ImportMap, Source, TableMap, sql_of
from strata.imports.sources import InputFile, assign, find, lines_of, open_files
from strata.imports.targets import Column, Target
from strata.load.files import csv_fault, open_text
from strata.sql import identifier, literal
from strata.unfinished import unfinished_in

MEMORY: Final = "1200MB"
"""Most memory of DuckDB; what does not fit is on the disk for a while."""
THREADS: Final = 4
MARK: Final = "strata_import"
"""Key in the metadata of a written file: the mapping that made it."""
OWN: Final = frozenset({"source_row", "source_file"})
NUMBERS: Final = {"plain": "1234.50"}

Place = tuple[str | int, ...]
"""The keys that lead to a part of a mapping."""

Report = Callable[[str, float], None]
"""Is told what is being done, and how much of it, in percent."""


@dataclass(frozen=True)
class Written:
    """A raw table that was written.

    Attributes
    ----------
    table : str
        Its name.
    rows : int
        Its rows.
    facts : tuple[str, ...]
        What the user is told of it: sums and days.
    """

    table: str
    rows: int
    facts: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """What an import has done.

    Attributes
    ----------
    tables : list[Written]
        What was written.
    files : dict[str, list[str]]
        The files of each source.
    left_out : dict[str, int]
        Lines of each source that its `where` leaves out.
    split : int
        Orders whose lines are in several files.
    """

    tables: list[Written]
    files: dict[str, list[str]]
    left_out: dict[str, int]
    split: int


def run(
    mapping: ImportMap,
    paths: Sequence[Path],
    to: Path,
    targets: Mapping[str, Target],
    blanks: Sequence[str],
    *,
    report: Report,
) -> Result:
    """Write the raw tables that a mapping makes of files: all of them, or none.

    Parameters
    ----------
    mapping : ImportMap
        The mapping, with all that must be declared.
    paths : Sequence[Path]
        Files and folders.
    to : Path
        Folder of the raw tables; it is made if it is not there.
    targets : Mapping[str, Target]
        The raw tables as they are declared.
    blanks : Sequence[str]
        Texts that are no value.
    report : Report
        Is told how far it is.

    Raises
    ------
    UserError
        If the mapping or a file is wrong; a line a fault.
    """
    found = find(paths)
    existed = to.exists()
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with unfinished_in(to, ".importing-") as work, duckdb.connect() as own:
            importing = _Importing(mapping, own, targets, blanks, work)
            return importing.write(found, to, report)
    except BaseException:
        if not existed:
            with suppress(OSError):
                to.rmdir()
        raise


class _Importing:
    """One import.

    Parameters
    ----------
    mapping : ImportMap
        The mapping, declared.
    connection : DuckDBPyConnection
        A database of its own.
    targets : Mapping[str, Target]
        The raw tables.
    blanks : Sequence[str]
        Texts that are no value.
    work : Path
        Folder for what is not finished.
    """

    def __init__(
        self,
        mapping: ImportMap,
        connection: duckdb.DuckDBPyConnection,
        targets: Mapping[str, Target],
        blanks: Sequence[str],
        work: Path,
    ):
        self._mapping = mapping
        self._connection = connection
        self._targets = targets
        self._blanks = blanks
        self._work = work
        for setting, value in (
            ("memory_limit", MEMORY),
            ("temp_directory", str(work / "spilled")),
            ("TimeZone", "UTC"),
            ("threads", str(THREADS)),
        ):
            connection.execute(f"set {setting} = {literal(value)}")
        connection.execute("set enable_progress_bar = true")
        connection.execute("set enable_progress_bar_print = false")
        create(connection, next(iter(mapping.sources.values())), blanks)
        constants = {name: sql_of(setting) for name, setting in mapping.settings.items()}
        self._expressions = Expressions(connection, constants)
        self._split = 0

    def write(self, found: Sequence[Path], to: Path, report: Report) -> Result:
        """Write the tables."""
        needed = _needed(self._mapping, self._expressions)
        mapping = self._mapping
        known = {name.lower() for names in needed.values() for name in names}
        known |= {it.lower() for source in mapping.sources.values() for it in source.optional}
        said = {name: mapping.settings[name].value for name in READING if name in mapping.settings}
        for source in mapping.sources.values():
            said |= {it: source.reading[it] for it in ("encoding",) if it in source.reading}
        sheets = [it.reading["sheet"] for it in mapping.sources.values() if "sheet" in it.reading]
        report("open the files", 0)
        files = assign(open_files(found, known, said, self._work, sheets), mapping, needed)
        chosen = [it for it in mapping.tables if files[it.source] and not files.get(it.unless)]
        _check_way(to, {it.table for it in chosen}, mapping.name)
        written = [
            self._write(table, [it for it in chosen if it.table == table], files, needed, report)
            for table in self._targets
            if any(it.table == table for it in chosen)
        ]
        left_out = {
            name: self._left_out(source, files[name], needed[name])
            for name, source in mapping.sources.items()
            if files[name] and source.where
        }
        for it in written:
            (self._work / f"{it.table}.parquet").replace(to / f"{it.table}.parquet")
        shown = {name: [it.shown for it in own] for name, own in files.items() if own}
        left_out = {name: lines for name, lines in left_out.items() if lines}
        return Result(written, shown, left_out, self._split)

    def _write(
        self,
        table: str,
        maps: Sequence[TableMap],
        files: Mapping[str, Sequence[InputFile]],
        needed: Mapping[str, Sequence[str]],
        report: Report,
    ) -> Written:
        """Write one table."""
        parts = []
        for number, it in enumerate(maps):
            source = self._mapping.sources[it.source]
            names = [*needed[it.source], *source.optional]
            # they are expanded when a query is made, so that each part is made by itself
            create(self._connection, source, self._blanks)
            self._view("lines", source, files[it.source], names, with_rows=self._orders(it, source))
            finals = self._finals(it, "lines")
            if table == "orders" and it.group_by and len(files[it.source]) > 1:
                self._split += self._in_several_files(it)
            parts.append(self._work / f"{table}.part{number}")
            try:
                self._copy(
                    self._query(it, "lines", finals, checked=False),
                    parts[-1],
                    lambda percent: report(f"write {table}", percent),
                )
            except duckdb.Error as error:
                raise self._told(error, it, finals, files[it.source], names) from error
        path = self._work / f"{table}.parquet"
        if len(parts) == 1:
            parts[0].rename(path)
        else:
            listed = ", ".join(literal(part) for part in parts)
            self._copy(
                f"select * from read_parquet([{listed}], union_by_name = true)",
                path,
                lambda percent: report(f"write {table}", percent),
            )
        path.chmod(0o600)
        names = [it for it in self._targets[table].columns if any(it in m.columns for m in maps)]
        return _facts(self._connection, table, path, names)

    def _copy(self, query: str, path: Path, report: Callable[[float], None]) -> None:
        """Write the rows of a query as Parquet."""
        self._execute(
            f"copy ({query}) to {literal(path)} (format parquet, compression zstd,"
            f" kv_metadata {{{MARK}: {literal(self._mapping.name)}}})",
            report,
        )

    def _in_several_files(self, it: TableMap) -> int:
        """Return how many orders have lines in several files: their exports may overlap."""
        keys = ", ".join(
            self._expressions.with_rows(text, checked=False, grouped=False) for text in it.group_by
        )
        (found,) = self._connection.execute(
            f"select count(*) from (select 1 from lines group by {keys}"
            " having min(source_file) <> max(source_file))"
        ).fetchall()
        return int(found[0])

    def _orders(self, it: TableMap, source: Source) -> bool:
        """Tell whether the order of the lines is needed."""
        texts = [text for _, text in _expressions_of(it)]
        texts += [*source.let.values(), *([source.where] if source.where else [])]
        return any(self._expressions.needs_rows(text) for text in texts)

    def _view(
        self,
        view: str,
        source: Source,
        files: Sequence[InputFile],
        names: Sequence[str],
        *,
        with_rows: bool,
        checked: bool = False,
    ) -> None:
        """Make a view of the lines of a source, with what it gives names to."""
        lines = lines_of(files, names)
        row = "row_number() over () as source_row, " if with_rows else ""
        self._connection.execute(
            f"create or replace temp view {view}_lines as select {row}* from ({lines})"
        )
        self._over_lines(view, f"{view}_lines", source, checked=checked)

    def _over_lines(self, view: str, lines: str, source: Source, *, checked: bool) -> None:
        """Make the view of lines with the names that the source gives."""
        named = [f"from {lines}"]
        for name, text in source.let.items():
            sql = self._expressions.with_rows(text, checked=checked, grouped=False)
            # one in another: DuckDB lets no expression that may end a query name its neighbour
            named.append(f"from (select *, {sql} as {identifier(name)} {named[-1]})")
        where = ""
        if source.where:
            sql = self._expressions.with_rows(source.where, checked=checked, grouped=False)
            where = f"where {sql}"
        try:
            self._connection.execute(
                f"create or replace temp view {view} as select * {named[-1]} {where}"
            )
        except duckdb.Error as error:
            for name, relation in zip(source.let, named[1:], strict=True):
                try:
                    self._connection.execute(f"describe select * {relation}")
                except duckdb.Error as wrong:
                    place = self._mapping.place("sources", source.name, "let", name)
                    raise ImportFaultError(f"{place}, {name}: {plainly(wrong)}") from wrong
            place = self._mapping.place("sources", source.name, "where")
            raise ImportFaultError(f"{place}, where: {plainly(error)}") from error

    def _finals(self, it: TableMap, view: str) -> dict[str, str]:
        """Return the expressions of the columns, each made what the raw table takes."""
        groups = [
            self._expressions.with_rows(text, checked=False, grouped=False) for text in it.group_by
        ]
        grouping = f"group by {', '.join(groups)}" if groups else ""
        cells = {
            name: self._expressions.with_rows(text, checked=False, grouped=bool(groups))
            for name, text in it.columns.items()
        }
        where = [
            self._expressions.with_rows(text, checked=False, grouped=False)
            for text in (it.where,)
            if text
        ]
        try:
            types = self._types(list(cells.values()), f"{view} {grouping}")
            self._types(where, view)
        except duckdb.Error:
            # each by itself tells which one is wrong
            tried: list[tuple[Place, str, str]] = [
                (("columns", name), f"{it.table}.{name}", sql) for name, sql in cells.items()
            ]
            faults = [
                f"{self._mapping.place(*it.place, *keys)}, {shown}: {told}"
                for keys, shown, sql in tried
                if (told := self._wrong(sql, f"{view} {grouping}"))
            ]
            faults += [
                f"{self._mapping.place(*it.place, 'where')}, where: {told}"
                for sql in where
                if (told := self._wrong(sql, view))
            ]
            raise ImportFaultError("\n".join(faults)) from None
        return {
            name: _made(
                text,
                types[place],
                self._targets[it.table].columns[name],
                self._expressions.functions(text),
            )
            for place, (name, text) in enumerate(it.columns.items())
        }

    def _types(self, cells: Sequence[str], relation: str) -> list[str]:
        """Return the types of expressions over a relation."""
        if not cells:
            return []
        named = ", ".join(f"{sql} as c{place}" for place, sql in enumerate(cells))
        described = self._connection.execute(f"describe select {named} from {relation}").fetchall()
        return [str(row[1]) for row in described]

    def _wrong(self, sql: str, relation: str) -> str:
        """Return what is wrong with an expression; blank if nothing is."""
        try:
            self._types([sql], relation)
        except duckdb.Error as error:
            return plainly(error)
        return ""

    def _query(self, it: TableMap, view: str, finals: Mapping[str, str], *, checked: bool) -> str:
        """Return the query of the rows."""
        grouped = bool(it.group_by)
        cells = [
            f"{self._expressions.with_rows(text, checked=checked, grouped=grouped)} as {name}"
            for name, text in finals.items()
        ]
        query = f"select {', '.join(cells)} from {view}"
        if it.where:
            where = self._expressions.with_rows(it.where, checked=checked, grouped=False)
            query += f" where {where}"
        if it.group_by:
            keys = [
                self._expressions.with_rows(text, checked=checked, grouped=False)
                for text in it.group_by
            ]
            query += f" group by {', '.join(keys)}"
        return query

    def _execute(self, sql: str, report: Callable[[float], None]) -> None:
        """Execute a statement, and tell how far it is."""
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(self._connection.execute, sql)
            try:
                while not running.done():
                    report(max(self._connection.query_progress(), 0))
                    with suppress(TimeoutError):
                        running.result(0.2)
                        return
            except KeyboardInterrupt:
                self._connection.interrupt()
                raise
            running.result()

    def _left_out(self, source: Source, files: Sequence[InputFile], needed: Sequence[str]) -> int:
        """Return how many lines the `where` of a source leaves out."""
        create(self._connection, source, self._blanks)
        names = [*needed, *source.optional]
        rows = self._expressions.needs_rows(source.where)
        self._view("counted", source, files, names, with_rows=rows)
        (found,) = self._connection.execute(
            "select (select count(*) from counted_lines) - (select count(*) from counted)"
        ).fetchall()
        return int(found[0])

    def _told(
        self,
        error: duckdb.Error,
        it: TableMap,
        finals: Mapping[str, str],
        files: Sequence[InputFile],
        names: Sequence[str],
    ) -> UserError:
        """Return what is wrong with the files: which file, line and column."""
        if isinstance(error, duckdb.OutOfMemoryException):
            return ImportFaultError(
                "there is not enough memory or space on the disk of --to for what must be sorted;"
                " give another folder, or fewer files at once"
            )
        source = self._mapping.sources[it.source]
        for file in files:
            if told := self._fault_in(it, source, file, names, finals):
                return told
        if fault := FAULT.search(str(error)):
            why = _why(fault[1], source, it.table, None)
            return ImportFaultError(f"{it.table}: a sum over several files {why}")
        return ImportFaultError(f"{it.table}: {_first_words(error)}")

    def _fault_in(
        self,
        it: TableMap,
        source: Source,
        file: InputFile,
        names: Sequence[str],
        finals: Mapping[str, str],
    ) -> ImportFaultError | None:
        """Return what is wrong in a file; none if nothing is."""
        self._view("looked_at", source, [file], names, with_rows=True, checked=True)
        query = self._query(it, "looked_at", finals, checked=True)
        listed = ", ".join(finals)
        try:
            self._connection.execute(f"select bit_xor(hash({listed})) from ({query})").fetchall()
        except duckdb.Error as error:
            fault = FAULT.search(str(error))
            if fault is None:
                is_csv = file.raw.file_format == "csv" and "CSV" in str(error)
                column = "" if is_csv else self._failing(it, finals)
                return ImportFaultError(f"{file.shown}{column}{self._csv_fault(file, error)}")
            row = int(fault[2])
            place = f"{file.shown}, {file.unit} {_line(file, row)}"
            column, target = self._columns_at(it, source, row, finals)
            bounds = self._targets[it.table].columns.get(target)
            why = _why(fault[1], source, f"{it.table}.{target}" if target else it.table, bounds)
            return ImportFaultError(
                f"{place}, column {column}: it {why}", lacks=DECLARED_BY.get(fault[1], "")
            )
        return None

    def _failing(self, it: TableMap, finals: Mapping[str, str]) -> str:
        """Return which expression DuckDB cannot compute; blank if each by itself can be."""
        for name, text in finals.items():
            query = self._query(it, "looked_at", {name: text}, checked=True)
            try:
                self._connection.execute(f"select bit_xor(hash({name})) from ({query})").fetchall()
            except duckdb.Error:
                read = ", ".join(columns(self._expressions.parse(it.columns[name])))
                place = self._mapping.place(*it.place, "columns", name)
                return f", column {read}, for {it.table}.{name} ({place})"
        return ""

    def _csv_fault(self, file: InputFile, error: duckdb.Error) -> str:
        if file.raw.file_format == "csv" and "CSV" in str(error):
            return f"{csv_fault(file.raw, str(error))}; mend the row, or export the file anew"
        return f": {_first_words(error)}"

    def _columns_at(
        self, it: TableMap, source: Source, row: int, finals: Mapping[str, str]
    ) -> tuple[str, str]:
        """Return which columns of a row are refused, and for which column of the raw table."""
        self._connection.execute(
            "create or replace temp table row_at_fault as"
            f" select * from looked_at_lines where source_row = {row}"
        )
        texts = [("", text) for text in source.let.values()]
        texts += [("", source.where)] if source.where else []
        texts += [("", it.where)] if it.where else []
        texts += [("", text) for text in it.group_by] + list(finals.items())
        lets = {name.lower(): text for name, text in source.let.items()}
        view = "row_at_fault"
        for number, (target, text) in enumerate(texts):
            if number == len(lets) and lets:
                self._over_lines("named_at_fault", "row_at_fault", source, checked=False)
                view = "named_at_fault"
            for sql, read in self._expressions.refusing(text):
                ordered = self._expressions.with_rows(sql, checked=False, grouped=False)
                try:
                    self._connection.execute(f"select {ordered} from {view}").fetchall()
                except duckdb.Error as error:
                    if FAULT.search(str(error)):
                        cells = self._cells(read, lets)
                        return ", ".join(cells) or "none", target
        for target, text in finals.items():
            # no cell alone, but what several lines make together
            try:
                query = self._query(it, "looked_at", {target: text}, checked=True)
                self._connection.execute(f"select bit_xor(hash({target})) from ({query})")
            except duckdb.Error:
                cells = self._cells(columns(self._expressions.parse(text)), lets)
                return f"{', '.join(cells)} (with further lines)", target
        return "unknown", ""

    def _cells(self, read: Sequence[str], lets: Mapping[str, str]) -> list[str]:
        """Return the columns of the file behind names: what a source names is looked up."""
        found: list[str] = []
        for name in read:
            if name.lower() in lets:
                text = lets[name.lower()]
                found += self._cells(columns(self._expressions.parse(text)), lets)
            elif name not in {*self._mapping.settings, *OWN}:
                found.append(name)
        return list(dict.fromkeys(found))


def needed_of(mapping: ImportMap) -> dict[str, list[str]]:
    """Return the columns that a file of each source of a mapping must have."""
    with duckdb.connect() as connection:
        return _needed(mapping, Expressions(connection, {}))


def _needed(mapping: ImportMap, expressions: Expressions) -> dict[str, list[str]]:
    """Check the expressions; return the columns that a file of each source must have."""
    needed: dict[str, list[str]] = {}
    faults: list[str] = []
    for name, source in mapping.sources.items():
        texts: list[tuple[Place, str]] = [
            (("sources", name, "let", it), text) for it, text in source.let.items()
        ]
        texts += [(("sources", name, "where"), source.where)] if source.where else []
        for it in mapping.tables:
            if it.source == name:
                texts += _expressions_of(it)
        read: list[str] = []
        for place, text in texts:
            try:
                read += columns(expressions.parse(text))
            except ExpressionError as error:
                faults.append(f"{mapping.place(*place)}, {place[-1]}: {error}")
        own = {it.lower() for it in (*source.let, *OWN, *source.optional)}
        # Currency is a column, currency a setting
        free = [it for it in read if it not in mapping.settings]
        unique = {it.lower(): it for it in free if it.lower() not in own}
        needed[name] = list(unique.values())
    if faults:
        raise ImportFaultError("\n".join(faults))
    return needed


def _expressions_of(it: TableMap) -> list[tuple[Place, str]]:
    texts: list[tuple[Place, str]] = [
        ((*it.place, "columns", name), text) for name, text in it.columns.items()
    ]
    texts += [((*it.place, "where"), it.where)] if it.where else []
    return texts + [((*it.place, "group_by"), text) for text in it.group_by]


def _made(text: str, given: str, column: Column, functions: set[str]) -> str:
    """Return an expression that is of the type of its column."""
    is_text = given in ("VARCHAR", '"NULL"', "NULL")
    value = f"({text}\n)"
    if column.data_type == "text":
        made = f"cast({value} as varchar)"
        return f"unmasked({made})" if column.names_a_person else made
    if column.data_type in ("boolean", "date"):
        macro = {"boolean": "flag", "date": "day"}[column.data_type]
        return f"{macro}({value})" if is_text else f"cast({value} as {column.data_type})"
    if column.data_type == "timestamp":
        instant = f"in_utc(timezone('UTC', cast({value} as timestamptz)))"
        day = f"strftime({value}, '%Y-%m-%d')"
        macro = "stamped" if "stamp" in functions else "stamp"
        return f"{macro}({value})" if is_text else day if given == "DATE" else instant
    made = f"number({value})" if is_text else value
    if column.minimum and column.maximum:
        made = f"within({made}, {column.minimum}, {column.maximum})"
    return f"cast({made} as {column.data_type})"


def _check_way(to: Path, tables: set[str], name: str) -> None:
    """Check that nothing is overwritten but what the same mapping has written."""
    faults = []
    for table in sorted(tables):
        for path in to.glob(f"{table}.*"):
            by = written_by(path)
            if by != name:
                whose = f"was written by --map {by}" if by else "is there already"
                faults.append(f"{path} {whose}: remove it, or give another folder: --to DIR")
    if faults:
        raise ImportFaultError("\n".join(faults))


def written_by(path: Path) -> str:
    """Return the mapping that wrote a file; blank if none did."""
    if path.suffix != ".parquet":
        return ""
    with suppress(duckdb.Error), duckdb.connect() as connection:
        found = connection.execute(
            "select decode(value) from parquet_kv_metadata(?) where decode(key) = ?",
            [str(path), MARK],
        ).fetchone()
        return str(found[0]) if found else ""
    return ""


def _facts(
    connection: duckdb.DuckDBPyConnection, table: str, path: Path, names: Sequence[str]
) -> Written:
    """Return what a written table has."""
    read = f"read_parquet({literal(path)})"
    (rows,) = connection.execute(f"select count(*) from {read}").fetchall()[0]
    facts = []
    times = [it for it in ("ordered_at", "refunded_at", "registered_at") if it in names]
    for name in times:
        first, last = connection.execute(
            f"select left(min({name}), 10), left(max({name}), 10) from {read}"
        ).fetchall()[0]
        if first:
            facts.append(f"{name} {first} to {last}")
    if "amount" in names:
        by = "coalesce(currency, 'no currency')" if "currency" in names else "''"
        for currency, amount in connection.execute(
            f"select {by}, sum(amount) from {read} group by all order by all"
        ).fetchall():
            facts.append(f"amount {amount or 0:,} {currency}".rstrip())
    return Written(table, int(rows), tuple(facts))


def _line(file: InputFile, row: int) -> int:
    """Return the line at which a row begins: cells may have line breaks, lines may be blank."""
    if file.unit == "row":
        return row + 1
    with open_text(Path(file.raw.location), "utf-8") as stream:
        reader = csv.reader(stream, delimiter=file.raw.delimiter)
        begun = 1
        with suppress(csv.Error):
            left = row + 1
            for cells in islice(reader, None):
                left -= bool(cells)
                if left == 0:
                    return begun
                begun = reader.line_num + 1
    return row + 1


def _why(kind: str, source: Source, target: str, column: Column | None) -> str:
    numbers = source.reading.get("numbers", "plain")
    return KINDS[kind].format(
        numbers=NUMBERS.get(numbers, numbers),
        times=" or ".join(source.times) or "year, month, day",
        target=target,
        minimum=column.minimum if column else "its lowest",
        maximum=column.maximum if column else "its highest",
    )


def _first_words(error: duckdb.Error) -> str:
    """Return what DuckDB says; of an expression not the words, which may hold a cell."""
    told = str(error).partition("\n")[0]
    kind = told.partition(":")[0]
    if kind in ("IO Error", "Permission Error", "Not implemented Error"):
        return told
    return (
        f"a value does not fit what an expression does with it ({kind}); number(), stamp() and"
        " flag() tell the line"
    )
