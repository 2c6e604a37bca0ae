"""Where this Strata comes from, so that a project can have it as a package."""

import json
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any, Final

import yaml

import strata
from strata.errors import UserError

VARIABLE: Final = "STRATA_PACKAGE"
"""Environment variable by which another machine says where its checkout is."""


@dataclass(frozen=True)
class Source:
    """Where Strata comes from.

    Attributes
    ----------
    packages : str
        The text of packages.yml.
    revision : str
        Tag or commit of this version.
    told : str
        The same for people.
    """

    packages: str
    revision: str
    told: str


def source() -> Source:
    """Find it: the checkout whose code runs, else the git address that pip was given.

    Raises
    ------
    UserError
        If it is neither.
    """
    tag = f"v{version('strata')}"
    checkout = Path(strata.__file__).resolve().parents[1]
    if not _is_checkout(checkout):
        found = _installed_from()
        if "vcs_info" in found:
            revision = found["vcs_info"].get("requested_revision") or found["vcs_info"]["commit_id"]
            packages = {"packages": [{"git": found["url"], "revision": revision}]}
            return Source(_text(packages), revision, f"{found['url']} at {revision}")
        checkout = Path(str(found.get("url", "")).removeprefix("file://"))
    if not _is_checkout(checkout):
        raise UserError(
            "the dbt files of Strata are not beside this program: install it from a checkout, or"
            " with pip from git"
        )
    place = f'{{{{ env_var("{VARIABLE}", {json.dumps(str(checkout), ensure_ascii=False)}) }}}}'
    told = f"# The checkout that made this project; elsewhere set {VARIABLE} to that of yours.\n"
    return Source(told + _text({"packages": [{"local": place}]}), tag, str(checkout))


def _is_checkout(folder: Path) -> bool:
    return (folder / "models" / "staging" / "_sources.yml").exists()


def _installed_from() -> dict[str, Any]:
    """Return what pip noted of the address it was given."""
    try:
        noted = distribution("strata").read_text("direct_url.json")
    except PackageNotFoundError:
        noted = None
    found: dict[str, Any] = json.loads(noted or "{}")
    return found


def _text(packages: dict[str, Any]) -> str:
    return yaml.safe_dump(packages, allow_unicode=True, sort_keys=False, width=1000)
