"""One run of ``strata calibrate``: proposals, their effect, and the files.

Imported by the command when it runs, since scikit-learn takes a second that no other command needs.
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from threadpoolctl import threadpool_limits

from strata.calibrate import bands, clusters, lifetime_values, scores
from strata.calibrate.effect import Effect, measure_effect, raw_path
from strata.calibrate.proposal import Proposal
from strata.calibrate.report import render_effect, render_proposal
from strata.calibrate.seeds import SeedFile, write_seeds
from strata.calibrate.warehouse import Warehouse

Propose = Callable[[Path, Warehouse, date], Proposal]


def _clv(project: Path, warehouse: Warehouse, as_of: date, fitted_on: str = "") -> Proposal:
    seed = SeedFile(project / lifetime_values.SEED)
    customers = warehouse.customers(as_of, lifetime_values.MEASURES)
    return lifetime_values.propose_lifetime_values(seed, customers, as_of, fitted_on)


def _bands(project: Path, warehouse: Warehouse, as_of: date) -> Proposal:
    seed = SeedFile(project / bands.SEED)
    proposal = bands.propose_bands(seed, warehouse.customers(as_of, bands.MEASURES), as_of)
    seed.check_unique("band_id")
    return proposal


def _score(project: Path, warehouse: Warehouse, as_of: date) -> Proposal:
    seed = SeedFile(project / scores.SEED)
    customers = warehouse.customers(as_of, scores.measures_of(seed, as_of))
    proposal = scores.propose_scores(seed, customers, as_of)
    seed.check_unique("component_id")
    return proposal


def _clusters(project: Path, warehouse: Warehouse, as_of: date) -> Proposal:
    seed = SeedFile(project / clusters.SEED)
    customers = warehouse.customers(as_of, clusters.MEASURES)
    proposal = clusters.propose_clusters(seed, customers, as_of)
    seed.check_unique("cluster_id")
    return proposal


PARTS: Final[dict[str, Propose]] = {
    "clv": _clv,
    "bands": _bands,
    "score": _score,
    "clusters": _clusters,
}


def run_calibration(
    project: Path,
    parts: tuple[str, ...],
    as_of: date | None,
    variables: Mapping[str, Any],
    is_dry_run: bool,
) -> None:
    """Make all proposals, measure their effect, show both and replace the seed files.

    Parameters
    ----------
    project : Path
        Folder of dbt_project.yml.
    parts : tuple of str
        Keys of `PARTS`.
    as_of : date or None
        Evaluation date; None for the last.
    variables : mapping of str to object
        Vars that the build was made with, besides those of dbt_project.yml.
    is_dry_run : bool
        Whether nothing is written.

    Raises
    ------
    CalibrationError
        With the reason why nothing was written.
    """
    warehouse = Warehouse.of_environment()
    last = warehouse.last_date()
    day = as_of or last
    warehouse.check_stored(day)
    proposals, effect = _propose(project, warehouse, parts, day, variables)
    console = Console(highlight=False)
    for proposal in proposals:
        console.print(render_proposal(proposal))
    console.print(render_effect(effect))
    if day != last:
        console.print(
            f"{day} is not the last evaluation, {last}: the new rows also apply to the months"
            " since then. The months that a build recomputes are in these figures; the frozen"
            " ones change with --full-refresh only.",
            soft_wrap=True,
        )
    if is_dry_run:
        console.print("Nothing was written (--dry-run).")
        return
    seeds = [proposal.seed for proposal in proposals]
    write_seeds(seeds)
    for seed in seeds:
        console.print(f"Written to {seed.path}; review the diff.", soft_wrap=True)


def _propose(
    project: Path,
    warehouse: Warehouse,
    parts: tuple[str, ...],
    day: date,
    variables: Mapping[str, Any],
) -> tuple[list[Proposal], Effect]:
    """Make all proposals, then measure their effect."""
    proposals = []
    propose = PARTS | {"clv": partial(_clv, fitted_on=raw_path(project, variables))}
    with _progress() as progress:
        # the two builds of the measurement are the last steps
        task = progress.add_task("calibrate", total=len(parts) + 2)
        for part in parts:
            progress.update(task, description=f"fit {part}")
            # sums of several threads are added in any order: their last digits vary
            with threadpool_limits(limits=1):
                proposal = propose[part](project, warehouse, day)
            proposal.check()
            proposals.append(proposal)
            progress.advance(task)

        def report(step: str) -> None:
            progress.update(task, description=step)

        seeds = [proposal.seed for proposal in proposals]
        effect = measure_effect(project, warehouse, seeds, variables, report)
    return proposals, effect


def _progress() -> Progress:
    """Make a progress bar on stderr, shown on terminals only."""
    console = Console(stderr=True)
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
