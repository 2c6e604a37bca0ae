"""The commands ``strata up`` and ``strata down``: servers on this machine, to try Strata on."""

import os
from importlib import import_module
from pathlib import Path
from typing import Annotated, Final

import typer

from strata.errors import UserError
from strata.servers.ports import is_taken

PORTS: Final = {"postgres": ("STRATA_PG_PORT", "5432"), "spark": ("STRATA_SPARK_PORT", "10000")}
"""Servers, with the variable of their port and its default in profiles.yml."""

HIGHEST_PORT: Final = 65_535


def up(server: Annotated[str, typer.Argument(metavar="|".join(PORTS))]) -> None:
    """Start a PostgreSQL server or a Spark cluster on this machine, to try the project on."""
    if server not in PORTS:
        raise UserError(f"there is no server '{server}', only {' and '.join(PORTS)}")
    variable, default = PORTS[server]
    text = os.environ.get(variable, default)
    port = int(text) if text.isascii() and text.isdecimal() else 0
    if not 0 < port <= HIGHEST_PORT:
        raise UserError(f"{variable} must be a port, not '{text}'")
    module = import_module(f"strata.servers.{server}")
    folder = _folder(server)
    already = module.find(folder)
    if not already and folder.exists():
        module.stop(folder)  # what is left of one of which a part has ended
    if not already and is_taken(port):
        raise UserError(f"port {port} is taken; set {variable} to a free one")
    try:
        folder.parent.mkdir(exist_ok=True)
        running = already or module.start(folder, port)
    except (OSError, RuntimeError) as error:
        raise UserError(str(error)) from error
    typer.echo(f"{server} {'already runs' if already else 'runs'}; its data are in {folder}\n")
    for name, value in {"STRATA_TARGET": server, **running.settings}.items():
        typer.echo(f"export {name}={value}")
    typer.echo(f"\nNext: strata load --target {server} --raw-path demo")
    typer.echo(f"      dbt build --target {server}")
    typer.echo("      strata down")


def down() -> None:
    """Stop the servers that ``strata up`` started; their data stay."""
    for server in PORTS:
        folder = _folder(server)
        if not folder.exists():
            continue
        module = import_module(f"strata.servers.{server}")
        if module.find(folder):
            typer.echo(f"{server} stops")
        module.stop(folder)


def _folder(server: str) -> Path:
    return Path("build") / server
