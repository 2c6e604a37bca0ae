"""``--shares``: which share of the customers, or of the revenue, each tier is to have."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from strata.errors import UserError

WHOLE: Final = Decimal(100)
BY: Final = ("customers", "revenue")
EXAMPLE: Final = "vip=1,high=4,medium=15"


@dataclass(frozen=True)
class Shares:
    """Shares in percent, of the highest tier first; the lowest tier has the rest.

    Attributes
    ----------
    by : str
        What they are shares of, one of `BY`.
    percents : dict of str to Decimal
        By tier_code.
    lowest : str
        The tier of all others who have ordered.
    prospects : str or None
        The tier of customers without an order, if they have one of their own.
    """

    by: str
    percents: dict[str, Decimal]
    lowest: str
    prospects: str | None


def read_shares(text: str, by: str, tiers: Sequence[str], prospects: str | None) -> Shares:
    """Read what was asked for.

    Parameters
    ----------
    text : str
        ``vip=1,high=4`` by tier, the rest to the lowest; or ``80/20``, from the highest tier down
        and all of it, as shares of the revenue unless `by` says otherwise.
    by : str
        One of `BY`, or blank: revenue for ``80/20``, else customers.
    tiers : sequence of str
        Codes, the highest first.
    prospects : str or None
        The tier of those without an order, which has no share.

    Raises
    ------
    UserError
        With the mend.
    """
    if by not in ("", *BY):
        raise UserError(f"--by must be customers or revenue, not '{by}'")
    known = [it for it in tiers if it != prospects]
    if len(known) < len(BY):
        raise UserError("shares need two tiers besides that of customers without an order")
    if "/" in text:
        return _positional(text, by or "revenue", known, prospects)
    percents: dict[str, Decimal] = {}
    for part in text.split(","):
        code, separator, number = (it.strip() for it in part.partition("="))
        if not separator:
            raise UserError(f"--shares: '{part}' is no share; write {EXAMPLE}, or 80/20")
        if code == prospects:
            raise UserError(
                f"--shares: {code} is the tier of customers without an order and has no share"
            )
        if code not in known:
            raise UserError(
                f"--shares: there is no tier {code} in the seed tiers; there are {', '.join(known)}"
            )
        if code in percents:
            raise UserError(f"--shares: {code} is there twice")
        percents[code] = _percent(number, code)
    total = sum(percents.values())
    unnamed = [it for it in known if it not in percents]
    if not unnamed and total != WHOLE:
        raise UserError(
            f"--shares add up to {total} %, not 100 %: leave out {known[-1]}, which has the rest"
        )
    if unnamed and total >= WHOLE:
        raise UserError(
            f"--shares add up to {total} %, which leaves nothing to {unnamed[-1]}, the lowest tier"
        )
    lowest = unnamed[-1] if unnamed else known[-1]
    below = [it for it in percents if known.index(it) > known.index(lowest)]
    if below:
        raise UserError(
            f"--shares: {below[0]} is below {lowest}, which would have the rest: name {lowest}"
            f" and leave out {known[-1]}"
        )
    kept = {it: percents[it] for it in known if it in percents and it != lowest}
    return Shares(by or "customers", kept, lowest, prospects)


def _positional(text: str, by: str, known: Sequence[str], prospects: str | None) -> Shares:
    """Read ``80/20``: shares from the highest tier down, the last for the lowest."""
    numbers = [it.strip() for it in text.split("/")]
    percents = [_percent(it, text) for it in numbers]
    if len(percents) > len(known):
        raise UserError(
            f"--shares {text} has {len(percents)} shares, there are {len(known)} tiers:"
            f" {', '.join(known)}"
        )
    if sum(percents) != WHOLE:
        raise UserError(f"--shares {text} add up to {sum(percents)} %, not 100 %")
    return Shares(by, dict(zip(known, percents[:-1], strict=False)), known[-1], prospects)


def _percent(text: str, told: str) -> Decimal:
    """Read a number of percent, above 0 and below 100."""
    try:
        number = Decimal(text.removesuffix("%").strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise UserError(f"--shares: '{text}' ({told}) is not a number; write {EXAMPLE}, or 80/20")
    if not 0 < number < WHOLE:
        raise UserError(f"--shares: {text} ({told}) must be above 0 and below 100 percent")
    return number
