"""The command ``strata demo``."""

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from strata.demo.generator import DemoData
from strata.demo.writer import FORMATS, FolderWriter
from strata.errors import UserError, reason

LARGEST_CUSTOMERS: Final = 10_000_000
"""Beyond, telephone numbers of seven digits would be shared by strangers."""
LARGEST_ORDERS: Final = 100_000_000
"""The most that was tried."""


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise UserError(f"'{text}' is not a whole number") from error


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise UserError(f"'{text}' is not a number") from error


def demo(
    customers: Annotated[
        int, typer.Option(parser=_whole, metavar="N", help="Number of raw customer records.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write the files to.")],
    seed: Annotated[
        int, typer.Option(parser=_whole, metavar="S", help="Same seed, same files.")
    ] = 7,
    file_format: Annotated[
        str, typer.Option("--format", metavar="csv|parquet", help="Format of the files.")
    ] = "csv",
    orders_per_customer: Annotated[
        float, typer.Option(parser=_number, metavar="F", help="Mean number of orders.")
    ] = 5.0,
) -> None:
    """Write demo data of any size: the eleven raw tables of an invented electronics retailer."""
    _check(customers, out, seed, file_format, orders_per_customer)
    data = DemoData(customers, seed, orders_per_customer)
    try:
        with FolderWriter(out, file_format) as writer, _progress() as progress:
            task = progress.add_task("customers", total=customers)
            for done, batches in data:
                writer.append(batches)
                progress.advance(task, done)
    except OSError as error:
        raise UserError(f"cannot write to {out}: {reason(error)}") from error
    typer.echo(f"{customers} customers in {out}")


def _check(
    customers: int, out: Path, seed: int, file_format: str, orders_per_customer: float
) -> None:
    """End with a clear line if an option has no sense."""
    if not 1 <= customers <= LARGEST_CUSTOMERS:
        raise UserError(f"--customers must be from 1 to {LARGEST_CUSTOMERS}, not {customers}")
    if seed < 0:
        raise UserError(f"--seed must not be negative, not {seed}")
    if file_format not in FORMATS:
        raise UserError(f"--format must be csv or parquet, not '{file_format}'")
    if not 0 < orders_per_customer * customers <= LARGEST_ORDERS:
        raise UserError("--orders-per-customer must be above 0 and give at most 100 million orders")
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is a file; --out must be a folder")
    other = "parquet" if file_format == "csv" else "csv"
    if (out / f"customers.{other}").exists():
        raise UserError(
            f"{out} already holds demo data as {other}; choose another folder or remove it"
        )


def _progress() -> Progress:
    """Make a progress bar on stderr, shown on terminals only."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
