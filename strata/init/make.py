"""The files of a new project, from the templates beside this module."""

import csv
import re
import subprocess
import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, Final

import yaml

from strata.errors import UserError
from strata.init.answers import Answers
from strata.init.source import source
from strata.load.declared import PACKAGES, SETTINGS
from strata.load.missing import KEPT
from strata.unfinished import whole

TEMPLATES: Final = Path(__file__).with_name("project")
LOADED: Final = Path(__file__).with_name("fivetran")
"""Models of raw tables over what a connector has loaded: a folder for each."""
RAW_MODELS: Final = "models/raw"
NAMED: Final = {"gitignore": ".gitignore", "github.yml": ".github/workflows/tiers.yml"}
"""Templates whose files have another name: build tools leave out names with a dot."""
FOLDERS: Final = ("build",)
"""Folders that must be there before dbt runs, so that git keeps them by a file."""
OPTIONAL: Final = (
    "order_items",
    "refunds",
    "products",
    "web_events",
    "interactions",
    "feedback",
    "campaign_contacts",
    "consents",
    "erasure_requests",
)
"""The raw tables that may be missing; at the beginning all are. A test compares them."""
MARK: Final = "made by strata init"


class _Filled(Template):
    """A template in which only names in capitals are filled in: shell and Jinja keep their own."""

    idpattern = "[A-Z_]+"
    flags = re.VERBOSE


@dataclass(frozen=True)
class Made:
    """What was made.

    Attributes
    ----------
    answers : Answers
        What the project was told.
    written, kept : list[str]
        Files that were made, and that stood already.
    source : str
        Where Strata comes from.
    """

    answers: Answers
    written: list[str]
    kept: list[str]
    source: str


def standing(folder: Path) -> Answers | None:
    """Return what a project that stands was told; none if there is no project.

    Raises
    ------
    UserError
        If the folder is a file, or has a project that is not of `strata init`.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file: name a folder")
    path = folder / SETTINGS
    if not path.exists():
        return None
    text = path.read_text(encoding="utf-8", errors="replace")
    if MARK not in text:
        raise UserError(
            f"{folder} is a dbt project already, and not of strata init: name another folder, or"
            " add Strata to its packages.yml (docs/package.md of Strata)"
        )
    try:
        variables: dict[str, Any] = yaml.safe_load(text)["vars"]
        currency, zone = variables["reporting_currency"], variables["business_timezone"]
        as_of = re.search("'([0-9-]*)'\\)", str(variables.get("as_of_date") or ""))
    except (yaml.YAMLError, LookupError, TypeError, ValueError) as error:
        raise UserError(f"{path} cannot be read: dbt parse says why") from error
    return Answers(str(currency), str(zone), _home(folder), as_of[1] if as_of else "")


def _home(folder: Path) -> str:
    """Return the country of the home market, as the seed says it."""
    path = folder / "seeds" / "crm" / "markets.csv"
    if path.exists():
        with path.open(newline="", encoding="utf-8-sig") as stream:
            for row in csv.DictReader(stream):
                if (row.get("is_home") or "").strip().lower() == "true":
                    return (row.get("country") or "").strip()
    raise UserError(f"{path} has no row with is_home true: put your country there")


def loaded() -> dict[str, Path]:
    """Return the folders of the models over loaded data, by what `--from` calls them."""
    return {f"fivetran_{it.name}": it for it in sorted(LOADED.iterdir()) if it.is_dir()}


def make(folder: Path, answers: Answers, loaded_by: str = "") -> Made:
    """Write the files that are not there, and let dbt install Strata.

    Parameters
    ----------
    folder : Path
        Folder of the project.
    answers : Answers
        What it is told.
    loaded_by : str
        A key of `loaded`: the raw tables are models of the project; blank for files.

    Raises
    ------
    UserError
        If dbt cannot install it.
    """
    found = source()
    name = project_name(folder)
    templates = sorted(it for it in TEMPLATES.rglob("*") if it.is_file())
    seeds = [it.relative_to(TEMPLATES / "seeds") for it in templates if it.suffix == ".csv"]
    models = sorted(loaded()[loaded_by].iterdir()) if loaded_by else []
    tables = [it.stem.removeprefix("raw_") for it in models if it.suffix == ".sql"]
    values = {
        "PROJECT": name,
        "CURRENCY": answers.currency,
        "TIMEZONE": answers.time_zone,
        "HOME": answers.home,
        "AS_OF": answers.as_of,
        "MISSING": ", ".join(it for it in OPTIONAL if it not in tables),
        "KEPT": "" if loaded_by else f"  {KEPT}",
        "RAW": _raw(tables, loaded_by) if loaded_by else "  raw_path: raw",
        "MODELS": f"  {name}:\n    raw: {{+schema: raw_models}}\n" if loaded_by else "",
        "PACKAGES": PACKAGES,
        "REVISION": found.revision,
        "REPLACED": _switched_off(seeds),
    }
    texts = {"packages.yml": found.packages}
    for path in templates:
        place = path.relative_to(TEMPLATES).as_posix()
        text = path.read_text(encoding="utf-8")
        texts[NAMED.get(place, place)] = _Filled(text).safe_substitute(values)
    texts |= {f"{RAW_MODELS}/{it.name}": it.read_text(encoding="utf-8") for it in models}
    texts |= {f"{it}/.gitkeep": "" for it in FOLDERS}
    written, kept = [], []
    for place, text in texts.items():
        path = folder / place
        if path.exists():
            kept.append(place)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as unfinished:
            unfinished.write_text(text, encoding="utf-8", newline="")
        written.append(place)
    if not (folder / PACKAGES / "strata").exists():
        _install(folder)
    return Made(answers, written, kept, found.told)


def project_name(folder: Path) -> str:
    """Return a name for dbt: letters, digits and underscores of the name of the folder."""
    plain = unicodedata.normalize("NFKD", folder.resolve().name).encode("ascii", "ignore").decode()
    name = re.sub("[^a-z0-9]+", "_", plain.lower()).strip("_").lstrip("0123456789_")[:40]
    return name if name.endswith("tiers") and name != "tiers" else f"{name or 'own'}_tiers"


def _raw(tables: list[str], loaded_by: str) -> str:
    """Return the vars of raw tables that are models."""
    named = ", ".join(f"{it}: raw_{it}" for it in tables)
    return (
        f"  # The raw tables are the models of {RAW_MODELS}, over the schema that Fivetran fills.\n"
        f"  raw_path: null\n  raw_models: {{{named}}}\n"
        f"  fivetran_schema: {loaded_by.removeprefix('fivetran_')}"
    )


def _switched_off(seeds: list[Path]) -> str:
    """Return the lines that switch off the seeds of the package that the project replaces."""
    lines = []
    for topic in sorted({it.parent.name for it in seeds}):
        lines.append(f"    {topic}:")
        for it in seeds:
            if it.parent.name == topic:
                lines.append(f"      {it.stem}: {{+enabled: false}}")
    return "\n".join(lines)


def _install(folder: Path) -> None:
    """Let dbt put Strata into the project."""
    done = subprocess.run(
        [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--quiet", "deps"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise UserError(
            f"the files of {folder} are made, but dbt deps cannot install Strata"
            f" ({lines[-1] if lines else 'it said nothing'}): run it there"
        )
