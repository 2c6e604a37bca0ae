"""The effect of a proposal on customers, measured by dbt in a copy of project and warehouse."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb
import yaml

from strata.calibrate.errors import CalibrationError
from strata.calibrate.seeds import SeedFile
from strata.calibrate.warehouse import Warehouse
from strata.sql import literal

PROJECT_FILES: Final = ("dbt_project.yml", "profiles", "models", "macros", "seeds", "tests")
PYTHON_TESTS: Final = "python"
TIME_OF_DAY: Final = re.compile(r"^\d\d:\d\d:\d\d\s+")
COMPARED: Final = {
    "tier_code": "value tier",
    "rfm_segment": "RFM segment",
    "pareto_class": "Pareto class",
    "rfm_cluster": "RFM cluster",
}
"""Columns of customer_tiers that are compared; one that does not exist is left out."""
KIND_OF_ERROR: Final = re.compile(r"^[A-Z][a-z]+ Error\b")
LAST_LINES: Final = 5


@dataclass(frozen=True)
class Effect:
    """How many customers would be classified otherwise.

    Attributes
    ----------
    customers : int
        Customers of customer_tiers.
    changed : dict of str to int
        Customers with another value, by what is compared.
    stale : dict of str to int
        Customers whose value changes without the proposal too, when the stored build is brought up
        to date; empty if it is up to date.
    """

    customers: int
    changed: dict[str, int]
    stale: dict[str, int]


def measure_effect(
    project: Path,
    warehouse: Warehouse,
    seeds: Sequence[SeedFile],
    variables: Mapping[str, Any],
    report: Callable[[str], None],
) -> Effect:
    """Build customer_tiers twice in a temporary copy, without and with the proposed seeds.

    Both builds recompute the current month and those that are restated from the same raw data, so
    that nothing but the proposal can differ. Neither project nor warehouse is touched.

    Parameters
    ----------
    project : Path
        Folder of dbt_project.yml.
    warehouse : Warehouse
        The build to start from.
    seeds : sequence of SeedFile
        Seeds with the proposal in them.
    variables : mapping of str to object
        Vars that the build was made with, besides those of dbt_project.yml.
    report : callable
        Called with what is being done.

    Returns
    -------
    Effect

    Raises
    ------
    CalibrationError
        If dbt fails or a copy cannot be made.
    """
    try:
        with TemporaryDirectory(prefix="strata-calibrate-") as folder:
            trial = _Trial(Path(folder), project, warehouse, variables)
            stored = trial.classes("stored")
            report("dbt build of a copy, without the proposal")
            trial.build("without the proposal")
            before = trial.classes("before")
            trial.replace(seeds)
            report("dbt build of a copy, with the proposal")
            trial.build("with the proposal")
            after = trial.classes("after")
            customers, changed = _compare(before, after)
            _, between = _compare(stored, before)
    except OSError as error:
        raise CalibrationError(
            f"cannot copy the project or the warehouse: {error.strerror or error}"
        ) from error
    return Effect(customers, changed, {name: count for name, count in between.items() if count})


class _Trial:
    """A copy of project and warehouse in a folder of its own."""

    def __init__(
        self, folder: Path, project: Path, warehouse: Warehouse, variables: Mapping[str, Any]
    ) -> None:
        self.folder = folder
        self.source = project
        self.project = folder / "project"
        self.warehouse = Warehouse(folder / "strata.duckdb", warehouse.prefix)
        self.variables = {
            **variables,
            "raw_path": str(project.resolve() / raw_path(project, variables)),
            "as_of_date": warehouse.last_date().isoformat(),
        }
        _copy_project(project, self.project)
        self._use_the_copy()
        shutil.copyfile(warehouse.path, self.warehouse.path)
        log = warehouse.path.with_name(warehouse.path.name + ".wal")
        if log.exists():
            shutil.copyfile(log, self.warehouse.path.with_name(self.warehouse.path.name + ".wal"))

    def _use_the_copy(self) -> None:
        """Let the profile of the copied project name the copied warehouse, whatever it named."""
        profiles = self.project / "profiles" / "profiles.yml"
        settings = yaml.safe_load(profiles.read_text(encoding="utf-8"))
        for profile in settings.values():
            profile["target"] = "duckdb"
            profile["outputs"]["duckdb"]["path"] = str(self.warehouse.path)
        profiles.write_text(yaml.safe_dump(settings), encoding="utf-8")

    def replace(self, seeds: Sequence[SeedFile]) -> None:
        """Put the proposed seeds in place of those of the copy."""
        for seed in seeds:
            copy = self.project / seed.path.relative_to(self.source.resolve())
            copy.write_bytes(seed.content())

    def build(self, what: str) -> None:
        """Make customer_tiers and everything that it is made of, without tests."""
        command = [
            *(sys.executable, "-c", "from dbt.cli.main import cli; cli()"),
            *("--no-use-colors", "build", "--select", "+customer_tiers"),
            *("--exclude-resource-type", "test", "unit_test"),
            *("--vars", json.dumps(self.variables, default=str)),
        ]
        own = {
            "DBT_PROJECT_DIR": str(self.project),
            "DBT_PROFILES_DIR": str(self.project / "profiles"),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "STRATA_DUCKDB_PATH": str(self.warehouse.path),
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DBT_")}
        done = subprocess.run(
            command,
            cwd=self.project,
            env=kept | own,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CalibrationError(
                f"the effect cannot be measured, dbt build {what} failed: {_reason(done.stdout)}"
            )

    def classes(self, name: str) -> Path:
        """Write what each customer now is to a file, and return its path."""
        table = self.warehouse.table("customer_tiers")
        described = self.warehouse.query(f"describe {table}")
        columns = [column for column in COMPARED if any(row[0] == column for row in described)]
        path = self.folder / f"{name}.parquet"
        listed = ", ".join(["customer_id", *columns])
        self.warehouse.query(f"copy (select {listed} from {table}) to {literal(path)}")
        return path


def _compare(before: Path, after: Path) -> tuple[int, dict[str, int]]:
    """Count the customers after, and those with another value than before.

    One who is there only before or only after has other values; columns that are not there before
    and after are left out.
    """
    with duckdb.connect() as connection:
        both = [f"read_parquet({literal(path)})" for path in (before, after)]
        found = [
            {row[0] for row in connection.execute(f"describe from {it}").fetchall()} for it in both
        ]
        columns = [column for column in COMPARED if column in found[0] & found[1]]
        changes = "".join(
            f", count(*) filter (a.customer_id is null or b.customer_id is null"
            f" or a.{column} is distinct from b.{column})"
            for column in columns
        )
        (counts,) = connection.execute(
            f"select count(b.customer_id){changes}"
            f" from {both[0]} as a full join {both[1]} as b on a.customer_id = b.customer_id"
        ).fetchall()
    names = [COMPARED[column] for column in columns]
    return counts[0], dict(zip(names, counts[1:], strict=True))


def raw_path(project: Path, variables: Mapping[str, Any]) -> str:
    """Return the folder of the raw tables, as the vars name it."""
    with (project / "dbt_project.yml").open(encoding="utf-8") as file:
        settings = yaml.safe_load(file)
    return str((settings["vars"] | dict(variables)).get("raw_path", "demo"))


def _copy_project(source: Path, target: Path) -> None:
    """Copy what dbt reads; it parses the generic tests too, though it runs none."""
    target.mkdir()
    for name in PROJECT_FILES:
        if (source / name).is_dir():
            shutil.copytree(
                source / name, target / name, ignore=shutil.ignore_patterns(PYTHON_TESTS, ".*")
            )
        elif (source / name).exists():
            shutil.copy(source / name, target / name)


def _reason(output: str) -> str:
    """Return what dbt says of its first error, in one line."""
    lines = [TIME_OF_DAY.sub("", line).strip() for line in output.splitlines()]
    starts = [number for number, line in enumerate(lines) if KIND_OF_ERROR.match(line)]
    told = lines[starts[0] :] if starts else lines[-LAST_LINES:]
    return " ".join([line for line in told if line][:LAST_LINES]) or "it said nothing"
