"""The command ``strata calibrate``."""

from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import yaml

from strata.errors import UserError
from strata.project import DbtProject

FITS: Final = ("cycles", "clv", "bands", "clusters", "score")
"""In the order in which they depend on each other: the score rests on the first two."""
TIERS: Final = "tiers"


def calibrate(
    *,
    what: Annotated[
        str,
        typer.Option(
            metavar="|".join([TIERS, *FITS, "all"]), help="What is calibrated, or several."
        ),
    ] = "all",
    shares: Annotated[
        str,
        typer.Option(
            metavar="SHARES",
            help="Tier rules by shares in percent, the rest to the lowest: vip=1,high=4,medium=15;"
            " or 80/20, the shares of the revenue from the highest tier down.",
        ),
    ] = "",
    by: Annotated[
        str, typer.Option(metavar="customers|revenue", help="What the shares are of.")
    ] = "",
    as_of: Annotated[
        str, typer.Option(metavar="DATE", help="Evaluation date of the data; the last by default.")
    ] = "",
    start: Annotated[
        str,
        typer.Option(
            "--from", metavar="DATE", help="First day of the new rows; that of the data by default."
        ),
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the proposal and write nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Write and build without asking.")] = False,
    no_build: Annotated[
        bool, typer.Option("--no-build", help="Write the seeds and do not build.")
    ] = False,
    variables: Annotated[
        str,
        typer.Option("--vars", metavar="YAML", help="The vars that the build is made with."),
    ] = "{}",
) -> None:
    """Propose seed rows that fit one's own data, show who would be where, write them and build."""
    project = DbtProject(Path.cwd())
    parts = _parts(what, bool(shares))
    if by and not shares:
        raise UserError("--by says what --shares are of: give --shares too")
    run = import_module("strata.calibrate.run")
    run.run_calibration(
        run.Request(
            project=project,
            parts=parts,
            shares=shares,
            by=by,
            as_of=_day("--as-of", as_of),
            start=_day("--from", start),
            variables=read_variables(variables),
            is_dry_run=dry_run,
            is_agreed=yes,
            is_built=not no_build,
        )
    )


def _parts(what: str, has_shares: bool) -> tuple[str, ...]:
    """Return the parts that are asked for, in the order in which they are made."""
    known = (*FITS, TIERS)
    asked = [it.strip() for it in what.split(",")]
    unknown = [it for it in asked if it not in (*known, "all")]
    if unknown:
        raise UserError(f"--what must be {', '.join((TIERS, *FITS))} or all, not '{unknown[0]}'")
    if "all" in asked:
        return known
    if has_shares and TIERS not in asked:
        raise UserError("--shares is for --what tiers or all")
    if TIERS in asked and not has_shares:
        raise UserError("--what tiers needs --shares, such as --shares vip=1,high=4,medium=15")
    return tuple(it for it in known if it in asked)


def _day(option: str, text: str) -> date | None:
    """Read a date."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise UserError(f"{option} must be a date such as 2026-06-15, not '{text}'") from error


def read_variables(text: str) -> dict[str, Any]:
    """Read vars as dbt does."""
    try:
        given = yaml.safe_load(text)
    except yaml.YAMLError:
        given = None
    except ValueError as error:  # YAML reads an unquoted date itself
        raise UserError(f"--vars has a day that does not exist ({error}): '{text}'") from error
    if not isinstance(given, dict):
        raise UserError(f"--vars must be a YAML mapping such as '{{raw_path: data}}', not '{text}'")
    return given
