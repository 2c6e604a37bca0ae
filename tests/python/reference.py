"""The rules of the design in plain Python, to hold the SQL against; slow, and simple to read."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import groupby, product
from typing import Any, NamedTuple

import yaml
from conftest import ROOT, read_seed

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


@cache
def declared_measures() -> dict[str, dict[str, Any]]:
    """Return the measures that rules may have conditions on, as their YAML declares them."""
    path = ROOT / "models/intermediate/rules/_rules_in_force.yml"
    (model,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    measures: dict[str, dict[str, Any]] = model["config"]["meta"]["measures"]
    return measures


def measures_of(rules: Iterable[Rule]) -> list[str]:
    """Return the measures, codes apart, that a decision table has conditions on."""
    declared = declared_measures()
    return [it for it in next(iter(rules)) if it in declared and declared[it]["type"] != "code"]


CONDITION = re.compile(
    r"(?P<sign>|=|>=?|<=?)(?P<bound>[+-]?\d+(\.\d+)?)"
    r"|(?P<left>[\[(])(?P<low>[+-]?\d+(\.\d+)?)\.\.(?P<high>[+-]?\d+(\.\d+)?)(?P<right>[\])])",
    re.ASCII,
)


class Condition(NamedTuple):
    """The values between two bounds, of which each is one of them (closed) or is not (open)."""

    low: Decimal | None
    has_low: bool
    high: Decimal | None
    has_high: bool

    def admits(self, value: Any) -> bool:
        """Tell whether a value meets the condition; null meets none."""
        if value is None:
            return False
        # a double is compared with the double of the bound
        low, high = (
            float(it) if it is not None and isinstance(value, float) else it
            for it in (self.low, self.high)
        )
        if low is not None and (value < low or (value == low and not self.has_low)):
            return False
        return high is None or value < high or (value == high and self.has_high)

    def changes(self, step: Decimal) -> list[Decimal]:
        """Return where it begins to hold and to fail, for values that are a step apart."""
        found = []
        if self.low is not None:
            found.append(self.low if self.has_low else self.low + step)
        if self.high is not None:
            found.append(self.high + step if self.has_high else self.high)
        return found


@cache
def condition(text: str) -> Condition:
    """Read a condition as people write it; a blank one admits all, but is asked of nobody."""
    if not text:
        return Condition(None, False, None, False)
    found = CONDITION.fullmatch(text)
    assert found, f"{text} is not a condition"
    if found["left"]:
        ends = Decimal(found["low"]), Decimal(found["high"])
        return Condition(ends[0], found["left"] == "[", ends[1], found["right"] == "]")
    sign, bound = found["sign"], Decimal(found["bound"])
    low, high = (None if sign[:1] == it else bound for it in "<>")
    return Condition(low, sign != ">", high, sign != "<")


def matches(rule: Rule, measures: Measures) -> bool:
    """Tell whether a customer meets every condition of a rule; null meets none."""
    declared = declared_measures()
    return all(
        value == rule[name]
        if declared[name]["type"] == "code"
        else condition(rule[name]).admits(value)
        for name, value in measures.items()
        if rule[name]
    )


def first_match(rules: Sequence[Rule], measures: Measures) -> Rule:
    """Return the rule of the lowest priority that matches."""
    for rule in sorted(rules, key=lambda rule: int(rule["priority"])):
        if matches(rule, measures):
            return rule
    raise LookupError(f"no rule for {measures}")


def sentence(rule: Rule, outcome: str, currency: str = "CNY") -> str:
    """Say whom a rule is for, and why it is so.

    Parameters
    ----------
    rule
        A rule of a decision table.
    outcome
        The column of its outcome, which may have the name of a measure.
    currency
        That of its money.
    """
    parts = []
    for name, measure in declared_measures().items():
        if name == outcome or not rule.get(name):
            continue
        words = rule[name]
        if measure["type"] != "code":
            it = condition(words)
            unit = f"{currency} " if measure["type"] == "money" else ""
            low, high = (
                None if bound is None else f"{unit}{bound.normalize():f}"
                for bound in (it.low, it.high)
            )
            if low == high:
                words = f"{low}"
            elif low and high:
                words = f"{'from' if it.has_low else 'above'} {low}"
                words += f" {'to' if it.has_high else 'to below'} {high}"
            elif low:
                words = f"{'at least' if it.has_low else 'more than'} {low}"
            else:
                words = f"{'at most' if it.has_high else 'less than'} {high}"
        parts.append(f"{measure['label_en']} {words}")
    told = ", ".join(sorted(parts)) or "everyone else"
    return f"{told} ({rule['note']})" if rule["note"] else told


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


def changes(rules: Sequence[Rule], names: Sequence[str], step: str) -> list[tuple[str, Decimal]]:
    """Return measures, each with a value at which a condition of a rule on it changes."""
    return [
        (name, value)
        for rule, name in product(rules, names)
        for value in condition(rule[name]).changes(Decimal(step))
    ]


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
    most = max((int(it) for _, it in changes(rules, RISING_ORDERS, "1")), default=0)
    further = {value - measures[it] for it, value in changes(rules, RISING_REVENUE, "0.01")}
    revenues = sorted({Decimal(0)} | {it for it in further if it > 0})
    best: NextTier | None = None
    for orders, revenue in product(range(most + 1), revenues):
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
