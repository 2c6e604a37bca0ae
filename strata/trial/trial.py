"""A copy of project and warehouse in which dbt builds what is proposed; neither is touched."""

import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import yaml

from strata.errors import UserError, reason
from strata.project import DbtProject
from strata.trial.dbt import BACKTEST, CORE, PROOFS, reason_of, run_dbt

NOT_LINKED: Final = ("target", "logs")
"""What dbt writes beside a project."""


class Trial:
    """A copy of project and warehouse in a folder of its own.

    The project is a folder of links but for its seeds, so that what is edited there stays there.

    Parameters
    ----------
    folder : Path
        An empty folder.
    project : DbtProject
        The project.
    warehouse : Path
        The build to start from.
    as_of : date
        The day at whose end customers are evaluated: that of the build.
    variables : mapping of str to object
        Vars that the build was made with, besides those of dbt_project.yml.
    """

    def __init__(
        self,
        folder: Path,
        project: DbtProject,
        warehouse: Path,
        as_of: date,
        variables: Mapping[str, Any],
    ) -> None:
        self.folder = folder
        self.source = project
        self.root = folder / "project"
        self.original = warehouse
        # views name the database after the file
        self.warehouse = folder / warehouse.name
        self.variables = {**variables, "as_of_date": as_of.isoformat()}
        raw_path = project.var("raw_path", variables)
        if raw_path and "://" not in str(raw_path):
            self.variables["raw_path"] = str(project.root / str(raw_path))
        try:
            _link(project.root, self.root, [it.resolve() for it in project.seed_folders])
            self._write_profile()
        except OSError as error:
            raise _no_copy(error) from error
        self.copy_warehouse()

    def copy_warehouse(self) -> None:
        """Start from the build that was given, once more if it is not the first time.

        Raises
        ------
        UserError
            If it cannot be copied.
        """
        try:
            for ending in ("", ".wal"):
                original = self.original.with_name(self.original.name + ending)
                copied = self.warehouse.with_name(self.warehouse.name + ending)
                copied.unlink(missing_ok=True)
                if not ending or original.exists():
                    shutil.copyfile(original, copied)
        except OSError as error:
            raise _no_copy(error) from error

    def _write_profile(self) -> None:
        """Let the profile name the copied warehouse, whatever it named."""
        found = self.source.profile
        if found is None:
            raise UserError(f"there is no profile {self.source.settings.get('profile')}")
        name, settings = found
        target, output = self.source.output
        profile = {
            **settings,
            "target": target,
            "outputs": {target: {**output, "path": str(self.warehouse)}},
        }
        (self.folder / "profiles").mkdir()
        (self.folder / "profiles" / "profiles.yml").write_text(
            yaml.safe_dump({name: profile}), encoding="utf-8"
        )

    def write(self, path: Path, content: bytes) -> None:
        """Put a proposed seed in place of that of the copy."""
        copied = self.root / path.resolve().relative_to(self.source.root)
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_bytes(content)

    def build(self, options: Sequence[str] = (), select: Sequence[str] = (CORE, *BACKTEST)) -> None:
        """Build the core and the back-test, with the proofs of seeds and rules.

        Raises
        ------
        UserError
            With what dbt says, in one line a defect.
        """
        done = run_dbt(
            self.root,
            [
                *("build", *options, "--select", *select),
                *("--exclude-resource-type", "unit_test", "--exclude", *PROOFS),
                *("--vars", json.dumps(self.variables, default=str)),
            ],
            {
                "DBT_PROJECT_DIR": str(self.root),
                "DBT_PROFILES_DIR": str(self.folder / "profiles"),
                "DBT_TARGET_PATH": str(self.folder / "target"),
                "DBT_LOG_PATH": str(self.folder / "logs"),
                "STRATA_DUCKDB_PATH": str(self.warehouse),
            },
        )
        if done.returncode:
            raise UserError(reason_of(done.stdout))


def _no_copy(error: OSError) -> UserError:
    return UserError(
        f"cannot copy the project and the warehouse: {reason(error)} (TMPDIR says where)"
    )


def _link(source: Path, target: Path, copied: Sequence[Path]) -> None:
    """Make a folder of links to what another one has; some folders below it are copied."""
    target.mkdir()
    for entry in sorted(source.iterdir()):
        if entry.name in NOT_LINKED or entry.name.startswith("."):
            continue
        if entry.resolve() in copied:
            shutil.copytree(
                entry, target / entry.name, ignore=shutil.ignore_patterns(".*"), symlinks=False
            )
        elif any(it.is_relative_to(entry.resolve()) for it in copied) and not entry.is_symlink():
            _link(entry, target / entry.name, copied)
        else:
            (target / entry.name).symlink_to(entry.resolve())
