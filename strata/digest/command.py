"""The command ``strata digest``."""

import csv
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final

import jinja2
import typer
from rich.console import Console

from strata.digest.changes import Changes, Listing, changes
from strata.formulas import no_formula
from strata.project import DbtProject
from strata.trial.comparison import opened
from strata.trial.report import Sheet, markdown, render
from strata.unfinished import whole

PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{{ title }}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1c2733; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid #dde3ea; text-align: right; }
th { color: #5a6b7d; font-weight: 600; }
.word { text-align: left; }
li { color: #5a6b7d; }
</style>
<h1>{{ title }}</h1>
{% for line in lines %}<p>{{ line }}</p>
{% endfor %}
{%- for sheet in sheets %}
<h2>{{ sheet.title }}</h2>
{% if sheet.rows %}<table>
<tr>{% for it in sheet.headings %}<th{% if loop.index <= sheet.words %} class="word"{% endif %}>{{ it }}</th>{% endfor %}</tr>
{% for row in sheet.rows %}<tr>{% for it in row %}<td{% if loop.index <= sheet.words %} class="word"{% endif %}>{{ it }}</td>{% endfor %}</tr>
{% endfor %}</table>{% endif %}
<ul>{% for note in sheet.notes %}<li>{{ note }}</li>{% endfor %}</ul>
{% endfor %}
</html>
"""  # noqa: E501


def digest(
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="DATE",
            help="Compare with the evaluation that stood then; without it, with the one before.",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the files.")] = Path(
        "build/digest"
    ),
    limit: Annotated[
        int, typer.Option(metavar="N", min=0, help="Customers named in a list; CSV has all.")
    ] = 20,
) -> None:
    """Tell who rose, who fell and why, who became lost, and whom to act on."""
    project = DbtProject(Path.cwd())
    with opened(now=project.build("to tell of")) as builds:
        found = changes(builds, since.date() if since else None)
    title = f"Customers from {found.since} to {found.until}"
    lines = [_summary(found)]
    told = _sheets(found, limit)
    files = {
        "digest.md": markdown(title, lines, told),
        "digest.html": _html(title, lines, told),
    }
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, text in files.items():
        _write(out / name, text)
    for name, listing in _listings(found).items():
        _write_csv(out / f"{name}.csv", listing)
    console = Console(highlight=False)
    console.print(lines[0], soft_wrap=True, markup=False)
    console.print(render(told))
    console.print(f"Written to {out}.", soft_wrap=True, markup=False)


def _summary(found: Changes) -> str:
    return (
        f"{len(found.rose.rows):,} rose, {len(found.fell.rows):,} fell,"
        f" {len(found.lost.rows):,} became lost, {found.newcomers:,} are new."
    )


def _listings(found: Changes) -> dict[str, Listing]:
    """Return the lists by the names of their files."""
    listings = {"rose": found.rose, "fell": found.fell, "lost": found.lost}
    return listings | ({"act": found.act} if found.act else {})


def _sheets(found: Changes, limit: int) -> list[Sheet]:
    tiers = Sheet(
        "Tiers",
        ("tier", "customers then", "now", f"{found.currency} then", "now"),
        [
            (it.label, *(f"{n:,}" for n in it.customers), *(f"{n:,.2f}" for n in it.revenue))
            for it in found.tiers
        ],
        notes=["Money is the net revenue of the 12 months before."],
    )
    titles = {
        "rose": ("Who rose, and why", 4),
        "fell": ("Who fell, and why", 4),
        "lost": ("Who became lost", 2),
        "act": ("Whom to act on now", 5),
    }
    lists = [
        _listed(*titles[name], listing, found.currency, limit)
        for name, listing in _listings(found).items()
    ]
    return [tiers, *lists]


def _listed(title: str, words: int, listing: Listing, currency: str, limit: int) -> Sheet:
    named = listing.rows[:limit]
    notes = []
    if not listing.rows:
        notes.append("Nobody.")
    elif len(listing.rows) > len(named):
        notes.append(f"{len(listing.rows) - len(named):,} more are in the CSV file.")
    headings = tuple(
        f"{it}, {currency}" if "revenue" in it and currency else it for it in listing.columns
    )
    return Sheet(title, headings, [tuple(map(_cell, row)) for row in named], words, notes)


def _cell(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, int):
        return f"{value:,}"
    return "" if value is None else str(value)


def _html(title: str, lines: list[str], told: list[Sheet]) -> str:
    page = jinja2.Environment(autoescape=True).from_string(PAGE)
    return page.render(title=title, lines=lines, sheets=told)


def _write(path: Path, text: str) -> None:
    """Write a file whole, or not at all."""
    with whole(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8", newline="")


def _write_csv(path: Path, listing: Listing) -> None:
    with whole(path) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(listing.columns)
        writer.writerows(
            [no_formula(it) if isinstance(it, str) else it for it in row] for row in listing.rows
        )
