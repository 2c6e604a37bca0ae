"""Plain builds: `dbt build` as a business types it, with every test, and its marts published."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
from cases import FOLDER
from conftest import Project
from typer.testing import CliRunner

from strata.cli import app

GREEN = re.compile(r"Done\. PASS=(\d+) WARN=0 ERROR=0 SKIP=0 ")


def lay_seeds(project: Project, case: str) -> None:
    """Lay the seeds of a business over those of a copy of the project."""
    for path in (FOLDER / case / "seeds").glob("*.csv"):
        shutil.copy(path, project.seed(path.stem))


def build_plainly(project: Project, variables: Mapping[str, object] | None = None) -> str:
    """Build everything with all tests: nothing fails, is left out or warned of.

    Returns
    -------
    str
        What dbt printed.
    """
    told = project.dbt("build", variables=variables)
    done = GREEN.search(told)
    assert done is not None, told[-2000:]
    assert int(done[1]) > 500
    assert "[WARNING]" not in told
    return told


def published(project: Project, folder: Path) -> dict[str, int]:
    """Publish the build and return the rows of each mart, as readers see them."""
    serve = folder / "serve.duckdb"
    environment = {"STRATA_DUCKDB_PATH": str(project.database), "STRATA_SCHEMA_PREFIX": ""}
    done = CliRunner().invoke(app, ["publish", "--serve", str(serve)], env=environment)
    assert done.exit_code == 0, done.output
    with duckdb.connect(str(serve), read_only=True) as connection:
        rows: list[tuple[Any, ...]] = connection.execute(
            "select mart_name, row_count from marts.publications"
        ).fetchall()
    return dict(rows)
