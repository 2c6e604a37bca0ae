"""The command ``strata init``."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from strata.errors import UserError
from strata.init.answers import (
    Answers,
    read_country,
    read_currency,
    read_day,
    read_time_zone,
    usual_currency,
    usual_time_zone,
)
from strata.init.make import RAW_MODELS, Made, loaded, make, standing
from strata.questions import ask, is_attended


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the new project.")],
    *,
    currency: Annotated[
        str, typer.Option(metavar="CODE", help="Reporting currency (ISO 4217), such as GBP.")
    ] = "",
    timezone: Annotated[
        str, typer.Option(metavar="ZONE", help="Zone of your business days, e.g. Europe/London.")
    ] = "",
    home: Annotated[
        str, typer.Option(metavar="COUNTRY", help="Country of your home market, such as GB.")
    ] = "",
    as_of: Annotated[
        str,
        typer.Option(metavar="DATE", help="Day at whose end customers are evaluated; else today."),
    ] = "",
    loaded_by: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="NAME",
            help=f"Raw tables are models over loaded data: {', '.join(loaded())}; else files.",
        ),
    ] = "",
) -> None:
    """Make a dbt project of your own that has Strata as a package, with seeds to start from.

    What is not given is asked for. Nothing is overwritten: what stands already is told.
    """
    if loaded_by and loaded_by not in loaded():
        raise UserError(f"--from must be {', '.join(loaded())}, not '{loaded_by}'")
    stands = standing(folder)
    given = (
        ("currency", currency, read_currency),
        ("time_zone", timezone, read_time_zone),
        ("home", home, read_country),
        ("as_of", as_of, read_day),
    )
    said = {name: read(value) for name, value, read in given if value}
    if stands is None:
        answers = _asked(said)
    else:
        answers = stands
        for name, value in said.items():
            if value != getattr(stands, name):
                typer.echo(
                    f"{folder} stands with {getattr(stands, name) or 'today'}, which stays: edit"
                    f" {'seeds/crm/markets.csv' if name == 'home' else 'dbt_project.yml'} for"
                    f" {value or 'today'}"
                )
    if loaded_by and stands and not (folder / RAW_MODELS).exists():
        raise UserError(f"{folder} stands, and reads files: name another folder for --from")
    _tell(make(folder, answers, loaded_by), folder, is_loaded=bool(loaded_by))


def _asked(said: dict[str, str]) -> Answers:
    """Ask for what was not given; the home market first, for it proposes the others."""
    home = said.get("home") or _ask("home", "Country of the home market", read_country)
    currency = said.get("currency") or _ask(
        "currency", "Reporting currency", read_currency, usual_currency(home)
    )
    time_zone = said.get("time_zone") or _ask(
        "timezone", "Time zone of your business days", read_time_zone, usual_time_zone(home)
    )
    return Answers(currency, time_zone, home, said.get("as_of", ""))


def _ask(option: str, question: str, read: Callable[[str], str], usual: str | None = None) -> str:
    """Ask, and say which option it is where nobody answers."""
    try:
        return ask(question, read, usual)
    except typer.Abort as error:
        if is_attended():
            raise
        typer.echo(err=True)
        raise UserError(f"--{option} is missing, and nobody is here to ask: give it") from error


def _tell(made: Made, folder: Path, *, is_loaded: bool) -> None:
    """Tell what was made, what stood, and what comes next."""
    answers = made.answers
    told = f"{answers.currency}, {answers.time_zone}, home market {answers.home}"
    if made.written:
        typer.echo(f"{folder}: {len(made.written)} files made ({told})")
    if made.kept:
        shown = f"all {len(made.kept)}" if not made.written else str(len(made.kept))
        typer.echo(f"{folder}: {shown} files stand already and stay as they are ({told})")
    typer.echo(f"Strata: {made.source}, in {folder / 'dbt_packages' / 'strata'}")
    is_here = folder.resolve() == Path.cwd()
    typer.echo("Next:" if is_here else f"Next: cd {_quoted(folder)}")
    if is_loaded:
        typer.echo(
            f"      look through {RAW_MODELS}: the models are yours, and say what they assume"
        )
        typer.echo(
            "      profiles.yml: the database where the data are; fivetran_schema: its schema"
        )
    else:
        typer.echo("      strata import --map NAME FILES   (--guess FILE proposes a mapping)")
    typer.echo(
        "      strata calibrate --shares vip=1,high=4,medium=15   (percent of your customers)"
    )
    typer.echo("      dbt build")


def _quoted(folder: Path) -> str:
    text = str(folder)
    return f'"{text}"' if " " in text else text
