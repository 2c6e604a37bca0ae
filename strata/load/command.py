"""The command ``strata load``."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from strata.load import files
from strata.load.convert import Given, convert, is_foreign
from strata.load.declared import Table, check_missing, read_tables
from strata.load.errors import LoadError
from strata.load.missing import absent_tables, is_kept, keep_missing

TARGETS: Final = ("duckdb", "postgres", "spark")


def load(
    *,
    raw_path: Annotated[
        str, typer.Option(metavar="DIR", help="Folder of <table>.csv, .parquet or .xlsx.")
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
    to: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for the files in UTF-8, which dbt then reads."),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Encoding of CSVs that are not UTF-8, e.g. gb18030."),
    ] = None,
    sheet: Annotated[
        str | None, typer.Option(metavar="NAME", help="Sheet of workbooks; else the first one.")
    ] = None,
) -> None:
    """Fill the raw tables of a target from files: all of them, or on an error in the files none.

    On DuckDB, which reads the files in place, check them; with --to, write them as dbt reads them.
    """
    if target not in TARGETS:
        raise LoadError(f"--target must be {', '.join(TARGETS)}, not '{target}'")
    if not re.fullmatch("[a-z_][a-z0-9_]*", raw_schema):
        raise LoadError(f"--raw-schema must be a name in lower case, not '{raw_schema}'")
    missing = {name.strip() for named in missing_sources or [] for name in named.split(",")} - {""}
    tables = read_tables(Path.cwd())
    check_missing(tables, missing)
    is_own = "://" not in raw_path and is_kept(Path.cwd())
    if is_own:
        optional = [table.name for table in tables if not table.is_required]
        missing |= set(absent_tables(Path(raw_path).expanduser(), optional))
    if "://" in raw_path:
        if target != "spark" or to is not None:
            raise LoadError(f"only Spark reads a URL; for {target} and --to give a folder")
        rows = _load(target, raw_path, tables, missing, raw_schema)
    else:
        folder = Path(raw_path).expanduser()
        with _readable(
            folder, tables, missing, target=target, to=to, encoding=encoding, sheet=sheet
        ) as read:
            rows = _load(target, str(read), tables, missing, raw_schema)
    where = f"in schema {raw_schema}" if target != "duckdb" else f"written to {to}" if to else ""
    typer.echo(f"{rows:,} rows {where or 'are sound'}")
    place = (to or Path(raw_path)).expanduser()
    if is_own and target == "duckdb" and place.resolve() == Path("raw").resolve():
        keep_missing(Path.cwd(), [table.name for table in tables if table.name in missing])
        typer.echo("Next: strata calibrate, or dbt build")
        return
    given = [f"missing_sources: [{', '.join(sorted(missing))}]"] if missing else []
    if target == "duckdb":
        given.insert(0, f"raw_path: {to or raw_path}")
    told = "DuckDB reads them in place: " if target == "duckdb" else "Next: "
    named = f" --target {target}" if target != "duckdb" else ""
    with_vars = f" --vars '{{{', '.join(given)}}}'" if given else ""
    typer.echo(f"{told}dbt build{named}{with_vars}")


@contextmanager
def _readable(
    folder: Path,
    tables: list[Table],
    missing: set[str],
    *,
    target: str,
    to: Path | None,
    encoding: str | None,
    sheet: str | None,
) -> Iterator[Path]:
    """Give a folder of files that DuckDB reads: the given one, or one of converted files."""
    is_converted = to is not None or (
        # what dbt and Spark read must stay, so that they are told where to
        target == "postgres"
        and (encoding is not None or sheet is not None or is_foreign(folder, tables, missing))
    )
    if not is_converted:
        if encoding is not None or sheet is not None:
            raise LoadError("--encoding and --sheet convert files: say where to, with --to FOLDER")
        yield folder
        return
    with TemporaryDirectory(prefix="strata-load-") as name:
        written = to or Path(name)
        with _progress() as progress:
            task = progress.add_task("", total=len(tables))

            def converted(name: str, _: int) -> None:
                progress.update(task, description=f"convert {name}", advance=1)

            given = Given(encoding, sheet)
            convert(folder, tables, missing, to=written, given=given, report=converted)
        yield written


def _load(target: str, raw_path: str, tables: list[Table], missing: set[str], schema: str) -> int:
    """Inspect the files, then load them; return the number of rows."""
    with _progress() as progress:
        task = progress.add_task("", total=len(tables))

        def checked(name: str, _: int) -> None:
            progress.update(task, description=f"check {name}", advance=1)

        if "://" in raw_path:
            spark = import_module("strata.load.spark")
            found: list[files.RawFile] = spark.inspect(raw_path, tables, missing, checked)
        else:
            # the workers of Spark are elsewhere
            folder = Path(raw_path).resolve() if target == "spark" else Path(raw_path)
            found = files.inspect(folder, tables, missing, checked)
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
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
