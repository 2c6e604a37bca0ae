"""What the benchmark found: as tables for people, as JSON for machines."""

import json
import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median, median_low
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table

from strata.bench.measure import Measurement
from strata.bench.workspace import BASELINE, FULL, NEXT_DAY, Data

GIBIBYTE: Final = 2**30
SLOWEST: Final = 10
PACKAGES: Final = ("dbt-core", "dbt-duckdb", "duckdb", "pandas", "lifetimes", "polars")
CAPTION: Final = (
    "(a) and (b) unify persons, quarantine, subtract refunds, test, and keep a history; "
    "(c) to (e) classify the raw customer records once."
)


@dataclass(frozen=True)
class Timing:
    """All runs of one step, in order of execution."""

    key: str
    title: str
    runs: tuple[Measurement, ...]

    @property
    def seconds(self) -> list[float]:
        """Wall clock of each run."""
        return [run.seconds for run in self.runs]

    @property
    def median_seconds(self) -> float:
        """Median wall clock."""
        return median(self.seconds)

    @property
    def median_run(self) -> int:
        """Index of the run with the median wall clock, of two the faster."""
        return self.seconds.index(median_low(self.seconds))

    @property
    def peak_gib(self) -> float:
        """Peak memory of the run that needed most, in GiB."""
        return max(run.peak_bytes for run in self.runs) / GIBIBYTE

    @property
    def spill_gib(self) -> float:
        """Spill of the run that spilled most, in GiB."""
        return max(run.spill_bytes for run in self.runs) / GIBIBYTE


@dataclass(frozen=True)
class Node:
    """A dbt node and how long it took."""

    name: str
    kind: str
    seconds: float


@dataclass(frozen=True)
class DbtRun:
    """What dbt says about one of its runs.

    Attributes
    ----------
    nodes : tuple of Node
        Slowest first.
    raw_tables : tuple of str
        The raw tables that they read.
    seconds : float
        Wall clock without the start of dbt and its parsing.
    """

    nodes: tuple[Node, ...]
    raw_tables: tuple[str, ...]
    seconds: float


def read_dbt_run(target: Path) -> DbtRun:
    """Read ``run_results.json`` and ``manifest.json`` of a target folder."""
    run_results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    nodes = []
    raw_tables = set()
    for result in run_results["results"]:
        identifier = result["unique_id"]
        kind, _, name = identifier.split(".")[:3]
        nodes.append(Node(name, kind, float(result["execution_time"])))
        for parent in manifest["parent_map"].get(identifier, []):
            if parent.startswith("source."):
                raw_tables.add(parent.rsplit(".", 1)[-1])
    nodes.sort(key=lambda node: node.seconds, reverse=True)
    seconds = float(run_results["elapsed_time"])
    return DbtRun(tuple(nodes), tuple(sorted(raw_tables)), seconds)


