"""The command ``strata preview``."""

import errno
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from strata.calibrate.command import read_variables
from strata.errors import REASONS, UserError
from strata.project import DbtProject
from strata.trial.build import newer_raw_file, working
from strata.trial.comparison import Comparison, compare, last_evaluation
from strata.trial.report import markdown, render, sheets
from strata.trial.trial import Trial
from strata.trial.workplace import workplace
from strata.unfinished import whole

TITLE = "Preview of edited seeds"


def preview(
    file: Annotated[
        Path | None,
        typer.Option("--markdown", metavar="FILE", help="Write it as Markdown too, for a review."),
    ] = None,
    full_refresh: Annotated[
        bool,
        typer.Option("--full-refresh", help="As a full refresh decides: the past is judged anew."),
    ] = False,
    variables: Annotated[
        str, typer.Option("--vars", metavar="YAML", help="The vars that the build is made with.")
    ] = "{}",
) -> None:
    """Show whom the seeds as they are now would move, compared with the last build."""
    project = DbtProject(Path.cwd())
    given = read_variables(variables)
    path = project.build(
        "to compare with", "run `dbt build` with the seeds as they were, then edit them"
    )
    as_of, started = last_evaluation(path)
    if file and not file.resolve().parent.is_dir():
        raise UserError(f"there is no folder {file.parent} for {file.name}")
    if file and not os.access(file if file.exists() else file.resolve().parent, os.W_OK):
        raise UserError(f"{file} cannot be written: {REASONS[errno.EACCES]}")
    with workplace() as folder:
        trial = Trial(folder, project, path, as_of, given)
        with working("dbt build of a copy, with the seeds as they are now"):
            trial.build(("--full-refresh",) if full_refresh else ())
        comparison = compare(path, trial.warehouse, project.rule_set(given))
    lines = [
        f"Compared with the last build, of {started:%Y-%m-%d %H:%M} UTC, as"
        f" {'a full refresh' if full_refresh else 'the next `dbt build`'} would decide.",
        _edits(comparison),
    ]
    if newer := newer_raw_file(project, started, given):
        lines.append(
            f"{project.relative(newer)} is newer than that build: some may move for what is in it."
        )
    told = sheets(comparison, "before", "after")
    console = Console(highlight=False)
    for line in lines:
        console.print(line, soft_wrap=True, markup=False)
    console.print(render(told))
    if file:
        text = markdown(TITLE, [f"- {line}" for line in lines], told)
        with whole(file) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
        console.print(f"Written to {file}.", soft_wrap=True, markup=False)


def _edits(comparison: Comparison) -> str:
    """Name the seeds that differ."""
    edits = [
        f"{name} ({', '.join(f'{word} {count}' for word, count in counts.items() if count)})"
        for name, counts in comparison.edits.items()
    ]
    return f"Edited: {', '.join(edits)}." if edits else "No seed differs from that build."
