"""The tables that ``strata calibrate`` prints."""

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from strata.calibrate.effect import Effect
from strata.calibrate.proposal import Proposal


def render_proposal(proposal: Proposal) -> RenderableType:
    """Show before and after of a seed, what stays, and notes."""
    table = Table(title=proposal.seed.name, title_justify="left")
    for heading in ("row", "column"):
        table.add_column(heading)
    for heading in ("before", "after"):
        table.add_column(heading, justify="right")
    last = None
    for change in proposal.changes:
        if last is not None and change.row != last:
            table.add_section()
        row = change.row if change.row != last else ""
        table.add_row(Text(row), change.column, change.before, change.after)
        last = change.row
    return Group(table, *_lines(proposal.kept), *_lines(proposal.notes))


def render_effect(effect: Effect) -> RenderableType:
    """Show how many customers would be classified otherwise."""
    table = Table(title="Customers who would change", title_justify="left")
    table.add_column("")
    for heading in ("customers", "share"):
        table.add_column(heading, justify="right")
    for name, count in effect.changed.items():
        share = f"{count / effect.customers:.1%}" if effect.customers else ""
        table.add_row(name, f"{count:,}", share)
    lines = [f"of {effect.customers:,} customers, each compared with a build without the proposal"]
    if effect.stale:
        told = ", ".join(f"{name} of {count:,}" for name, count in effect.stale.items())
        lines.append(
            f"the stored build is not up to date: without the proposal too, {told} changes"
        )
    return Group(table, *_lines(lines))


def _lines(texts: Sequence[str]) -> Iterable[Text]:
    """Return texts that rich does not mark up."""
    return [Text(f"- {text}") for text in texts]
