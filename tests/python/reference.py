"""The rules of the design in plain Python, to hold the SQL against; slow, and simple to read."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import chain, groupby, product
from typing import Any, NamedTuple

from conftest import read_seed

Rule = Mapping[str, str]
Measures = Mapping[str, Any]

# the text conditions of decision tables, each with its catalogue
CODES = {
    "action_rules": {
        "tier_code": ("tiers", "tier_code"),
        "lifecycle_stage": ("lifecycle_stages", "stage_code"),
        "behaviour_status": ("behaviour_statuses", "status_code"),
        "rfm_segment": ("rfm_segment_labels", "segment_code"),
        "churn_risk": ("churn_risks", "risk_code"),
        "trigger_code": ("triggers", "trigger_code"),
    }
}
RISING_ORDERS = ("lifetime_orders", "orders_12m")
RISING_REVENUE = ("lifetime_net_revenue", "net_revenue_12m")


def is_in_force(row: Rule, day: date) -> bool:
    """Tell whether an effective-dated row applies on a day."""
    begun = date.fromisoformat(row["valid_from"]) <= day
    return begun and (not row["valid_to"] or day < date.fromisoformat(row["valid_to"]))


def rows_of_market(rows: Iterable[Rule], market: str, day: date) -> list[Rule]:
    """Return the rows that a market uses on a day: its own, or else those of ``*``."""
    valid = [row for row in rows if is_in_force(row, day)]
    own = [row for row in valid if row["market"] == market]
    return own or [row for row in valid if row["market"] == "*"]


def measures_of(rules: Iterable[Rule]) -> list[str]:
    """Return the measures that a decision table has conditions on."""
    return [name.removeprefix("min_") for name in next(iter(rules)) if name.startswith("min_")]


bound = cache(Decimal)


def matches(rule: Rule, measures: Measures) -> bool:
    """Tell whether a customer meets every condition of a rule; null meets none."""
    for name, value in measures.items():
        if f"min_{name}" not in rule:  # a code
            if rule[name] and value != rule[name]:
                return False
            continue
        low, high = rule[f"min_{name}"], rule[f"max_{name}"]
        if low and (value is None or value < bound(low)):
            return False
        if high and (value is None or value >= bound(high)):
            return False
    return True


def first_match(rules: Sequence[Rule], measures: Measures) -> Rule:
    """Return the rule of the lowest priority that matches."""
    for rule in sorted(rules, key=lambda rule: int(rule["priority"])):
        if matches(rule, measures):
            return rule
    raise LookupError(f"no rule for {measures}")


@cache
def rules_in_force(seed: str, market: str, day: date) -> list[Rule]:
    """Return the rules of a seed that a market uses on a day; of rule sets, those of ``live``."""
    rules = [rule for rule in read_seed(seed) if rule.get("rule_set", "live") == "live"]
    return rows_of_market(rules, market, day)


def live_rules(market: str, day: date) -> list[Rule]:
    """Return the tier rules that a market uses on a day."""
    return rules_in_force("tier_rules", market, day)


def tier_ranks() -> dict[str, int]:
    """Return the rank of each tier."""
    return {tier["tier_code"]: int(tier["tier_rank"]) for tier in read_seed("tiers")}


def classify(seed: str, row: Measures) -> Rule:
    """Return the rule of a seed that a row of the history matches on its date."""
    rules = rules_in_force(seed, row["market"], row["evaluation_date"])
    conditions = [*measures_of(rules), *CODES.get(seed, ())]
    return first_match(rules, {name: row[name] for name in conditions})


def persons(history: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of each customer of a history in the order of customers and dates."""
    for _, rows in groupby(history, key=lambda row: row["customer_id"]):
        yield list(rows)


def scaled(component: Rule, value: float) -> float:
    """Return the points, 0 to 100, that a measure earns by its row of score_components."""

    def grow(number: float) -> float:
        return math.log(1 + max(number, 0)) if component["scale"] == "log" else number

    floor, cap = grow(float(component["floor"])), grow(float(component["cap"]))
    points = 100 * min(max((grow(value) - floor) / (cap - floor), 0), 1)
    return 100 - points if component["direction"] == "down" else points


def held_ranks(computed: Sequence[int], step: int) -> list[int]:
    """Hold tiers month by month: keep one ``step`` - 1 months, then fall a rank each ``step``.

    Parameters
    ----------
    computed
        Ranks earned in consecutive months.
    step
        Months per downgrade step; 0 holds nothing.
    """
    held: list[int] = []
    rank, since = 0, 0
    for month, earned in enumerate(computed):
        if step and month - since == step:
            rank, since = rank - 1, month
        if not step or earned >= rank:
            rank, since = earned, month
        held.append(rank)
    return held


class NextTier(NamedTuple):
    """What it takes to rise: the least, in the order of the fields."""

    rank: int
    orders: int
    revenue: Decimal


def further_revenues(rules: Sequence[Rule], measures: Measures) -> set[Decimal]:
    """Return the additions of revenue at which any condition changes."""
    bounds = {
        Decimal(rule[f"{side}_{name}"]) - measures[name]
        for rule, name, side in product(rules, RISING_REVENUE, ("min", "max"))
        if rule[f"{side}_{name}"]
    }
    return {Decimal(0)} | {bound for bound in bounds if bound > 0}


def next_tier(
    rules: Sequence[Rule], ranks: Mapping[str, int], measures: Measures, rank: int
) -> NextTier | None:
    """Try every number of further orders, and each further revenue that changes a condition.

    Parameters
    ----------
    rules
        Rules in force for the customer.
    ranks
        Rank of each tier code.
    measures
        Measures of the customer; orders and revenue rise, the others stay.
    rank
        Rank of the final tier; only higher ones count.
    """
    most = max(
        int(Decimal(bound))
        for bound in chain(
            ["0"],
            (
                rule[f"{side}_{name}"]
                for rule, name, side in product(rules, RISING_ORDERS, ("min", "max"))
                if rule[f"{side}_{name}"]
            ),
        )
    )
    best: NextTier | None = None
    for orders, revenue in product(range(most + 1), sorted(further_revenues(rules, measures))):
        raised = dict(measures)
        raised.update({name: measures[name] + orders for name in RISING_ORDERS})
        raised.update({name: measures[name] + revenue for name in RISING_REVENUE})
        reached = NextTier(ranks[first_match(rules, raised)["tier_code"]], orders, revenue)
        if reached.rank > rank and (best is None or reached < best):
            best = reached
    return best


def next_tier_columns(
    rules: Sequence[Rule], ranks: Mapping[str, int], measures: Measures, rank: int
) -> tuple[str | None, int | None, Decimal | None]:
    """Return next_tier_code, orders_to_next_tier and revenue_to_next_tier.

    Where no addition of orders and revenue is enough the next tier is the next rank, without
    distances; at the top there is none.
    """
    codes = {number: code for code, number in ranks.items()}
    best = next_tier(rules, ranks, measures, rank)
    if best is not None:
        return codes[best.rank], best.orders, best.revenue
    return codes.get(rank + 1), None, None
