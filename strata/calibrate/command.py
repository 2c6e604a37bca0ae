"""The command ``strata calibrate``."""

from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import yaml

from strata.calibrate.errors import CalibrationError
from strata.errors import UserError

PARTS: Final = ("clv", "bands", "score", "clusters")


def calibrate(
    *,
    what: Annotated[
        str, typer.Option(metavar="|".join([*PARTS, "all"]), help="What is fitted.")
    ] = "all",
    as_of: Annotated[
        str,
        typer.Option(
            metavar="DATE",
            help="Evaluation date of the data and first day of the new rows; the last by default.",
        ),
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the proposal and write nothing.")
    ] = False,
    variables: Annotated[
        str,
        typer.Option("--vars", metavar="YAML", help="The vars that the build was made with."),
    ] = "{}",
) -> None:
    """Fit parameters to the last build and propose them as rows of seeds, for people to review."""
    parts = _parts(what)
    day = _day(as_of) if as_of else None
    given = _variables(variables)
    project = Path.cwd()
    if not (project / "dbt_project.yml").exists():
        raise UserError("run it in the folder of dbt_project.yml")
    try:
        run = import_module("strata.calibrate.run")
        run.run_calibration(project, parts, day, given, dry_run)
    except CalibrationError as error:
        raise UserError(str(error)) from error


def _parts(what: str) -> tuple[str, ...]:
    """Return the parts that are asked for."""
    if what == "all":
        return PARTS
    if what not in PARTS:
        raise UserError(f"--what must be {', '.join(PARTS)} or all, not '{what}'")
    return (what,)


def _day(text: str) -> date:
    """Read a date."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UserError(f"--as-of must be a date such as 2026-06-15, not '{text}'") from error


def _variables(text: str) -> dict[str, Any]:
    """Read vars as dbt does."""
    try:
        given = yaml.safe_load(text)
    except yaml.YAMLError:
        given = None
    if not isinstance(given, dict):
        raise UserError(f"--vars must be a YAML mapping such as '{{raw_path: data}}', not '{text}'")
    return given
