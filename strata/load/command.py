"""The command ``strata load``."""

import re
from importlib import import_module
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from strata.load import files
from strata.load.declared import check_missing, read_tables
from strata.load.errors import LoadError

TARGETS: Final = ("duckdb", "postgres", "spark")


def fail(message: str) -> NoReturn:
    """Print one line on stderr and end with exit code 2."""
    typer.echo(f"strata load: {message}", err=True)
    raise typer.Exit(2)


def load(
    raw_path: Annotated[
        str, typer.Option(metavar="DIR", help="Folder of <table>.csv or <table>.parquet.")
    ],
    target: Annotated[
        str, typer.Option(metavar="|".join(TARGETS), envvar="STRATA_TARGET", help="Where to.")
    ] = "duckdb",
    raw_schema: Annotated[
        str, typer.Option(metavar="NAME", help="Schema to fill: the var raw_schema.")
    ] = "raw",
    missing_sources: Annotated[
        list[str] | None,
        typer.Option(metavar="TABLE", help="Optional table that you do not have; may be repeated."),
    ] = None,
) -> None:
    """Fill the raw tables of a target from files: all of them, or on an error in the files none."""
    if target not in TARGETS:
        fail(f"--target must be {', '.join(TARGETS)}, not '{target}'")
    if not re.fullmatch("[a-z_][a-z0-9_]*", raw_schema):
        fail(f"--raw-schema must be a name in lower case, not '{raw_schema}'")
    missing = {name.strip() for named in missing_sources or [] for name in named.split(",")} - {""}
    try:
        rows = _load(target, raw_path, raw_schema, missing)
    except LoadError as error:
        fail(str(error))
    typer.echo(f"{rows:,} rows {'are sound' if target == 'duckdb' else f'in schema {raw_schema}'}")
    if target == "duckdb":
        typer.echo(f"DuckDB reads them in place: dbt build --vars '{{raw_path: {raw_path}}}'")
    else:
        typer.echo(f"Next: dbt build --target {target}")


def _load(target: str, raw_path: str, schema: str, missing: set[str]) -> int:
    """Inspect the files, then load them; return the number of rows."""
    tables = read_tables(Path.cwd())
    check_missing(tables, missing)
    with _progress() as progress:
        task = progress.add_task("", total=len(tables))

        def checked(name: str, _: int) -> None:
            progress.update(task, description=f"check {name}", advance=1)

        if "://" in raw_path:
            if target != "spark":
                raise LoadError(f"only Spark reads a URL; for {target} give a folder")
            spark = import_module("strata.load.spark")
            found: list[files.RawFile] = spark.inspect(raw_path, tables, missing, checked)
        else:
            found = files.inspect(Path(raw_path), tables, missing, checked)
        rows = sum(file.rows or 0 for file in found)
        if target == "duckdb":
            return rows
        progress.reset(task, total=rows)

        def loaded(name: str, rows: int) -> None:
            progress.update(task, description=f"load {name}", advance=rows)

        loader = import_module(f"strata.load.{target}")
        return int(loader.load(found, schema, loaded))


def _progress() -> Progress:
    """Make a progress bar on stderr, shown on terminals only."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        transient=True,
    )
