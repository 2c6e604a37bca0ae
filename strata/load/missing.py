"""The var `missing_sources` of a project that `strata init` has made: the commands keep it."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from strata.load.declared import SETTINGS

KEPT: Final = "# kept by strata import"
"""What ends the line."""
LINE: Final = re.compile(
    rf"^(?P<name> *missing_sources: )\[(?P<names>[^]\n]*)\](?= *{re.escape(KEPT)}$)", re.MULTILINE
)


def absent_tables(folder: Path, names: Iterable[str]) -> list[str]:
    """Return the raw tables of which a folder has no file, of whatever kind."""
    there = {it.name.lower().partition(".")[0] for it in folder.glob("*.*")}
    return [it for it in names if it not in there]


def is_kept(project: Path) -> bool:
    """Tell whether the var of a project is kept by the commands, not by the user."""
    path = project / SETTINGS
    return path.exists() and bool(LINE.search(path.read_text(encoding="utf-8")))


def keep_missing(project: Path, missing: Iterable[str]) -> None:
    """Write the optional raw tables of which there is no file into dbt_project.yml."""
    path = project / SETTINGS
    text = path.read_text(encoding="utf-8")
    line = LINE.search(text)
    listed = ", ".join(missing)
    if line is not None and line["names"] != listed:
        part = path.with_name(f".{path.name}.part")
        changed = f"{text[: line.start()]}{line['name']}[{listed}]{text[line.end() :]}"
        part.write_text(changed, encoding="utf-8", newline="")
        part.replace(path)
