"""The dbt project of the current folder: Strata itself, or one that has it as a package."""

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import jinja2
import yaml

from strata.errors import UserError
from strata.warehouse import warehouse_path

PROJECT_FILE: Final = "dbt_project.yml"
PACKAGE: Final = "strata"
LIVE: Final = "live"


class DbtProject:
    """A dbt project, as its files describe it; dbt is not run for it.

    Parameters
    ----------
    root : Path
        Folder of dbt_project.yml.

    Raises
    ------
    UserError
        If there is none, or it cannot be read.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        if not (root / PROJECT_FILE).exists():
            raise UserError("run it in the folder of dbt_project.yml")
        self.settings = _mapping(self.root / PROJECT_FILE)

    @property
    def package(self) -> Path:
        """Folder of Strata: this one, or where dbt installed it."""
        if self.settings.get("name", PACKAGE) == PACKAGE:
            return self.root
        return self.root / str(self.settings.get("packages-install-path", "dbt_packages")) / PACKAGE

    @property
    def seed_folders(self) -> list[Path]:
        """Folders of the seeds of this project."""
        return [self.root / name for name in self.settings.get("seed-paths") or ["seeds"]]

    def seed(self, name: str) -> Path:
        """Return the CSV of a seed, which must be one of this project.

        Raises
        ------
        UserError
            If it has none of this name, or two.
        """
        found = [path for it in self.seed_folders for path in sorted(it.rglob(f"{name}.csv"))]
        if len(found) == 1:
            return found[0]
        if found:
            told = " and ".join(str(self.relative(path)) for path in found[:2])
            raise UserError(f"the seed {name} is there twice, {told}: keep one")
        theirs = sorted((self.package / "seeds").rglob(f"{name}.csv"))
        if theirs and self.package != self.root:
            raise UserError(
                f"cannot write the seed {name}: it is that of the package; copy"
                f" {self.relative(theirs[0])} to {self.relative(self.seed_folders[0])}, and"
                " disable it there (`strata init` makes a project with seeds of its own)"
            )
        raise UserError(f"cannot read the seed {name}: {self.root.name} has no {name}.csv")

    def declaration(self, name: str) -> Mapping[str, Any]:
        """Return what YAML declares of a seed: that of this project, else that of Strata.

        dbt also gives a seed that replaces one of a package the YAML of the package.
        """
        folders = [*self.seed_folders, self.package / "seeds"]
        for path in [path for it in folders for path in sorted(it.rglob("*.y*ml"))]:
            seeds = _mapping(path).get("seeds") or []
            for seed in seeds if isinstance(seeds, list) else []:
                config = seed.get("config") or {}
                if seed.get("name") == name and config.get("meta"):
                    return dict(seed)
        return {}

    def money(self, name: str) -> Mapping[str, Any]:
        """Return ``meta: money`` of a seed; empty without one."""
        declared: Mapping[str, Any] = self.declaration(name)
        found = declared.get("config", {}).get("meta", {}).get("money", {})
        return found if isinstance(found, dict) else {}

    def var(self, name: str, given: Mapping[str, Any] | None = None) -> Any:
        """Return a var as dbt finds it: given, of this project, of Strata."""
        for settings in (self.settings, self._package_settings):
            variables = settings.get("vars") or {}
            for scope in (given or {}, variables.get(PACKAGE) or {}, variables):
                if name in scope:
                    return scope[name]
        return None

    def rule_set(self, given: Mapping[str, Any] | None = None) -> str:
        """Return the rule set of tier_rules in force."""
        return str(self.var("tier_rule_set", given) or LIVE)

    @cached_property
    def _package_settings(self) -> Mapping[str, Any]:
        path = self.package / PROJECT_FILE
        return _mapping(path) if path.exists() else {}

    @cached_property
    def profile(self) -> tuple[str, Mapping[str, Any]] | None:
        """Return name and settings of the profile as written; None without one."""
        name = self.settings.get("profile")
        folders = [
            os.environ.get("DBT_PROFILES_DIR"),
            self.root,
            self.root / "profiles",
            Path.home() / ".dbt",
        ]
        for folder in [Path(it) for it in folders if it]:
            path = folder / "profiles.yml"
            if name and path.exists() and name in (found := _mapping(path)):
                return name, found[name] or {}
        return None

    @property
    def output(self) -> tuple[str, Mapping[str, Any]]:
        """Return name and settings of the DuckDB target of the profile.

        Raises
        ------
        UserError
            If it has none, or another target is chosen.
        """
        _, settings = self.profile or ("", {})
        outputs = settings.get("outputs") or {}
        wanted = os.environ.get("STRATA_TARGET") or _rendered(str(settings.get("target")))
        kind = outputs.get(wanted, {}).get("type", "duckdb")
        if kind != "duckdb":
            raise UserError(f"it works on DuckDB only, and the target {wanted} is {kind}")
        for name in sorted(outputs, key=lambda it: it != wanted):
            if outputs[name].get("type") == "duckdb":
                return name, outputs[name]
        raise UserError("the profile has no target of type duckdb")

    def warehouse(self) -> Path:
        """Return the DuckDB file that dbt builds."""
        path = self.output[1].get("path") if self.profile else None
        if os.environ.get("STRATA_DUCKDB_PATH"):
            return warehouse_path()
        return self.root / (_rendered(str(path)) if path else warehouse_path())

    def build(self, purpose: str, mend: str = "run `dbt build`") -> Path:
        """Return the DuckDB file of the last build.

        Raises
        ------
        UserError
            If there is none, with what it was wanted for and the mend.
        """
        path = self.warehouse()
        if not path.exists():
            raise UserError(
                f"there is no build {purpose} ({self.relative(path)} does not exist): {mend}"
            )
        return path

    def relative(self, path: Path) -> Path:
        """Return a path as people read it here."""
        return path.relative_to(self.root) if path.is_relative_to(self.root) else path


def _mapping(path: Path) -> dict[str, Any]:
    """Read a YAML file that is a mapping."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UserError(f"cannot read {path}: {' '.join(str(error).split())}") from error
    return found if isinstance(found, dict) else {}


def _rendered(text: str) -> str:
    """Read the environment variables that a setting of a profile names, as dbt does."""
    try:
        return (
            jinja2.Environment(autoescape=False)
            .from_string(text)
            .render(env_var=lambda name, default="": os.environ.get(name, default))
        )
    except jinja2.TemplateError:
        return text
