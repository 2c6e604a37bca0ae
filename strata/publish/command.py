"""The command ``strata publish``."""

import os
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from strata.errors import UserError
from strata.postgres import Server
from strata.publish.build import Build, open_build
from strata.publish.duckdb_file import publish_to_file
from strata.publish.postgres import publish_to_postgres
from strata.publish.publications import Publication

PLACES: Final = ("duckdb", "postgres")


def publish(
    *,
    to: Annotated[
        str, typer.Option("--to", metavar="|".join(PLACES), help="Where readers find the marts.")
    ] = "duckdb",
    serve: Annotated[
        Path, typer.Option("--serve", metavar="FILE", help="The DuckDB file that readers open.")
    ] = Path("serve/strata.duckdb"),
) -> None:
    """Publish the marts of the last build, if it is complete; readers see all of it or nothing."""
    if to not in PLACES:
        raise UserError(f"--to must be {' or '.join(PLACES)}, not '{to}'")
    if not serve.name:
        raise UserError(f"--serve must be a file, not '{serve}'")
    path = Path(os.environ.get("STRATA_DUCKDB_PATH", "build/strata.duckdb"))
    if path.resolve() == serve.resolve():
        raise UserError(f"{serve} is the build itself; readers need a file of their own")
    with open_build(path, os.environ.get("STRATA_SCHEMA_PREFIX", "")) as build:
        place = _publish(build, to, serve)
    _show(build, place)


def _publish(build: Build, to: str, serve: Path) -> str:
    """Publish a build and tell where."""
    publication = Publication.now(Path.cwd())
    columns = (TextColumn("publishing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("", total=sum(mart.row_count for mart in build.marts))

        def done(rows: int) -> None:
            progress.advance(task, rows)

        if to == "duckdb":
            publish_to_file(build, publication, serve, done)
            return str(serve)
        server = Server.of_environment()
        publish_to_postgres(build, publication, server, done)
        return f"{server}, schema {build.schema}"


def _show(build: Build, place: str) -> None:
    table = Table(title=f"Published as of {build.as_of_date}", title_justify="left")
    table.add_column("mart")
    table.add_column("rows", justify="right")
    for mart in build.marts:
        table.add_row(mart.name, f"{mart.row_count:,}")
    console = Console()
    console.print(table)
    console.print(f"published to  {place}", soft_wrap=True)
