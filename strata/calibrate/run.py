"""One run of ``strata calibrate``: proposals, their effect, the answer, the files, the build.

Imported by the command when it runs, since scikit-learn takes a second that no other command needs.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import typer
from rich.console import Console
from threadpoolctl import threadpool_limits

from strata.calibrate import bands, clusters, cycles, lifetime_values, scores, tier_rules
from strata.calibrate.errors import CalibrationError
from strata.calibrate.proposal import Proposal
from strata.calibrate.report import render_proposal
from strata.calibrate.seeds import (
    PLACEHOLDER,
    SeedFile,
    check_writable,
    finish_writing,
    write_seeds,
)
from strata.calibrate.shares import Shares, read_shares
from strata.calibrate.warehouse import Warehouse
from strata.errors import UserError
from strata.project import DbtProject
from strata.questions import is_attended
from strata.trial.build import build_all, ensure_build, working
from strata.trial.comparison import Comparison, compare
from strata.trial.report import render, sheets
from strata.trial.trial import Trial
from strata.trial.workplace import workplace

HISTORY: Final = "+customer_tier_history"
JOURNAL: Final = ".strata-calibrate.json"
"""File of the project that is there only while seeds are written."""
SHARES: Final = {"vip": "1", "high": "4", "medium": "15"}
"""What is proposed in place of placeholders if nobody asks for other shares."""


@dataclass(frozen=True)
class Request:
    """What was asked for.

    Attributes
    ----------
    project : DbtProject
        Whose seeds are proposed.
    parts : tuple of str
        Keys of `PARTS`, in the order in which they depend on each other.
    shares, by : str
        Options of the same names.
    as_of : date or None
        Evaluation date of the data; None for the last.
    start : date or None
        First day of the new rows; None for that of the data.
    variables : mapping of str to object
        Vars of the build, besides those of dbt_project.yml.
    is_dry_run, is_agreed, is_built : bool
        Whether nothing is written, nothing is asked, the project is built in the end.
    """

    project: DbtProject
    parts: tuple[str, ...]
    shares: str
    by: str
    as_of: date | None
    start: date | None
    variables: Mapping[str, Any]
    is_dry_run: bool
    is_agreed: bool
    is_built: bool

    @property
    def rule_set(self) -> str:
        """The rule set in force."""
        return self.project.rule_set(self.variables)

    def seed(self, name: str) -> SeedFile:
        """Read a seed of the project."""
        return SeedFile(self.project.seed(name), self.project.money(name))


@dataclass(frozen=True)
class Data:
    """The build that is calibrated to.

    Attributes
    ----------
    warehouse : Warehouse
        Where it is; for the score the one in which its measures are as proposed.
    day : date
        Last day of the data.
    starts : dict of str to date
        First day of the new rows of each seed, if it is another one.
    shares : Shares or None
        What was asked for.
    """

    warehouse: Warehouse
    day: date
    starts: Mapping[str, date]
    shares: Shares | None

    def start(self, seed: str) -> date:
        """Return the first day of the new rows of a seed."""
        return self.starts.get(seed, self.day)


def _cycles(request: Request, data: Data) -> Proposal:
    seed = request.seed(cycles.SEED)
    customers = data.warehouse.customers(data.day, cycles.MEASURES)
    return cycles.propose_cycles(seed, customers, data.day, data.start(cycles.SEED))


def _clv(request: Request, data: Data) -> Proposal:
    return lifetime_values.propose_lifetime_values(
        request.seed(lifetime_values.SEED),
        data.warehouse.customers(data.day, lifetime_values.MEASURES),
        data.day,
        str(request.project.var("raw_path", request.variables) or request.project.root.name),
        data.start(lifetime_values.SEED),
    )


def _bands(request: Request, data: Data) -> Proposal:
    seed = request.seed(bands.SEED)
    customers = data.warehouse.customers(data.day, bands.MEASURES)
    return bands.propose_bands(seed, customers, data.start(bands.SEED))


def _clusters(request: Request, data: Data) -> Proposal:
    seed = request.seed(clusters.SEED)
    customers = data.warehouse.customers(data.day, clusters.MEASURES)
    return clusters.propose_clusters(seed, customers, data.day, data.start(clusters.SEED))


def _score(request: Request, data: Data) -> Proposal:
    seed = request.seed(scores.SEED)
    customers = data.warehouse.customers(
        data.day, scores.measures_of(seed, data.start(scores.SEED))
    )
    return scores.propose_scores(seed, customers, data.day, data.start(scores.SEED))


def _tiers(request: Request, data: Data) -> Proposal:
    seed = request.seed(tier_rules.SEED)
    customers = data.warehouse.customers(data.day, [tier_rules.MEASURE], are_all=True)
    assert data.shares is not None  # read before
    return tier_rules.propose_tier_rules(
        seed,
        customers,
        data.shares,
        request.rule_set,
        as_of=data.day,
        start=data.start(tier_rules.SEED),
    )


def _shares(request: Request, warehouse: Warehouse, day: date) -> Shares | None:
    """Read the shares, if tiers are asked for; a mistake in them stops everything."""
    if "tiers" not in request.parts:
        return None
    seed = request.seed(tier_rules.SEED)
    tiers = warehouse.tiers()
    text = request.shares
    if not text:
        if not seed.start_over(day, {"rule_set": request.rule_set}):
            return None
        known = [f"{code}={percent}" for code, percent in SHARES.items() if code in tiers]
        text = ",".join(known)
        Console(stderr=True, highlight=False).print(
            f"tier_rules has placeholders: they are replaced by --shares {text}",
            soft_wrap=True,
        )
    prospects = tier_rules.prospect_tier(seed, request.rule_set, day)
    return read_shares(text, request.by, tiers, prospects)


def _check_request(request: Request) -> None:
    """Find what would end the command later, so that it costs no build: seeds, then shares."""
    if not request.is_dry_run:
        check_writable(_paths(request))
    if not request.shares or "tiers" not in request.parts:
        return
    try:
        with request.project.seed("tiers").open(newline="", encoding="utf-8-sig") as file:
            rows = sorted(csv.DictReader(file), key=lambda it: -float(it["tier_rank"]))
        codes = [it["tier_code"] for it in rows]
        rules = request.seed(tier_rules.SEED)
        day = request.as_of or date.today()
        prospects = tier_rules.prospect_tier(rules, request.rule_set, day)
    except (UserError, OSError, KeyError, TypeError, ValueError):
        return  # told by the build
    read_shares(request.shares, request.by, codes, prospects)


def _paths(request: Request) -> Iterator[Path]:
    """Give the files of the seeds that may be written."""
    for part in request.parts:
        with suppress(UserError):  # told where it is proposed
            yield request.project.seed(SEEDS[part])


def _starts(request: Request, day: date) -> dict[str, date]:
    """Return where rows begin on another day than that of the data."""
    if request.start:
        return dict.fromkeys(SEEDS.values(), request.start)
    found = {}
    for part in request.parts:
        try:
            seed = request.seed(SEEDS[part])
            where = {"rule_set": request.rule_set} if part == "tiers" else None
            if start := seed.start_over(day, where):
                found[seed.name] = start
        except UserError:
            continue  # told where it is proposed
    return found


SEEDS: Final = {
    "cycles": cycles.SEED,
    "clv": lifetime_values.SEED,
    "bands": bands.SEED,
    "clusters": clusters.SEED,
    "score": scores.SEED,
    "tiers": tier_rules.SEED,
}
PARTS: Final[Mapping[str, tuple[Callable[[Request, Data], Proposal], str]]] = {
    "cycles": (_cycles, ""),
    "clv": (_clv, ""),
    "bands": (_bands, "band_id"),
    "clusters": (_clusters, "cluster_id"),
    "score": (_score, "component_id"),
    "tiers": (_tiers, "rule_id"),
}
"""What proposes a seed, and the key that its rows must not share."""
MEASURED_BY: Final = ("cycles", "clv")
"""Parts that make measures of the score: how overdue somebody is, and predicted values."""


class Trials:
    """Builds of what is proposed, in a copy, which dbt has to parse once only."""

    def __init__(self, request: Request, warehouse: Warehouse, folder: Path) -> None:
        self.request = request
        self.warehouse = warehouse
        self.folder = folder
        self.trial: Trial | None = None

    def build(self, seeds: Sequence[SeedFile], options: Sequence[str], *select: str) -> Warehouse:
        """Build the project with proposed seeds, or some of it, and return where.

        The next build is in the same place: it begins with the stored build again, and with at
        least the seeds of this one.
        """
        trial = self.trial
        if trial is None:
            trial = self.trial = Trial(
                self.folder,
                self.request.project,
                self.warehouse.path,
                self.warehouse.last_date(),
                self.request.variables,
            )
        else:
            trial.copy_warehouse()
        for seed in seeds:
            trial.write(seed.path, seed.content())
        try:
            trial.build(options, *([select] if select else []))
        except UserError as error:
            raise CalibrationError(f"the proposal cannot be built: {error}") from error
        return Warehouse(trial.warehouse, self.warehouse.prefix)

    def compare(self, seeds: Sequence[SeedFile], options: Sequence[str]) -> Comparison:
        """Build with all proposed seeds and compare with the stored build."""
        built = self.build(seeds, options)
        return compare(self.warehouse.path, built.path, self.request.rule_set)


def run_calibration(request: Request) -> None:
    """Make all proposals, measure their effect, show both, ask, write the seeds and build.

    Raises
    ------
    UserError
        With the reason why nothing was written.
    """
    project = request.project
    warehouse = Warehouse.of_project(project)
    if not (request.is_dry_run or request.is_agreed or is_attended()):
        raise UserError("nobody can be asked here: give --yes, or --dry-run")
    console = Console(highlight=False)
    for path in finish_writing(project.root / JOURNAL):
        console.print(f"{path} was agreed on before, and is written now.", soft_wrap=True)
    _check_request(request)
    anew = ("--full-refresh",) if _was_by_placeholders(request, warehouse) else ()
    ensure_build(project, warehouse.path, request.variables, anew)
    last = warehouse.last_date()
    day = request.as_of or last
    warehouse.check_stored(day)
    starts = _starts(request, day)
    data = Data(warehouse, day, starts, _shares(request, warehouse, day))
    # nobody decided what placeholders made of the past
    is_anew = tier_rules.SEED in starts and not request.start
    options = ("--full-refresh",) if is_anew else ()
    with workplace() as folder:
        bench = Trials(request, warehouse, folder)
        proposals, refused = _propose(request, data, bench, options)
        for proposal in proposals:
            console.print(render_proposal(proposal))
        for line in refused:
            console.print(f"not calibrated: {line}", soft_wrap=True, markup=False)
        seeds = [proposal.seed for proposal in proposals]
        with working("dbt build of a copy, with the proposal"):
            comparison = bench.compare(seeds, options)
    console.print(render(sheets(comparison, with_examples=False)))
    for line in _dates(request, day, last, starts, is_anew=is_anew):
        console.print(line, soft_wrap=True)
    if request.is_dry_run:
        console.print("Nothing was written (--dry-run).")
        return
    if not request.is_agreed and not typer.confirm("Write the seeds and build?"):
        console.print("Nothing was written.")
        return
    write_seeds(seeds, project.root / JOURNAL)
    for seed in seeds:
        console.print(f"Written to {seed.path}; review the diff.", soft_wrap=True)
    is_built = False
    try:
        if request.is_built:
            for line in build_all(project, request.variables, options):
                console.print(line, soft_wrap=True, markup=False)
            console.print("Built; `strata summary` shows the tiers.")
            is_built = True
    finally:
        if not is_built:
            console.print(f"`{' '.join(['dbt build', *options])}` puts it in force.")


def _was_by_placeholders(request: Request, warehouse: Warehouse) -> bool:
    """Say whether stored tiers are by placeholders that are gone: a build was stopped."""
    try:
        known = {row["rule_id"] for row in request.seed(tier_rules.SEED).rows()}
        history = warehouse.table("customer_tier_history")
        used = warehouse.query(
            f"select distinct rule_id from {history} where starts_with(rule_id, '{PLACEHOLDER}')"
        )
    except UserError:
        return False  # told where it matters
    return any(rule not in known for (rule,) in used)


def _dates(
    request: Request, day: date, last: date, starts: Mapping[str, date], *, is_anew: bool
) -> Iterator[str]:
    """Say what rows do that begin before the last evaluation, or after it."""
    start = request.start or day
    fitted = (
        f" What counts as out of sample in the back-test is decided by fitted_at, {day}, not by the"
        " first day of a row."
    )
    if start > last:
        yield f"The new rows apply from {start}, after the last evaluation, {last}."
    elif start < last:
        yield (
            f"The new rows apply from {start}, before the last evaluation, {last}: the months that"
            f" are stored keep their tiers until `dbt build --full-refresh`.{fitted}"
        )
    if starts and not request.start:
        yield (
            f"Placeholders and empty seeds ({', '.join(sorted(starts))}) are replaced from their"
            " first day on; "
            + (
                "the history is made anew."
                if is_anew
                else "stored months stay as they are until `dbt build --full-refresh`."
            )
            + fitted
        )


def _propose(
    request: Request, data: Data, bench: Trials, options: Sequence[str]
) -> tuple[list[Proposal], list[str]]:
    """Make all proposals; one that is refused leaves the others alone."""
    proposals: dict[str, Proposal] = {}
    refused = []
    for part in request.parts:
        if part == "tiers" and data.shares is None:
            continue
        propose, key = PARTS[part]
        try:
            own = data
            made = [proposals[it].seed for it in MEASURED_BY if it in proposals]
            if part == "score" and made:
                told = " and ".join(it.name for it in made)
                with working(f"dbt build of a copy, with {told} as proposed"):
                    built = bench.build(made, options, HISTORY)
                own = replace(data, warehouse=built)
            # sums of several threads are added in any order: their last digits vary
            with working(f"fit {part}"), threadpool_limits(limits=1):
                proposal = propose(request, own)
            if key:
                proposal.seed.check_unique(key)
            proposal.check()
        except UserError as error:
            told = str(error)
            refused.append(told if told.startswith(part) else f"{part}: {told}")
            continue
        proposals[part] = proposal
    if not proposals:
        raise CalibrationError("\n".join(refused))
    return list(proposals.values()), refused