@dataclass(frozen=True)
class Report:
    """The findings.

    Attributes
    ----------
    data : Data
        Size and seed of the generated data.
    memory : str
        Memory limit of DuckDB.
    months : int
        Closed months of history of a full refresh.
    models_at_a_time : int
        Threads of dbt.
    raw_rows : dict
        Rows of each raw table.
    timings : tuple of Timing
        In order of execution; that of the full refresh is one of them.
    full_run : DbtRun
        What dbt says about the median run of the full refresh.
    """

    data: Data
    memory: str
    months: int
    models_at_a_time: int
    raw_rows: dict[str, int]
    timings: tuple[Timing, ...]
    full_run: DbtRun

    def ratio(self, key: str, to: str) -> float | None:
        """Median of a step as a share of that of another; None if one of them was not timed."""
        medians = {timing.key: timing.median_seconds for timing in self.timings}
        return medians[key] / medians[to] if {key, to} <= medians.keys() else None

    @property
    def full(self) -> Timing:
        """The full refresh."""
        return next(timing for timing in self.timings if timing.key == FULL)

    @property
    def rows_read(self) -> int:
        """Rows of the raw tables that the full refresh reads."""
        return sum(self.raw_rows[table] for table in self.full_run.raw_tables)

    @property
    def rows_per_second(self) -> float:
        """Raw rows per second of the full refresh."""
        return self.rows_read / self.full.median_seconds

    @property
    def seconds_before_first_node(self) -> float:
        """Seconds that dbt takes to start and parse in the median run of the full refresh."""
        return self.full.seconds[self.full.median_run] - self.full_run.seconds

    def as_json(self) -> dict[str, Any]:
        """Give everything as plain values; seconds and GiB."""
        return {
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "customers": self.data.customers,
            "orders_per_customer": self.data.orders_per_customer,
            "seed": self.data.seed,
            "memory_limit": self.memory,
            "history_months": self.months,
            "models_at_a_time": self.models_at_a_time,
            "raw_rows": self.raw_rows,
            "steps": [
                {
                    "key": timing.key,
                    "title": timing.title,
                    "seconds": timing.seconds,
                    "cpu_seconds": [run.cpu_seconds for run in timing.runs],
                    "median_seconds": timing.median_seconds,
                    "ratio_to_pandas": self.ratio(timing.key, BASELINE),
                    "peak_gib": [run.peak_bytes / GIBIBYTE for run in timing.runs],
                    "spill_gib": [run.spill_bytes / GIBIBYTE for run in timing.runs],
                }
                for timing in self.timings
            ],
            "next_day_ratio": self.ratio(NEXT_DAY, FULL),
            "rows_read": self.rows_read,
            "rows_per_second": self.rows_per_second,
            "seconds_before_first_node": self.seconds_before_first_node,
            "dbt_nodes": [
                {"name": node.name, "kind": node.kind, "seconds": node.seconds}
                for node in self.full_run.nodes
            ],
        }

    def render(self) -> RenderableType:
        """Lay the findings out for a terminal."""
        next_day = self.ratio(NEXT_DAY, FULL)
        return Group(
            self._steps_table(),
            *([] if next_day is None else [f"(b) takes {next_day:.2f} of (a)."]),
            f"(a) reads {self.rows_read:,} rows of {len(self.full_run.raw_tables)} raw tables: "
            f"{self.rows_per_second:,.0f} rows per second.\n"
            f"(a) spends {self.seconds_before_first_node:,.2f} s before its first node.\n",
            self._nodes_table(),
        )

    def _steps_table(self) -> Table:
        runs = max(len(timing.runs) for timing in self.timings)
        has_peers = self.ratio(BASELINE, FULL) is not None
        table = Table(
            title=f"{self.raw_rows['customers']:,} customer records, "
            f"{self.raw_rows['orders']:,} orders, {self.months} closed months, "
            f"{runs} run{'s' if runs > 1 else ''}",
            caption=CAPTION if has_peers else None,
        )
        table.add_column("step")
        ratio_heading = ("ratio to (c)",) if has_peers else ()
        for heading in ("median s", "CPU s", "min..max s", *ratio_heading, "peak GiB", "spill GiB"):
            table.add_column(heading, justify="right", no_wrap=True)
        for timing in self.timings:
            ratio = self.ratio(timing.key, BASELINE)
            table.add_row(
                f"({timing.key}) {timing.title}",
                f"{timing.median_seconds:,.2f}",
                f"{timing.runs[timing.median_run].cpu_seconds:,.2f}",
                f"{min(timing.seconds):,.2f}..{max(timing.seconds):,.2f}",
                *([] if ratio is None else [f"{ratio:,.2f}"]),
                f"{timing.peak_gib:,.2f}",
                f"{timing.spill_gib:,.2f}",
            )
        return table

    def _nodes_table(self) -> Table:
        table = Table(title="slowest dbt nodes of (a)")
        table.add_column("node", overflow="fold")
        table.add_column("kind")
        table.add_column("seconds", justify="right", no_wrap=True)
        for node in self.full_run.nodes[:SLOWEST]:
            table.add_row(node.name, node.kind, f"{node.seconds:,.2f}")
        return table


def machine() -> dict[str, Any]:
    """Say where it was measured: cores, memory in GiB, versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "platform": platform.platform(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory / GIBIBYTE, 1),
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in PACKAGES},
        },
    }
