"""The folder of one benchmark size: its data, its warehouse and the commands that are timed.

Below ``<dir>/<customers>x<orders per customer>``::

    raw/            the raw tables as Parquet, reused by later runs
    next_day/       those of the day after: some orders changed, new customers, refunds
    old_orders/     those with a hundred orders of a year ago changed
    data.json       which data that is; written last, so it says that raw/ is complete
    today           a link to one of the three, which is what dbt is told to read
    strata.duckdb   the warehouse of the dbt steps
    target/         of dbt; the full refresh parses from cold, the days after go on from there
    logs/           the output of each step, and a folder of dbt's own logs per dbt step
    peers/          what the peers wrote
    results.json
"""

import json
import sys
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from shutil import rmtree
from typing import Final

import pyarrow.parquet as pq

from strata.bench.measure import measure
from strata.bench.peers import AS_OF, MEMORY_VARIABLE, THREADS_VARIABLE
from strata.demo.schema import SCHEMAS

REPOSITORY: Final = Path(__file__).parents[2]
THREADS: Final = 2
AS_OF_VARIABLE: Final = "STRATA_AS_OF_DATE"
HISTORY_MONTHS: Final = 24
TIERS: Final = (
    *("--select", "+customer_tiers", "+customer_tier_history"),
    *("--exclude-resource-type", "unit_test"),
    # Tests that also need models outside the selection are left out.
    *("--indirect-selection", "cautious"),
)
"""Options of dbt for the tiers and their history, with their data tests."""
EVERYTHING: Final = ("--exclude-resource-type", "unit_test")
"""Options of dbt for all marts and all data tests."""

FULL: Final = "a"
NEXT_DAY: Final = "b"
BASELINE: Final = "c"
OLD_ORDERS: Final = "f"


