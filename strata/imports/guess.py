"""A mapping that is proposed for a file, from its header; nothing is written but at the end.

What is shown of the rows are counts and forms, never a value: it may be of a person.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb
import typer
import yaml
from rich.console import Console
from rich.table import Table

from strata.errors import UserError
from strata.imports.errors import ImportFaultError
from strata.imports.macros import create
from strata.imports.mapping import Source, names, read
from strata.imports.run import needed_of
from strata.imports.sources import InputFile, find, open_files
from strata.imports.targets import Target
from strata.load.files import SPACES
from strata.sql import identifier

SYNONYMS: Final = Path(__file__).with_name("synonyms.yml")
ROWS: Final = 1000
NUMBER_FORMS: Final = ("plain", "1,234.50", "1.234,50", "1 234,50", "1'234.50")
TIME_FORMS: Final = (
    "",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%d-%m-%Y",
)
CHECKS: Final = {"decimal": "number", "timestamp": "stamp", "date": "day", "boolean": "flag"}
SETTINGS: Final = {
    "currency": {"kind": "currency", "about": "the currency of the amounts"},
    "time_zone": {"kind": "time_zone", "about": "the zone of the times"},
    "tax_rate": {
        "kind": "percent",
        "about": "the tax in percent that the amounts include; 0 where they are without tax",
    },
}


def guess(
    path: Path,
    targets: Mapping[str, Target],
    blanks: Sequence[str],
    *,
    encoding: str,
    sheet: str,
    save: Path | None,
) -> None:
    """Propose a mapping for a file, and show what is understood of its first rows.

    Parameters
    ----------
    path : Path
        The file.
    targets : Mapping[str, Target]
        The raw tables.
    blanks : Sequence[str]
        Texts that are no value.
    encoding, sheet : str
        What is given of the file; blank if nothing is.
    save : Path or None
        Where the proposal is written.

    Raises
    ------
    UserError
        If the file cannot be read, or nothing in its header is known.
    """
    if save is not None and save.exists():
        raise ImportFaultError(f"{save} is there already: give another file to --save")
    said = {name: it for name, it in (("encoding", encoding), ("sheet", sheet)) if it}
    with TemporaryDirectory(prefix="strata-guess-") as work, duckdb.connect() as connection:
        known = set().union(*(set(_headers(targets, name)) for name in targets))
        (file, *_) = open_files(find([path]), _like(known), said, Path(work), [])
        for name in names():
            if _is_of(file, name, targets):
                typer.echo(f"{path} is of the mapping {name}: strata import --map {name} {path}")
                return
        found = _proposed(file)
        if not found:
            raise ImportFaultError(
                f"{path}, {file.unit} 1: none of its columns is called as Strata knows it; write a"
                " mapping by hand, as docs/import.md shows"
            )
        source, unclear, shown = _understood(connection, file, found, targets, blanks)
    mapping = _mapping(source, unclear, found)
    console = Console()
    table = Table("column of the file", "becomes", "filled", "read", "not read", box=None)
    for row in shown:
        table.add_row(*row)
    console.print(f"Of the first {ROWS:,} rows:")
    console.print(table)
    console.print()
    text = yaml.safe_dump(mapping, sort_keys=False, allow_unicode=True, width=100)
    if save is None:
        typer.echo(text)
        typer.echo("Nothing is written: --save FILE writes it, to look through and use with --map")
        return
    save.write_text(text, encoding="utf-8")
    asked = " ".join(
        {"currency": "--currency CODE", "time_zone": "--timezone ZONE"}.get(name, f"--set {name}=")
        for name in mapping.get("settings", {})
    )
    typer.echo(
        f"{save} is written: look it through, then: strata import --map {save} {path} {asked}"
    )


@cache
def _synonyms() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = yaml.safe_load(SYNONYMS.read_text(encoding="utf-8"))
    return found


def _headers(targets: Mapping[str, Target], table: str) -> list[str]:
    return [name for all_names in _synonyms().get(table, {}).values() for name in all_names]


def _like(known: set[str]) -> set[str]:
    """Return names as a header may write them, so that the delimiter is told by them."""
    return known | {f"{name[:at]} {name[at:]}" for name in known for at in range(1, len(name))}


def _letters(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def _is_of(file: InputFile, name: str, targets: Mapping[str, Target]) -> bool:
    """Tell whether a file has what a mapping that comes with Strata needs, and that is telling."""
    with suppress(UserError):
        mapping = read(name, targets)
        for needed in needed_of(mapping).values():
            telling = [it for it in needed if _letters(it) not in ("id", "name", "email", "status")]
            if len(telling) > 1 and all(it.lower() in file.columns for it in needed):
                return True
    return False


def _proposed(file: InputFile) -> dict[str, dict[str, str]]:
    """Return the column of the file for each column of the raw tables."""
    spelled = {_letters(name): name.strip(SPACES) for name in file.raw.columns}
    found: dict[str, dict[str, str]] = {}
    for table, columns in _synonyms().items():
        there = {
            column: next(spelled[it] for it in all_names if it in spelled)
            for column, all_names in columns.items()
            if any(it in spelled for it in all_names)
        }
        if there:
            found[table] = there
    has_lines = {"quantity", "unit_price"} <= found.get("order_items", {}).keys()
    orders = found.get("orders", {})
    is_orders = "order_id" in orders and ("amount" in orders or has_lines)
    if not is_orders:
        found = {"customers": found.get("customers", {})}
    elif not has_lines:
        found.pop("order_items", None)
    needs = {"customers": "customer_id", "orders": "order_id", "order_items": "quantity"}
    return {table: it for table, it in found.items() if needs[table] in it}


def _understood(
    connection: duckdb.DuckDBPyConnection,
    file: InputFile,
    found: Mapping[str, Mapping[str, str]],
    targets: Mapping[str, Target],
    blanks: Sequence[str],
) -> tuple[Source, str, list[tuple[str, ...]]]:
    """Return how the file is written, what of that is unclear, and what each column is."""
    columns = {name: column for it in found.values() for column, name in it.items()}
    source = Source("lines")
    create(connection, source, blanks)
    connection.execute(f"create temp table first_rows as {file.select(list(columns))} limit {ROWS}")
    types = {
        name: targets[table].columns[column].data_type.partition("(")[0]
        for table, it in found.items()
        for column, name in it.items()
    }
    unclear = ""
    for key, forms in (("numbers", NUMBER_FORMS), ("times", TIME_FORMS)):
        kinds = ("decimal",) if key == "numbers" else ("timestamp", "date")
        chosen = [name for name in types if types[name] in kinds]
        best = [_with(source, key, form) for form in forms]
        # the first of those that read most: where a day and a month may be changed, it is asked
        source = max(best, key=lambda it: _read(connection, it, chosen, types, blanks))
        if key == "times" and source.times:
            unclear = _unclear(connection, source, chosen, types, blanks)
    shown: list[tuple[str, ...]] = []
    for name in columns:
        quoted = identifier(name)
        (filled,) = connection.execute(f"select count({quoted}) from first_rows").fetchall()[0]
        right = _read(connection, source, [name], types, blanks)
        becomes = ", ".join(
            f"{table}.{column}"
            for table, it in found.items()
            for column, its in it.items()
            if its == name
        )
        shown.append((name, becomes, f"{filled:,}", f"{right:,}", f"{filled - right:,}"))
    known = set(columns)
    shown += [
        (name.strip(SPACES), "-", "", "", "")
        for name in file.raw.columns
        if name.strip(SPACES) and name.strip(SPACES) not in known
    ]
    return source, unclear, shown


def _with(source: Source, key: str, form: str) -> Source:
    if key == "times":
        return replace(source, times=(form,) if form else ())
    return replace(source, reading={"numbers": form} if form != "plain" else {})


def _unclear(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    chosen: Sequence[str],
    types: Mapping[str, str],
    blanks: Sequence[str],
) -> str:
    """Return the question, where another order of day and month reads as many; else nothing."""
    (form,) = source.times
    turned = form.replace("%d/%m", "%m/%d")
    another = replace(source, times=(turned,))
    mine, its = (_read(connection, it, chosen, types, blanks) for it in (source, another))
    return f"is a date {form} or {turned}" if turned != form and mine == its else ""


def _read(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    chosen: Sequence[str],
    types: Mapping[str, str],
    blanks: Sequence[str],
) -> int:
    """Return how many cells can be read."""
    # which zone it is does not matter here
    here = replace(source, reading=source.reading | {"time_zone": "UTC"})
    create(connection, here, blanks)
    # what ends an import is only counted here
    connection.execute("create or replace temp macro fault(kind, line) as null")
    cells = 0
    for name in chosen:
        check = CHECKS.get(types[name], "")
        (found,) = connection.execute(
            f"select count({check}({identifier(name)})) from first_rows"
        ).fetchall()
        cells += int(found[0])
    return cells


def _mapping(
    source: Source, unclear: str, found: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """Return the mapping that is proposed."""
    how: dict[str, Any] = {"files": "*"}
    settings: dict[str, dict[str, str]] = dict(SETTINGS)
    if unclear:
        settings["times"] = {"kind": "text", "about": unclear}
    elif source.times:
        how["times"] = source.times[0]
    if "numbers" in source.reading:
        how["numbers"] = source.reading["numbers"]
    tables = []
    orders = {name: identifier(column) for name, column in found.get("orders", {}).items()}
    lines = {name: identifier(column) for name, column in found.get("order_items", {}).items()}
    own = {name: identifier(column) for name, column in found.get("customers", {}).items()}
    if "country" in own:
        own["country"] = f"country_code({own['country']})"
    if "currency" in orders or not orders:
        settings.pop("currency")
    if not orders:
        settings.pop("tax_rate")
        tables.append(_table("customers", own))
        return {"settings": settings, "sources": {"lines": how}, "tables": tables}
    if own:
        person = own["customer_id"]
        columns = {name: f"first_of({cell})" for name, cell in own.items()}
        columns = columns | {"customer_id": person}
        columns["registered_at"] = f"min(stamp({orders.get('ordered_at', 'null')}))"
        tables.append(
            _table("customers", columns) | {"where": f"{person} is not null", "group_by": person}
        )
    key = orders.pop("order_id")
    columns = {name: f"first_of({cell})" for name, cell in orders.items()} if lines else orders
    amount = f"money({orders['amount']})" if "amount" in orders else ""
    if lines:
        amount = f"sum(round(number({lines['quantity']}) * number({lines['unit_price']}), 2))"
    whole = {
        "order_id": key,
        "customer_id": columns.get("customer_id", "cast(null as varchar)"),
        "ordered_at": columns.get("ordered_at", "'say which column'"),
        "status": columns.get("status", "'paid'"),
        "currency": columns.get("currency", "currency"),
        "amount": f"without_tax({amount}, tax_rate)",
    }
    order = _table("orders", columns | whole)
    if lines:
        order["group_by"] = key
    tables.append(order)
    if lines:
        item = {"order_item_id": f"{key} || '-' || line_of({key})", "order_id": key}
        tables.append(_table("order_items", item | {"product_id": "'unknown'"} | lines))
    return {"settings": settings, "sources": {"lines": how}, "tables": tables}


def _table(name: str, columns: Mapping[str, str]) -> dict[str, Any]:
    return {"table": name, "from": "lines", "columns": dict(columns)}
