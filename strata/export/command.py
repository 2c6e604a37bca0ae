"""The command ``strata export``."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from strata.export.audiences import Warehouse, audiences, erased_hashes, hashes_of, opened
from strata.export.files import Written, customers_in, write_export
from strata.export.workbook import write_workbook
from strata.project import DbtProject


class Form(StrEnum):
    """What a file is for."""

    HUBSPOT = "hubspot"
    MARKETO = "marketo"
    SFMC = "sfmc"
    EXCEL = "excel"


class Kind(StrEnum):
    """What the customers of an audience have in common."""

    TIER = "tier"
    SEGMENT = "segment"
    ACTION = "action"
    RECOMMENDATION = "recommendation"


def export(
    form: Annotated[Form, typer.Option("--format", help="The tool that imports it, or excel.")],
    kind: Annotated[Kind, typer.Option("--by", help="What an audience has in common.")] = Kind.TIER,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder of the exports; nobody else may read it.")
    ] = Path("build/audiences"),
) -> None:
    """Write audiences for a marketing tool: who is in them, came and left since the last export."""
    project = DbtProject(Path.cwd())
    path = project.build("to export")
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    out.chmod(0o700)
    console = Console(highlight=False)
    with opened(path) as build:
        if form is Form.EXCEL:
            rows = write_workbook(build, out / "customers.xlsx")
            (out / "customers.xlsx").chmod(0o600)
            told = ", ".join(f"{name} {count:,}" for name, count in rows.items())
            console.print(f"Written to {out / 'customers.xlsx'}: {told}.", soft_wrap=True)
            return
        folder, written = _audiences(build, form.value, kind.value, out)
        held = _exports_of_erased(build, out, folder)
    console.print(_table(written))
    console.print(f"Written to {folder}.", soft_wrap=True, markup=False)
    for file in held:
        console.print(f"{file} holds an erased person: delete it.", soft_wrap=True, markup=False)


def _audiences(build: Warehouse, form: str, kind: str, out: Path) -> tuple[Path, list[Written]]:
    found = audiences(build, kind)
    erased = erased_hashes(build)
    customers = {
        str(it)
        for (it,) in build.rows(f"select customer_id from {build.relation('customer_tiers')}")
    }
    return write_export(
        out / f"{form}_{kind}",
        form,
        datetime.now(UTC),
        found,
        is_erased=lambda customer: hashes_of(build, [customer])[customer] in erased,
        is_customer=customers.__contains__,
    )


def _exports_of_erased(build: Warehouse, out: Path, own: Path) -> list[Path]:
    """Return the files of earlier exports that hold a person who is erased by now."""
    erased = erased_hashes(build)
    if not erased:
        return []
    held = []
    for path, customers in customers_in(out, own):
        if erased.intersection(hashes_of(build, sorted(customers)).values()):
            held.append(path)
    return held


def _table(written: list[Written]) -> Table:
    table = Table(title="Audiences", title_justify="left")
    table.add_column("audience")
    for heading in ("in it", "added", "removed", "no address or consent"):
        table.add_column(heading, justify="right")
    for it in written:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in it.removed.items())
        table.add_row(
            it.label, f"{it.full:,}", f"{it.added:,}", reasons or "0", f"{it.unreachable:,}"
        )
    return table
