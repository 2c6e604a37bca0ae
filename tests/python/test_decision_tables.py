"""Invented decision tables through the macros, against first match and plain enumeration.

The tables of the seeds are simple; these have conditions of every form on every measure, with the
same bounds open and closed, markets of their own for a while, rules that come and go, rule sets
beside the one in force, and as many rules as a table has room for.
"""

import csv
from collections import Counter
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

import pytest
from conftest import Project, Row, copy_project, read_seed
from raw_data import write_csv
from reference import Rule, condition, first_match, measures_of, next_tier_columns, rows_of_market
from typer.testing import CliRunner

from strata.cli import app

pytestmark = pytest.mark.slow

BOUNDS = {  # few, for the combinations of ranges are their product
    "lifetime_orders": ("1",),
    "lifetime_net_revenue": ("2500.25",),
    "orders_12m": ("4", "12"),
    "net_revenue_12m": ("5000", "50000"),
    "active_months_12m": ("6",),
    "composite_score": ("40",),
}
FORMS = (">={low}", ">{low}", "<={high}", "<{high}", "{low}", "={high}")
RANGES = ("[{low}..{high}]", "[{low}..{high})", "({low}..{high}]", "({low}..{high})")
OPENED = str.maketrans({"[": "(", "(": "[", "]": ")", ")": "]"})
DAYS = ("2024-09-30", "2025-01-01", "2025-06-30", "2025-12-15", "2026-06-15", "2026-07-01")
TIERS = {tier["tier_code"]: int(tier["tier_rank"]) for tier in read_seed("tiers")}
MOST_RULES = 62


def invented_condition(random: Random, bounds: tuple[str, ...]) -> str:
    """Invent a condition of any form."""
    low, high = sorted(random.choices(bounds, k=2), key=Decimal)
    return random.choice(FORMS if low == high else (*FORMS, *RANGES)).format(low=low, high=high)


def invented_rule(
    random: Random, rule_id: str, rule_set: str, market: str, most: int
) -> dict[str, str]:
    """Invent a rule with a few conditions, for always or for a while."""
    rule = dict.fromkeys(read_seed("tier_rules")[0], "")
    rule |= {"rule_id": rule_id, "rule_set": rule_set, "market": market, "note": "invented"}
    rule |= {"tier_code": random.choice(list(TIERS)), "valid_from": "1970-01-01"}
    for measure in random.sample(list(BOUNDS), random.randint(2, most)):
        rule[measure] = invented_condition(random, BOUNDS[measure])
    if random.random() < 0.3:
        rule["valid_from"], rule["valid_to"] = sorted(random.sample(DAYS, 2))
    return rule


def invented_table(random: Random) -> list[dict[str, str]]:
    """Invent rule sets with a table for all markets and one for a market that has it later.

    The one that comes later has as many rules as there is room for, at any time; without an order
    only the last is met.
    """
    rules = []
    for rule_set, market in (("live", "*"), ("live", "US"), ("live", "DE"), ("other", "*")):
        name = f"{rule_set}_{market}"
        count, most = (MOST_RULES - 1, 5) if market == "US" else (8, 3)
        them = [
            invented_rule(random, f"{name}_{it}", rule_set, market, most) for it in range(count)
        ]
        rest = dict.fromkeys(them[0], "") | {"rule_id": f"{name}_rest", "tier_code": "low"}
        rest |= {"rule_set": rule_set, "market": market, "valid_from": "1970-01-01", "note": "rest"}
        for priority, rule in enumerate([*them, rest]):
            rule["priority"] = str(priority)
            if market == "US":
                rule |= {"valid_from": "2025-06-30", "valid_to": ""}
                if rule is not rest:
                    rule["lifetime_orders"] = random.choice((">=1", ">0"))
            if market == "DE":
                rule["valid_to"] = min(rule["valid_to"] or "9999", "2026-06-15")
        rules += [*them, rest]
    # a rule whose period is empty now would be a defect; it never applies, so leave it out
    kept = [it for it in rules if not it["valid_to"] or it["valid_from"] < it["valid_to"]]
    return random.sample(kept, len(kept))  # the order of the file means nothing


