"""A comparison of two builds, for terminals and as Markdown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from strata.trial.comparison import Backtest, Comparison

NONE_MOVE = "Nobody changes tier."


@dataclass(frozen=True)
class Sheet:
    """A table of texts; the first `words` columns are words, the others figures."""

    title: str
    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    words: int = 1
    notes: list[str] = field(default_factory=list)


def sheets(
    comparison: Comparison,
    now: str = "now",
    then: str = "proposed",
    *,
    with_examples: bool = True,
) -> list[Sheet]:
    """Return everything that is told of a comparison.

    Parameters
    ----------
    comparison : Comparison
        Of two builds.
    now, then : str
        What they are called.
    with_examples : bool
        Whether some who move are named.
    """
    told = [_tiers(comparison, now, then), _moves(comparison)]
    if comparison.backtest:
        told.append(_backtest(comparison.backtest, now, then))
    if with_examples and comparison.examples:
        rows = [(it.customer_id, it.before, it.after, it.reason) for it in comparison.examples]
        told.append(
            Sheet("Some of those who move", ("customer", "from", "to", "why"), rows, words=4)
        )
    return told


def _tiers(comparison: Comparison, now: str, then: str) -> Sheet:
    whole = [sum(it.customers[side] for it in comparison.tiers) for side in (0, 1)]
    money = [sum(it.revenue[side] for it in comparison.tiers) for side in (0, 1)]
    rows = []
    for tier in comparison.tiers:
        cells = [tier.label]
        for side in (0, 1):
            cells += [
                f"{tier.customers[side]:,}",
                _share(tier.customers[side], whole[side]),
                _share(float(tier.revenue[side]), float(money[side])),
            ]
        rows.append(tuple(cells))
    headings = ("tier", f"customers {now}", "share", "revenue", f"{then}", "share", "revenue")
    held = [f"{count:,} {word}" for word, count in comparison.not_by_rule.items() if count]
    notes = [f"Not by the rules alone, {then}: {', '.join(held)}."] if held else []
    return Sheet(f"Tiers on {comparison.as_of}", headings, rows, notes=notes)


def _moves(comparison: Comparison) -> Sheet:
    rows = [
        (it.before, it.after, f"{it.customers:,}", f"{it.revenue:,.2f}") for it in comparison.moves
    ]
    others = {name: count for name, count in comparison.changed.items() if count}
    moved = others.pop("value tier", 0)
    notes = []
    if moved:
        revenue = sum(it.revenue for it in comparison.moves)
        notes.append(
            f"{_customers(moved)} of {comparison.customers:,} move, with {comparison.currency}"
            f" {revenue:,.2f} net revenue in 12 months."
        )
    else:
        notes.append(NONE_MOVE)
    if others:
        listed = ", ".join(f"{name} {count:,}" for name, count in others.items())
        notes.append(f"Other classes that change, in customers: {listed}.")
    return Sheet(
        "Who moves",
        ("from", "to", "customers", f"{comparison.currency} in 12 months"),
        rows,
        words=2,
        notes=notes + ([comparison.no_backtest] if comparison.no_backtest else []),
    )


def _backtest(backtest: Backtest, now: str, then: str) -> Sheet:
    rows = []
    for tier in backtest.tiers:
        cells = [tier.label]
        for side in (0, 1):
            share, lift = tier.revenue_share[side], tier.lift[side]
            cells += [
                f"{tier.customers[side]:,}",
                "" if share is None else f"{share:.1%}",
                "" if lift is None else f"{lift:.1f}",
            ]
        rows.append(tuple(cells))
    before, after = ("none" if it is None else f"{it:.3f}" for it in backtest.correlations)
    return Sheet(
        f"Back-test: what they brought in the 90 days after {backtest.day}",
        ("tier", f"customers {now}", "revenue", "lift", f"{then}", "revenue", "lift"),
        rows,
        notes=[
            "Both rule sets judge the same customers, with the scores of that day, without holding"
            " and overrides; lift is times the average of a customer.",
            f"Rank correlation of tier and revenue: {before} {now}, {after} {then}.",
        ],
    )


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.1%}" if whole else ""


def _customers(count: int) -> str:
    return f"{count:,} customer" + ("" if count == 1 else "s")


def render(told: Iterable[Sheet]) -> RenderableType:
    """Return sheets for a terminal."""
    parts: list[RenderableType] = []
    for sheet in told:
        if sheet.rows:
            table = Table(title=sheet.title, title_justify="left")
            for place, heading in enumerate(sheet.headings):
                table.add_column(heading, justify="left" if place < sheet.words else "right")
            for row in sheet.rows:
                table.add_row(*(Text(cell) for cell in row))
            parts.append(table)
        parts += [Text(f"- {note}") for note in sheet.notes]
    return Group(*parts)


def markdown(title: str, lines: Sequence[str], told: Iterable[Sheet]) -> str:
    """Return sheets as Markdown, for a pull request."""
    parts = [f"## {title}", "", *lines, ""]
    for sheet in told:
        parts += [f"### {sheet.title}", ""]
        if sheet.rows:
            parts += [
                _row(sheet.headings),
                _row(
                    "---" if place < sheet.words else "---:" for place in range(len(sheet.headings))
                ),
                *(_row(row) for row in sheet.rows),
                "",
            ]
        parts += [f"- {note}" for note in sheet.notes]
        parts += [""] if sheet.notes else []
    return "\n".join(parts).rstrip() + "\n"


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
