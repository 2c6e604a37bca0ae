"""The table ``publications``: what was published when, one row per publication and mart."""

import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

from strata.publish.build import Build, Column, Mart

NAME: Final = "publications"
COMMENT: Final = (
    "One row per publication and mart: what readers see is the publication with the last"
    " published_at; a mart that it does not name is not published any more."
)
COLUMNS: Final = (
    Column("publication_id", "VARCHAR", "Key of the publication, the same for all its marts."),
    Column("mart_name", "VARCHAR", "Name of the mart's table in this schema."),
    Column("key_columns", "VARCHAR", "Columns of the mart's key, by commas; null without a key."),
    Column("git_revision", "VARCHAR", "Commit of the working tree, `-dirty` if it had changes."),
    Column("row_count", "BIGINT", "Rows of the mart."),
    Column("as_of_date", "DATE", "Day at whose end customers were evaluated."),
    Column("published_at", "TIMESTAMP", "Time of the publication, UTC."),
)
KEY: Final = ("publication_id", "mart_name")

Row = tuple[str, str, str | None, str, int, date, datetime]


@dataclass(frozen=True)
class Publication:
    """One publication of a build; all that tells it from another of the same build."""

    publication_id: str
    git_revision: str
    published_at: datetime

    @classmethod
    def now(cls, project: Path) -> "Publication":
        """Begin a publication of the project in a folder."""
        moment = datetime.now(UTC).replace(tzinfo=None)
        return cls(uuid4().hex, git_revision(project), moment)

    def after(self, last: datetime | None) -> "Publication":
        """Return it with a time after the last publication, whatever the clocks said."""
        if last is None or last < self.published_at:
            return self
        return replace(self, published_at=last + timedelta(microseconds=1))

    def rows(self, build: Build) -> list[Row]:
        """Return its rows, with the values of `COLUMNS`."""
        return [self._row(build, mart) for mart in build.marts]

    def _row(self, build: Build, mart: Mart) -> Row:
        return (
            self.publication_id,
            mart.name,
            ", ".join(mart.key) or None,
            self.git_revision,
            mart.row_count,
            build.as_of_date,
            self.published_at,
        )


def git_revision(folder: Path) -> str:
    """Return the commit of a working tree, with ``-dirty`` if it differs; else ``unknown``."""
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        changes = _git(folder, "status", "--porcelain")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{commit}-dirty" if changes else commit


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ("git", *arguments), cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
