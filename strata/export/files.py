"""The files of an export: who is in an audience, who came and who left since the last one."""

import csv
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from strata.export.audiences import Audience, Member
from strata.formulas import FORMULA, no_formula
from strata.unfinished import unfinished_in

MANIFEST: Final = "manifest.json"
FULL: Final = ".full.csv"
UNFINISHED: Final = ".exporting-"
Rows = dict[str, tuple[str, ...]]
"""Rows of a file by the customer, who is in their first cell."""


@dataclass(frozen=True)
class Format:
    """Columns that a tool knows by name: the customer, the e-mail address, the phone number."""

    customer: str
    email: str
    phone: str
    needs_email: bool = False


FORMATS: Final = {
    "hubspot": Format("Customer ID", "Email", "Phone number"),
    "marketo": Format("Customer ID", "Email Address", "Phone Number", needs_email=True),
    "sfmc": Format("SubscriberKey", "EmailAddress", "MobilePhone"),
}


@dataclass(frozen=True)
class Written:
    """An audience as written: how many are in it, came, and left by reason."""

    label: str
    full: int
    added: int
    removed: dict[str, int]
    unreachable: int


def write_export(
    base: Path,
    name: str,
    moment: datetime,
    audiences: Sequence[Audience],
    *,
    is_erased: Any,
    is_customer: Any,
) -> tuple[Path, list[Written]]:
    """Write an export, whole or not at all.

    Parameters
    ----------
    base : Path
        Folder of the exports of one format and kind; the last one there is compared with.
    name : str
        The format.
    moment : datetime
        When, UTC; it names the folder.
    audiences : sequence of Audience
        What is written.
    is_erased, is_customer : callable
        Whether the person of an identifier is erased, or a customer still.
    """
    before = _last_members(base)
    base.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = base / f"{moment:%Y%m%dT%H%M%SZ}"
    with unfinished_in(base, UNFINISHED) as work:
        unfinished = work / folder.name
        unfinished.mkdir(mode=0o700)
        told = _write_all(
            unfinished,
            name,
            audiences,
            before,
            moment=moment,
            is_erased=is_erased,
            is_customer=is_customer,
        )
        unfinished.rename(folder)
    return folder, told


def _write_all(
    unfinished: Path,
    name: str,
    audiences: Sequence[Audience],
    before: Mapping[str, tuple[tuple[str, ...], Rows]],
    *,
    moment: datetime,
    is_erased: Any,
    is_customer: Any,
) -> list[Written]:
    """Write the files of an export, the manifest last."""
    told = []
    manifest: dict[str, Any] = {"format": name, "written_at": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}
    files: dict[str, int] = {}
    by_code = {it.code: it for it in audiences}
    for code in sorted(by_code.keys() | before.keys()):
        audience = by_code.get(code) or Audience(code, code, (), [])
        reached = _rows(audience, FORMATS[name])
        everybody = {it.customer_id for it in audience.members}
        old_heading, old = before.get(code, ((), {}))
        heading = _heading(audience, FORMATS[name])
        added = {it: row for it, row in reached.items() if it not in old}
        removed: Rows = {}
        reasons: dict[str, int] = {}
        for customer, row in old.items():
            if customer not in reached:
                reason = (
                    "erased"
                    if is_erased(customer)
                    else "consent"
                    if customer in everybody
                    else "moved"
                    if is_customer(customer)
                    else "gone"
                )
                removed[customer] = (*row, reason)
                reasons[reason] = reasons.get(reason, 0) + 1
        for part, rows, columns in (
            (FULL, reached, heading),
            (".added.csv", added, heading),
            (".removed.csv", removed, (*(old_heading or heading), "Reason")),
        ):
            _write(unfinished / f"{code}{part}", columns, rows)
            files[f"{code}{part}"] = len(rows)
        told.append(
            Written(
                audience.label,
                len(reached),
                len(added),
                reasons,
                len(audience.members) - len(reached),
            )
        )
    manifest["files"] = files
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    with _private(unfinished / MANIFEST) as file:
        file.write(text)
    return told


def customers_in(base: Path, own: Path) -> Iterator[tuple[Path, set[str]]]:
    """Yield each file of earlier exports with the customers in it."""
    for path in sorted(base.rglob("*.csv")):
        if path.parent != own:
            yield path, set(_read(path)[1])


def _heading(audience: Audience, form: Format) -> tuple[str, ...]:
    return (form.customer, form.email, form.phone, "Audience", *audience.columns)


def _rows(audience: Audience, form: Format) -> Rows:
    """Return the members who can be reached; no text of theirs is a formula."""
    rows: Rows = {}
    for member in audience.members:
        # calling code and number, without the plus, which begins a formula
        phone = member.phone.removeprefix("+")
        email = "" if member.email.startswith(FORMULA) else member.email
        if email or (phone and not form.needs_email):
            rows[member.customer_id] = (
                no_formula(member.customer_id),
                email,
                phone,
                *_told(audience, member),
            )
    return rows


def _told(audience: Audience, member: Member) -> tuple[str, ...]:
    return (no_formula(audience.label), *map(no_formula, member.details))


def _last_members(base: Path) -> dict[str, tuple[tuple[str, ...], Rows]]:
    """Return heading and rows of the last export by audience; empty without one."""
    complete = sorted(it.parent for it in base.glob(f"*/{MANIFEST}"))
    if not complete:
        return {}
    return {path.name.removesuffix(FULL): _read(path) for path in complete[-1].glob(f"*{FULL}")}


def _read(path: Path) -> tuple[tuple[str, ...], Rows]:
    with path.open(encoding="utf-8", newline="") as file:
        heading, *rows = csv.reader(file)
    return tuple(heading), {row[0].removeprefix("'"): tuple(row) for row in rows}


def _write(path: Path, heading: tuple[str, ...], rows: Rows) -> None:
    with _private(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heading)
        writer.writerows(rows.values())


def _private(path: Path) -> Any:
    """Open a file that nobody else may read."""
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return os.fdopen(number, "w", encoding="utf-8", newline="")
