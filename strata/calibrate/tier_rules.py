"""``tiers``: rules for the seed tier_rules by shares of the customers or of the revenue."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from strata.calibrate.arrays import Floats
from strata.calibrate.errors import CalibrationError
from strata.calibrate.figures import CENT, plain_figure, said_figure
from strata.calibrate.proposal import Change, Proposal
from strata.calibrate.seeds import Row, SeedFile
from strata.calibrate.shares import WHOLE, Shares
from strata.calibrate.warehouse import Customers

SEED: Final = "tier_rules"
MEASURE: Final = "net_revenue_12m"
ORDERS: Final = "lifetime_orders"
NO_ORDER: Final = "<1"
NO_CONDITION: Final = (
    *("rule_id", "rule_set", "market", "priority", "tier_code"),
    *("valid_from", "valid_to", "currency", "note"),
)
"""Columns of a rule that are no measures."""
FEWEST_OF_MARKET: Final = 100
"""Customers of a market below which its own rules stay."""
TOLERANCE: Final = Decimal("0.1")
MOST: Final = Decimal(1)
"""A round figure may miss a share by this part of it, by so many points, or by a customer."""
STEP: Final = 10
"""Between the priorities of two rules."""


@dataclass(frozen=True)
class Threshold:
    """Where a tier begins.

    Attributes
    ----------
    tier : str
        Its code.
    figure : Decimal or None
        Its least revenue; None if nobody would have the tier.
    asked, got : Decimal
        Its share in percent, as asked for and as it comes out.
    reason : str
        Why the share is missed; blank if it is not.
    """

    tier: str
    figure: Decimal | None
    asked: Decimal
    got: Decimal
    reason: str = ""


class Ladder:
    """The revenue of customers from the highest down, and which share has at least so much.

    Parameters
    ----------
    revenue : ndarray of float, shape (n,)
        Of each customer; NaN counts as 0.
    by : str
        ``customers`` or ``revenue``: what shares are of.

    Raises
    ------
    CalibrationError
        If nobody brought anything.
    """

    def __init__(self, revenue: Floats, by: str) -> None:
        cents = np.rint(np.nan_to_num(revenue) / float(CENT)).astype(np.int64)
        paid = cents[cents > 0]
        if not len(paid):
            raise CalibrationError("nobody brought anything in the last 12 months")
        steps, counts = np.unique(paid, return_counts=True)
        self.steps: NDArray[np.int64] = steps[::-1]
        self.counts: NDArray[np.int64] = counts[::-1]
        amounts = self.counts * self.steps if by == "revenue" else self.counts
        self.reached: NDArray[np.int64] = np.cumsum(amounts)
        self.whole = int(self.reached[-1]) if by == "revenue" else len(cents)

    def share(self, figure: Decimal) -> Decimal:
        """Return the share, in percent, of those with at least so much."""
        place = int(np.searchsorted(-self.steps, -int(figure / CENT), side="right"))
        return self._share(place)

    def nearest(self, share: Decimal) -> Decimal:
        """Return the figure from which on the share is nearest to one."""
        place = min(range(len(self.steps) + 1), key=lambda it: abs(self._share(it) - share))
        return int(self.steps[place - 1]) * CENT if place else (int(self.steps[0]) + 1) * CENT

    def obstacle(self, share: Decimal) -> str:
        """Say why no figure gives a share."""
        if share > self._share(len(self.steps)):
            return f"only {percent(self._share(len(self.steps)))} brought anything in 12 months"
        place = next(it for it in range(len(self.steps)) if self._share(it + 1) >= share)
        if self.counts[place] == 1:
            return "a single customer more would be too many"
        return f"{self.counts[place]:,} customers brought {int(self.steps[place]) * CENT:,} each"

    def _share(self, steps: int) -> Decimal:
        """Return the share of those on so many of the highest steps."""
        return WHOLE * int(self.reached[steps - 1]) / self.whole if steps else Decimal(0)


def prospect_tier(seed: SeedFile, rule_set: str, as_of: date) -> str | None:
    """Return the tier of customers without an order, if a rule gives them one."""
    for row in seed.in_force(as_of, {"rule_set": rule_set}):
        if _conditions(row) == {ORDERS: NO_ORDER} or _conditions(row) == {ORDERS: "0"}:
            return row["tier_code"]
    return None


def propose_tier_rules(
    seed: SeedFile,
    customers: Customers,
    shares: Shares,
    rule_set: str,
    *,
    as_of: date,
    start: date,
) -> Proposal:
    """Propose rules that give each tier its share, market by market that has rules of its own.

    Parameters
    ----------
    seed : SeedFile
        tier_rules.
    customers : Customers
        All customers, those without an order included, with the measure `MEASURE`.
    shares : Shares
        What was asked for.
    rule_set : str
        The one in force.
    as_of : date
        Last day of the data.
    start : date
        First day of the new rules.

    Raises
    ------
    CalibrationError
        If nobody brought anything in 12 months.
    """
    in_force = seed.in_force(start, {"rule_set": rule_set})
    own = sorted({row["market"] for row in in_force} - {"*"})
    proposal = Proposal(seed)
    for market in ("*", *own):
        chosen = customers.of(market) if market in own else customers.but(own)
        if market in own and len(chosen) < FEWEST_OF_MARKET:
            proposal.kept.append(
                f"market {market} keeps its rules: {len(chosen)} customers,"
                f" {FEWEST_OF_MARKET} are needed"
            )
            continue
        try:
            thresholds = find_thresholds(chosen.measures[MEASURE], shares)
        except CalibrationError as error:
            if market not in own:
                raise
            proposal.kept.append(f"market {market} keeps its rules: {error}")
            continue
        rows = _rows(thresholds, shares, rule_set, market, as_of=as_of, start=start)
        for row in rows:
            row["currency"] = customers.currency if row.get(MEASURE) else ""
        before = [row for row in in_force if row["market"] == market]
        where = f", market {market}" if own else ""
        proposal.changes += _changes(before, rows, where)
        proposal.notes += [_told(it, shares.by, where) for it in thresholds]
        seed.propose(start, {"rule_set": rule_set, "market": market}, rows)
    return proposal


def find_thresholds(revenue: Floats, shares: Shares) -> list[Threshold]:
    """Find the least revenue of each tier, as a figure that people say, the highest tier first.

    Parameters
    ----------
    revenue : ndarray of float, shape (n,)
        Of all customers; shares are of all of them, as `strata summary` shows them.
    shares : Shares
        What was asked for.

    Raises
    ------
    CalibrationError
        If nobody brought anything.
    """
    ladder = Ladder(revenue, shares.by)
    one = WHOLE / len(revenue) if shares.by == "customers" else Decimal(0)
    found: list[Threshold] = []
    target, reached, upper = Decimal(0), Decimal(0), None
    for tier, asked in shares.percents.items():
        target += asked
        exact = ladder.nearest(target)
        if ladder.share(exact) <= reached:
            found.append(Threshold(tier, None, asked, Decimal(0), ladder.obstacle(target)))
            continue

        def miss(figure: Decimal, target: Decimal = target) -> Decimal:
            return abs(ladder.share(figure) - target)

        tolerance = max(min(TOLERANCE * asked, MOST), one)
        figure = said_figure(exact, miss, max(tolerance, miss(exact)), upper)
        got = ladder.share(figure) - reached
        missed = miss(exact) > tolerance
        found.append(Threshold(tier, figure, asked, got, ladder.obstacle(target) if missed else ""))
        upper, reached = figure, ladder.share(figure)
    return found


def percent(share: Decimal) -> str:
    """Write a share."""
    return f"{share:.1f} %"


def _told(threshold: Threshold, by: str, where: str) -> str:
    """Say which share a tier gets, and why not the one asked for."""
    told = (
        f"{threshold.tier}{where}: {percent(threshold.got)} of the {by},"
        f" {plain_figure(threshold.asked)} % asked for"
    )
    if threshold.figure is None:
        return f"{told}, so no rule gives it: {threshold.reason}"
    return f"{told}: {threshold.reason}" if threshold.reason else told


def _rows(
    thresholds: list[Threshold],
    shares: Shares,
    rule_set: str,
    market: str,
    *,
    as_of: date,
    start: date,
) -> list[Row]:
    """Write thresholds as rows of the seed: no order, then from the highest down, then the rest."""
    outcomes: list[tuple[str, Row]] = []
    if shares.prospects:
        outcomes.append((shares.prospects, {ORDERS: NO_ORDER, "note": "no order yet"}))
    for it in thresholds:
        if it.figure is not None:
            note = f"{percent(it.got)} of the {shares.by} on {as_of}"
            outcomes.append((it.tier, {MEASURE: f">={plain_figure(it.figure)}", "note": note}))
    outcomes.append((shares.lowest, {"note": "the rest"}))
    prefix = rule_set if market == "*" else f"{rule_set}_{market.lower()}"
    return [
        {
            "rule_id": f"{prefix}_{tier}_{start}",
            "rule_set": rule_set,
            "market": market,
            "priority": str(place * STEP),
            "tier_code": tier,
            **row,
        }
        for place, (tier, row) in enumerate(outcomes, start=1)
    ]


def _changes(before: list[Row], after: list[Row], where: str) -> list[Change]:
    """Compare the conditions of each tier."""
    tiers = dict.fromkeys(row["tier_code"] for row in (*after, *before))
    return [
        Change(f"{tier}{where}", "condition", _sentence(before, tier), _sentence(after, tier))
        for tier in tiers
    ]


def _sentence(rows: list[Row], tier: str) -> str:
    """Return the conditions of a tier, those of each rule on a line."""
    told = [
        ", ".join(f"{name} {text}" for name, text in _conditions(row).items()) or "all others"
        for row in rows
        if row["tier_code"] == tier
    ]
    return "\n".join(told) or "no rule"


def _conditions(row: Mapping[str, str]) -> Row:
    return {name: text for name, text in row.items() if text and name not in NO_CONDITION}
