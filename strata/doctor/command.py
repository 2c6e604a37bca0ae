"""The command ``strata doctor``."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from strata.calibrate.command import read_variables
from strata.doctor.findings import Finding, Patient, examine
from strata.project import DbtProject
from strata.trial.comparison import opened


def doctor(
    variables: Annotated[
        str, typer.Option("--vars", metavar="YAML", help="The vars that the build was made with.")
    ] = "{}",
) -> None:
    """Show on one screen what the data of the last build can and cannot say."""
    project = DbtProject(Path.cwd())
    given = read_variables(variables)
    with opened(now=project.build("to look at")) as builds:
        findings = examine(Patient(project, builds, given))
    Console(highlight=False).print(_screen(findings))


def _screen(findings: list[Finding]) -> Table:
    """Lay findings out; what one would mend is marked."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column()
    table.add_column()
    for finding in findings:
        mark = Text("!", style="yellow") if finding.is_fault else Text("")
        table.add_row(Text(finding.topic), mark, Text(finding.text))
    return table
