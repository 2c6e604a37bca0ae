"""The tables that ``strata calibrate`` prints."""

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

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
        table.add_row(Text(row), change.column, Text(change.before), Text(change.after))
        last = change.row
    return Group(table, *_lines(proposal.kept), *_lines(proposal.notes))


def _lines(texts: Sequence[str]) -> Iterable[Text]:
    """Return texts that rich does not mark up."""
    return [Text(f"- {text}") for text in texts]
