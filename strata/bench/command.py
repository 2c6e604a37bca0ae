"""The command ``strata bench``."""

import json
import re
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
from rich.console import Console

from strata.bench.measure import ChildFailedError, Measurement, measure
from strata.bench.report import DbtRun, Report, Timing, read_dbt_run
from strata.bench.workspace import (
    FULL,
    HISTORY_MONTHS,
    REPOSITORY,
    THREADS,
    Data,
    Step,
    Workspace,
)
from strata.errors import UserError, reason

FEWEST_CUSTOMERS: Final = 100
"""With fewer, quintiles have no sense."""
MEMORY_SIZE: Final = re.compile(r"\d+(\.\d+)?\s*[KMGT]i?B", re.IGNORECASE)


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


def bench(
    *,
    customers: Annotated[
        int, typer.Option(parser=_whole, metavar="N", help="Number of raw customer records.")
    ],
    orders_per_customer: Annotated[
        float, typer.Option(parser=_number, metavar="F", help="Mean number of orders.")
    ] = 10.0,
    runs: Annotated[
        int, typer.Option(parser=_whole, metavar="K", help="How often everything is timed.")
    ] = 3,
    directory: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="Folder for data, warehouse and results.")
    ] = Path("build/bench"),
    seed: Annotated[
        int, typer.Option(parser=_whole, metavar="S", help="Seed of the generated data.")
    ] = 7,
    memory: Annotated[
        str, typer.Option(metavar="SIZE", help="Memory limit of DuckDB, for example 6GB.")
    ] = "6GB",
    months: Annotated[
        int, typer.Option(parser=_whole, metavar="M", help="Closed months of history.")
    ] = HISTORY_MONTHS,
    everything: Annotated[
        bool, typer.Option("--everything", help="Time one dbt build of all, and no peers.")
    ] = False,
    threads: Annotated[
        int, typer.Option(parser=_whole, metavar="T", help="Models that dbt builds at a time.")
    ] = THREADS,
) -> None:
    """Time the dbt project on generated data against pandas, Polars and one SQL statement."""
    data = Data(customers, orders_per_customer, seed)
    workspace = Workspace(directory, data, memory, months, everything, threads)
    _check(workspace, runs)
    try:
        workspace.make_folders()
        report = _run(workspace, runs, Console(stderr=True, highlight=False))
        results = workspace.folder / "results.json"
        results.write_text(json.dumps(report.as_json(), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot use {workspace.folder}: {reason(error)}") from error
    console = Console(highlight=False)
    console.print(report.render())
    console.print(f"Written to {results}", soft_wrap=True)


def _check(workspace: Workspace, runs: int) -> None:
    """End with a clear line if an option has no sense; ``strata demo`` checks its own."""
    if workspace.data.customers < FEWEST_CUSTOMERS:
        raise UserError(
            f"--customers must be at least {FEWEST_CUSTOMERS}, not {workspace.data.customers}"
        )
    if runs < 1:
        raise UserError(f"--runs must be at least 1, not {runs}")
    if workspace.months < 0:
        raise UserError(f"--months must not be negative, but is {workspace.months}")
    if workspace.models_at_a_time < 1:
        raise UserError(f"--threads must be at least 1, not {workspace.models_at_a_time}")
    if workspace.parent.exists() and not workspace.parent.is_dir():
        raise UserError(f"{workspace.parent} is a file; --dir must be a folder")
    if not MEMORY_SIZE.fullmatch(workspace.memory):
        raise UserError(f"--memory must be a size such as 6GB, not '{workspace.memory}'")
    if not (REPOSITORY / "dbt_project.yml").exists():
        raise UserError(
            f"{REPOSITORY} has no dbt_project.yml; install strata with pip install --editable"
        )


def _run(workspace: Workspace, runs: int, console: Console) -> Report:
    """Make the data if it is not there, then time all steps, ``runs`` times in order."""
    if not workspace.has_data():
        with console.status("generating data"):
            try:
                workspace.make_data()
            except ChildFailedError as error:
                _stop("data", error, workspace.log_file("data"))
    steps = workspace.steps()
    measurements: dict[str, list[Measurement]] = {step.key: [] for step in steps}
    full_runs: list[DbtRun] = []
    for number in range(1, runs + 1):
        for step in steps:
            label = f"run {number} of {runs}: ({step.key}) {step.title}"
            with console.status(label):
                measurement = _time(step, workspace, number)
            console.print(f"{label}: {measurement.seconds:.2f} s")
            measurements[step.key].append(measurement)
            if step.key == FULL and step.target:
                full_runs.append(read_dbt_run(step.target))
    timings = tuple(Timing(step.key, step.title, tuple(measurements[step.key])) for step in steps)
    full_run = next(full_runs[timing.median_run] for timing in timings if timing.key == FULL)
    return Report(
        workspace.data,
        workspace.memory,
        workspace.months,
        workspace.models_at_a_time,
        workspace.raw_rows(),
        timings,
        full_run,
    )


def _time(step: Step, workspace: Workspace, number: int) -> Measurement:
    """Run one step and measure it."""
    step.prepare(workspace.today)
    log_file = workspace.log_file(f"{step.key}-{number}")
    try:
        return measure(
            step.command,
            directory=REPOSITORY,
            environment=workspace.environment | step.environment,
            log_file=log_file,
            spill=workspace.spill if step.target else None,
        )
    except ChildFailedError as error:
        _stop(f"({step.key}) {step.title}", error, log_file)


def _stop(title: str, error: ChildFailedError, log_file: Path) -> NoReturn:
    """Show the end of the output of a failed child, then the one line that says what failed."""
    if error.last_lines:
        typer.echo(error.last_lines, err=True)
    raise UserError(f"{title} failed: {error}; all its output is in {log_file}")