def turned(rule: Rule) -> Rule:
    """Return a rule whose open bounds are closed, and whose closed ones are open."""

    def turn(text: str) -> str:
        if text[:1] in "<>" and text:
            return text.replace("=", "") if "=" in text else f"{text[0]}={text[1:]}"
        return text.translate(OPENED)

    return {**rule, **{name: turn(rule[name]) for name in BOUNDS}}


def add_customers_at_bounds(project: Project) -> None:
    """Add customers of each market whose revenue is just below, at and just above a bound."""
    for table in ("customers", "orders"):
        path = project.root / "demo" / f"{table}.csv"
        with path.open(newline="", encoding="utf-8") as file:
            header, *_ = csv.reader(file)
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, header, restval="", lineterminator="\n")
            for country in ("CN", "US", "DE"):
                for text in (*BOUNDS["net_revenue_12m"], *BOUNDS["lifetime_net_revenue"]):
                    for cents in (-1, 0, 1):
                        name = f"at_{country}_{text}_{cents}".replace(".", "_")
                        row = {"customer_id": name, "country": country, "customer_type": "person"}
                        row |= {"registered_at": "2025-09-01 08:00:00"}
                        row |= {"order_id": name, "ordered_at": "2025-11-01 08:00:00"}
                        row |= {"status": "completed", "currency": "CNY"}
                        row |= {"amount": str(Decimal(text) + Decimal(cents) / 100)}
                        writer.writerow({it: row[it] for it in header if it in row})


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    copy = copy_project(tmp_path_factory.mktemp("tables"), {"max_rule_bounds": 9})
    demo = ["demo", "--customers", "300", "--out", str(copy.root / "demo")]
    assert CliRunner().invoke(app, demo).exit_code == 0
    add_customers_at_bounds(copy)
    write_csv(copy.seed("tier_overrides"), list(read_seed("tier_overrides")[0]), [])
    return copy


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
def test_every_customer_gets_the_first_match_and_the_nearest_tier(
    project: Project, seed: int
) -> None:
    table = invented_table(Random(seed))
    write_csv(project.seed("tier_rules"), list(table[0]), (list(it.values()) for it in table))
    project.database.unlink(missing_ok=True)
    project.make("+customer_tiers")
    live = [rule for rule in table if rule["rule_set"] == "live"]
    measures = measures_of(live)
    bounds = {
        (name, bound)
        for rule in live
        for name in measures
        for bound in condition(rule[name])[::2]
        if bound is not None
    }
    assert {(name, Decimal(text)) for name, texts in BOUNDS.items() for text in texts} <= bounds

    @cache
    def in_force(market: str, day: Any) -> list[Rule]:
        return rows_of_market(live, market, day)

    winners: Counter[str] = Counter()
    decided: Counter[str] = Counter()
    today: dict[str, dict[str, Any]] = {}
    for row in project.records(
        "select * from marts.customer_tier_history order by evaluation_date"
    ):
        rules = in_force(row["market"], row["evaluation_date"])
        values = {name: row[name] for name in measures}
        rule = first_match(rules, values)
        found = (row["rule_id"], row["computed_tier_code"])
        assert found == (rule["rule_id"], rule["tier_code"]), row
        winners[rule["rule_id"]] += 1
        if there := [name for name, value in values.items() if (name, value) in bounds]:
            its = first_match([turned(rule) for rule in rules], values)
            decided.update(there if its["rule_id"] != rule["rule_id"] else ())
        if row["is_current"]:
            today[row["customer_id"]] = row
    assert len(winners) > 12
    assert len(in_force("US", row["evaluation_date"])) == MOST_RULES
    assert winners["live_US_rest"] > 0
    # some win because a bound of the rule is open, or because it is closed
    assert all(decided[name] > 4 for name in set(BOUNDS) - {"composite_score"}), decided

    outcomes: Counter[Row] = Counter()
    for customer_id, *told in project.query(
        "select customer_id, next_tier_code, orders_to_next_tier, revenue_to_next_tier"
        " from marts.customer_tiers"
    ):
        row = today[customer_id]
        rules = in_force(row["market"], row["evaluation_date"])
        values = {name: row[name] for name in measures}
        expected = next_tier_columns(rules, TIERS, values, row["tier_rank"])
        assert tuple(told) == expected, (row, rules)
        outcomes[expected[0] is None, expected[1] is None] += 1
    assert len(outcomes) > 1