@dataclass(frozen=True)
class Step:
    """One thing to time.

    Attributes
    ----------
    key : str
        Letter, in the order of execution.
    title : str
        What the table calls it.
    command : tuple of str or Path
        Run from the root of the repository.
    stale : tuple of Path
        Files and folders deleted before each run: all that a first run does not have.
    target : Path or None
        Where dbt leaves ``run_results.json`` and ``manifest.json``.
    raw : Path or None
        Folder of the raw tables, to which the link is set that dbt reads.
    as_of : date or None
        The last day of the data, given to dbt by the environment as a daily run does.
    """

    key: str
    title: str
    command: tuple[str | Path, ...]
    stale: tuple[Path, ...] = ()
    target: Path | None = None
    raw: Path | None = None
    as_of: date | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Environment of this step alone."""
        return {AS_OF_VARIABLE: self.as_of.isoformat()} if self.as_of else {}

    def prepare(self, today: Path) -> None:
        """Delete what an earlier run left, and link the raw tables of this step."""
        for path in self.stale:
            if path.is_dir():
                rmtree(path)
            else:
                path.unlink(missing_ok=True)
        if self.raw:
            today.unlink(missing_ok=True)
            today.symlink_to(self.raw, target_is_directory=True)


@dataclass(frozen=True)
class Data:
    """What the generator is asked for: the same data for the same values."""

    customers: int
    orders_per_customer: float
    seed: int

    def as_text(self) -> str:
        """Write it as a line of JSON."""
        return json.dumps(asdict(self)) + "\n"


@dataclass(frozen=True)
class Workspace:
    """The folder of one size of data.

    Parameters
    ----------
    parent : Path
        Folder of all benchmarks.
    data : Data
        Size and seed.
    memory : str
        Memory limit of DuckDB, for example ``6GB``.
    months : int
        Closed months of history of a full refresh.
    is_everything : bool
        Whether one build of the whole project is timed, instead of the tiers and their peers.
    models_at_a_time : int
        Threads of dbt; DuckDB uses all cores for each model.
    """

    parent: Path
    data: Data
    memory: str
    months: int = HISTORY_MONTHS
    is_everything: bool = False
    models_at_a_time: int = THREADS

    @property
    def folder(self) -> Path:
        """Folder of everything, absolute."""
        name = f"{self.data.customers}x{self.data.orders_per_customer:g}"
        return self.parent.resolve() / name

    @property
    def raw(self) -> Path:
        """Folder of the raw tables."""
        return self.folder / "raw"

    @property
    def next_day(self) -> Path:
        """Folder of the raw tables of the day after."""
        return self.folder / "next_day"

    @property
    def old_orders(self) -> Path:
        """Folder of the raw tables in which old orders change."""
        return self.folder / "old_orders"

    @property
    def today(self) -> Path:
        """Link to the folder of the raw tables of a step."""
        return self.folder / "today"

    @property
    def target(self) -> Path:
        """Folder of what dbt compiles and remembers, one for all dbt steps."""
        return self.folder / "target" / "dbt"

    @property
    def marker(self) -> Path:
        """File that says which data is complete."""
        return self.folder / "data.json"

    @property
    def warehouse(self) -> Path:
        """DuckDB file of the dbt steps."""
        return self.folder / "strata.duckdb"

    @property
    def spill(self) -> Path:
        """Folder to which DuckDB spills, while it does."""
        return self.warehouse.with_name(self.warehouse.name + ".tmp")

    @property
    def environment(self) -> dict[str, str]:
        """Environment of every step: the same memory and threads for all."""
        return {
            "STRATA_TARGET": "duckdb",
            "STRATA_DUCKDB_PATH": str(self.warehouse),
            MEMORY_VARIABLE: self.memory,
            THREADS_VARIABLE: str(THREADS),
            "OMP_NUM_THREADS": str(THREADS),
            "POLARS_MAX_THREADS": str(THREADS),
        }

    def make_folders(self) -> None:
        """Make the folders that the steps write to.

        Raises
        ------
        OSError
            If that is not possible.
        """
        for name in ("logs", "peers", "target"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    def has_data(self) -> bool:
        """Say whether the raw tables are complete and those that are wanted."""
        return (
            self.marker.exists()
            and self.marker.read_text(encoding="utf-8") == self.data.as_text()
            and all(
                (folder / f"{table}.parquet").exists()
                for table in SCHEMAS
                for folder in (self.raw, self.next_day, self.old_orders)
            )
        )

    def make_data(self) -> None:
        """Write the raw tables.

        A process of its own, since its memory would count as that of the steps.

        Raises
        ------
        ChildFailedError
            If ``strata demo``, or what makes the days after, fails.
        """
        self.marker.unlink(missing_ok=True)
        options = {
            "--customers": self.data.customers,
            "--orders-per-customer": self.data.orders_per_customer,
            "--seed": self.data.seed,
            "--out": self.raw,
            "--format": "parquet",
        }
        measure(
            [
                *(sys.executable, "-m", "strata.cli", "demo"),
                *(str(word) for option in options.items() for word in option),
            ],
            directory=REPOSITORY,
            environment={},
            log_file=self.log_file("data"),
        )
        folders = (self.raw, self.next_day, self.old_orders)
        measure(
            [sys.executable, "-m", "strata.bench.next_day", *map(str, folders)],
            directory=REPOSITORY,
            environment={},
            log_file=self.log_file("next_day"),
        )
        self.marker.write_text(self.data.as_text(), encoding="utf-8")

    def raw_rows(self) -> dict[str, int]:
        """Count the rows of the raw tables."""
        return {
            table: int(pq.read_metadata(self.raw / f"{table}.parquet").num_rows)
            for table in SCHEMAS
        }

    def log_file(self, name: str) -> Path:
        """Name the file that gets the output of a child."""
        return self.folder / "logs" / f"{name}.log"

    def steps(self) -> list[Step]:
        """List what is timed, in order."""
        cold = (
            self.warehouse,
            self.warehouse.with_name(self.warehouse.name + ".wal"),
            self.spill,
            self.target,
        )
        if self.is_everything:
            return [
                self._dbt_step(FULL, "dbt build", self.raw, AS_OF, stale=cold),
            ]
        full = (*TIERS, "--full-refresh")
        next_day = AS_OF + timedelta(days=1)
        title = "dbt, full refresh"
        return [
            self._dbt_step(FULL, title, self.raw, AS_OF, *full, stale=cold),
            self._dbt_step(NEXT_DAY, "dbt, next day, all", self.next_day, next_day, *EVERYTHING),
            self._peer_step(BASELINE, "pandas + lifetimes", "pandas"),
            self._peer_step("d", "Polars", "polars"),
            self._peer_step("e", "one DuckDB statement", "duckdb"),
            self._dbt_step(
                OLD_ORDERS, "dbt, old orders, all", self.old_orders, next_day, *EVERYTHING
            ),
        ]

    def _dbt_step(
        self,
        key: str,
        title: str,
        raw: Path,
        as_of: date,
        *options: str,
        stale: tuple[Path, ...] = (),
    ) -> Step:
        # The same for all steps: with other vars dbt would parse the project anew.
        settings = {"raw_path": str(self.today), "history_months": self.months}
        command = (
            *(str(Path(sys.executable).with_name("dbt")), "--no-use-colors", "build", *options),
            *("--threads", str(self.models_at_a_time)),
            *("--vars", json.dumps(settings)),
            *("--target-path", str(self.target)),
            *("--log-path", str(self.folder / "logs" / f"dbt-{key}")),
        )
        return Step(key, title, command, stale, self.target, raw, as_of)

    def _peer_step(self, key: str, title: str, peer: str) -> Step:
        out_file = self.folder / "peers" / f"{peer}.parquet"
        command = (sys.executable, "-m", f"strata.bench.peer_{peer}", self.raw, out_file)
        return Step(key, title, command, stale=(out_file,))
