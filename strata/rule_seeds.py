"""``strata seeds convert``: rule seeds of Strata 0.4 in the form of today.

Until 0.4 a rule had a minimum (inclusive) and a maximum (exclusive) of each measure in two columns;
today it has one column with a condition, such as ``>=12``, ``<50000`` or ``[4..12)``. More than
100,000 was a minimum of 100000.01 then.
"""

import csv
import io
import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final

import typer

from strata.errors import UserError

MONEY: Final = ("lifetime_net_revenue", "net_revenue_12m", "potential_12m")
"""Measures of 0.4 in cents, where a bound of .01 stood for an open one."""
LOW, HIGH = "min_", "max_"
NUMBER: Final = re.compile(r"[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]{1,3})?")

seeds = typer.Typer(help="Tools for the seed CSVs.", no_args_is_help=True)


@seeds.callback()
def main() -> None:
    """Tools for the seed CSVs."""


@seeds.command()
def convert(
    folder: Annotated[Path, typer.Argument(help="Folder with the seed CSVs.")] = Path("seeds"),
) -> None:
    """Write rule seeds with min_ and max_ columns as conditions; others stay as they are."""
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}; name the one with the seed CSVs")
    texts = {path: converted(path) for path in sorted(folder.rglob("*.csv"))}
    for path, text in texts.items():
        if text is not None:
            part = path.with_name(f".{path.name}.converting")
            part.write_text(text, encoding="utf-8", newline="")
            part.replace(path)
            typer.echo(f"{path}: its bounds are conditions now")
    if not any(text is not None for text in texts.values()):
        typer.echo(f"no rule seed in {folder} has min_ and max_ columns; nothing was changed")


def converted(path: Path) -> str | None:
    """Return the text of a rule seed with conditions.

    Parameters
    ----------
    path : Path
        A seed CSV.

    Returns
    -------
    str or None
        None if it is not a rule seed with ``min_`` and ``max_`` columns.

    Raises
    ------
    UserError
        If it cannot be read, or a bound is no number; file and line are named.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not in UTF-8; save it as CSV UTF-8") from error
    reader = csv.reader(io.StringIO(text))
    try:
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise UserError(f"{path} line {reader.line_num} cannot be read: {error}") from error
    header = rows[0][1] if rows else []
    if not {"rule_id", "priority"} <= set(header):
        return None
    measures = [it[len(LOW) :] for it in header if it.startswith(LOW)]
    if not measures:
        return None
    kept = [it for it in header if not it.startswith(HIGH) or it[len(HIGH) :] not in measures]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(it.removeprefix(LOW) for it in kept)
    for line, record in rows[1:]:
        if not any(record):
            continue
        if len(record) != len(header):
            raise UserError(f"{path} line {line} has {len(record)} cells, the header {len(header)}")
        cells = dict(zip(header, record, strict=True))
        where = f"{path} line {line} (rule_id {cells['rule_id']})"
        writer.writerow(
            _condition(it[len(LOW) :], cells, where) if it.startswith(LOW) else cells[it]
            for it in kept
        )
    return file.getvalue()


def _condition(measure: str, cells: dict[str, str], where: str) -> str:
    """Return the condition that two bounds stand for."""
    low, is_after = _bound(LOW + measure, cells, where)
    high, is_upto = _bound(HIGH + measure, cells, where)
    if low and high:
        return f"{'(' if is_after else '['}{low}..{high}{']' if is_upto else ')'}"
    if low:
        return f"{'>' if is_after else '>='}{low}"
    return f"{'<=' if is_upto else '<'}{high}" if high else ""


def _bound(column: str, cells: dict[str, str], where: str) -> tuple[str, bool]:
    """Return a bound, and whether a cent more was written for it."""
    text = cells.get(column, "").strip()
    if not text:
        return "", False
    if not NUMBER.fullmatch(text):
        raise UserError(f'{where}: {column} is "{text}", which is not a number')
    bound = Decimal(text)
    is_open = column[len(LOW) :] in MONEY and bound % 1 == Decimal("0.01")
    if is_open:
        bound -= Decimal("0.01")
    return format(bound.normalize(), "f"), is_open
