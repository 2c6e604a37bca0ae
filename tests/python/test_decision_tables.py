"""Invented decision tables through the macros, against first match and plain enumeration.

The tables of the seeds are simple; these have conditions on every measure, markets of their own
for a while, rules that come and go, and rule sets beside the one in force.
"""

from collections import Counter
from functools import cache
from random import Random
from typing import Any

import pytest
from conftest import Project, Row, copy_project, read_seed
from raw_data import write_csv
from reference import Rule, first_match, measures_of, next_tier_columns, rows_of_market
from typer.testing import CliRunner

from strata.cli import app

BOUNDS = {  # few, for the cells are their product
    "lifetime_orders": ("1", "3"),
    "lifetime_net_revenue": ("-0.5", "2500.25"),
    "orders_12m": ("1", "4", "12"),
    "net_revenue_12m": ("0.01", "5000", "50000"),
    "active_months_12m": ("2", "6"),
    "composite_score": ("40",),
}
DAYS = ("2024-09-30", "2025-01-01", "2025-06-30", "2025-12-15", "2026-06-15", "2026-07-01")
TIERS = {tier["tier_code"]: int(tier["tier_rank"]) for tier in read_seed("tiers")}


def invented_rule(random: Random, rule_id: str, rule_set: str, market: str) -> dict[str, str]:
    """Invent a rule with a few conditions, for always or for a while."""
    rule = dict.fromkeys(read_seed("tier_rules")[0], "")
    rule |= {"rule_id": rule_id, "rule_set": rule_set, "market": market, "note": "invented"}
    rule |= {"tier_code": random.choice(list(TIERS)), "valid_from": "1970-01-01"}
    for measure in random.sample(list(BOUNDS), random.randint(2, 3)):
        bounds = BOUNDS[measure]
        low, high = sorted(random.choices(range(len(bounds)), k=2))
        side = random.choice(("min", "max", "both"))
        rule[f"min_{measure}"] = bounds[low] if side != "max" else ""
        rule[f"max_{measure}"] = bounds[high] if side != "min" and low < high else ""
    if random.random() < 0.3:
        rule["valid_from"], rule["valid_to"] = sorted(random.sample(DAYS, 2))
    return rule


def invented_table(random: Random) -> list[dict[str, str]]:
    """Invent rule sets with a table for all markets and one for a market that has it later."""
    rules = []
    for rule_set, market in (("live", "*"), ("live", "US"), ("live", "DE"), ("other", "*")):
        name = f"{rule_set}_{market}"
        them = [invented_rule(random, f"{name}_{it}", rule_set, market) for it in range(8)]
        rest = dict.fromkeys(them[0], "") | {"rule_id": f"{name}_rest", "tier_code": "low"}
        rest |= {"rule_set": rule_set, "market": market, "valid_from": "1970-01-01", "note": "rest"}
        for priority, rule in enumerate([*them, rest]):
            rule["priority"] = str(priority)
            if market == "US":
                rule["valid_from"] = max(rule["valid_from"], "2025-06-30")
            if market == "DE":
                rule["valid_to"] = min(rule["valid_to"] or "9999", "2026-06-15")
        rules += [*them, rest]
    # a rule whose period is empty now would be a defect; it never applies, so leave it out
    kept = [it for it in rules if not it["valid_to"] or it["valid_from"] < it["valid_to"]]
    return random.sample(kept, len(kept))  # the order of the file means nothing


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    copy = copy_project(tmp_path_factory.mktemp("tables"))
    demo = ["demo", "--customers", "300", "--out", str(copy.root / "demo")]
    assert CliRunner().invoke(app, demo).exit_code == 0
    write_csv(copy.seed("tier_overrides"), list(read_seed("tier_overrides")[0]), [])
    return copy


@pytest.mark.parametrize("seed", [1, 2])
def test_every_customer_gets_the_first_match_and_the_nearest_tier(
    project: Project, seed: int
) -> None:
    table = invented_table(Random(seed))
    write_csv(project.seed("tier_rules"), list(table[0]), (list(it.values()) for it in table))
    project.database.unlink(missing_ok=True)
    project.make("+customer_tiers")
    live = [rule for rule in table if rule["rule_set"] == "live"]
    measures = measures_of(live)

    @cache
    def in_force(market: str, day: Any) -> list[Rule]:
        return rows_of_market(live, market, day)

    winners: Counter[str] = Counter()
    today: dict[str, dict[str, Any]] = {}
    for row in project.records("select * from marts.customer_tier_history"):
        rules = in_force(row["market"], row["evaluation_date"])
        rule = first_match(rules, {name: row[name] for name in measures})
        found = (row["rule_id"], row["computed_tier_code"])
        assert found == (rule["rule_id"], rule["tier_code"]), row
        winners[rule["rule_id"]] += 1
        if row["is_current"]:
            today[row["customer_id"]] = row
    assert len(winners) > 8

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
