"""The live rules of status, stage, risk, trigger and action, against first match in plain Python.

The models are those of the project, as they were compiled; only the evaluations that they read are
invented: every combination of just below, at and above each bound, of each code, and null.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import reduce
from itertools import chain, product
from operator import and_
from random import Random
from typing import Any

import duckdb
import pytest
from conftest import Project, read_seed
from reference import (
    CODES,
    Rule,
    condition,
    first_match,
    is_in_force,
    measures_of,
    rows_of_market,
)

PROBES = 6_000  # of the combinations, at most
WHOLE = Decimal(1)
TABLES = {
    "behaviour_rules": ("int_customer_classes", "behaviour_status", "status_code"),
    "lifecycle_rules": ("int_customer_classes", "lifecycle_stage", "stage_code"),
    "churn_risk_rules": ("int_customer_classes", "matched_risk", "risk_code"),
    "trigger_rules": ("int_next_actions", "trigger_code", "trigger_code"),
    "action_rules": ("int_next_actions", "action_code", "action_code"),
}
# what the models read besides the measures of their tables, without what they work out themselves
READ = {"int_customer_classes": ["lifetime_orders", "days_since_last_order", "rfm_orders"]}
READ["int_customer_classes"] += ["rfm_revenue"]
WORKED_OUT = {"trigger_code"}
# the smallest step of each measure that is no whole number
STEPS = {"overdue_ratio": Decimal("0.0001"), "revenue_trend": Decimal("0.0001")}
STEPS |= {"p_alive": Decimal("0.0001"), "potential_12m": Decimal("0.01")}


def around_bounds(rules: list[Rule], measure: str) -> list[Decimal | None]:
    """Return null, and the values just below, at and just above each bound of a measure."""
    step = STEPS.get(measure, WHOLE)
    found = [condition(rule[measure]) for rule in rules]
    bounds = {bound for it in found for bound in (it.low, it.high) if bound is not None}
    near = {bound + it * step for bound in bounds for it in (-1, 0, 1)}
    return [None, *sorted(near)]


def probes_of(seed: str) -> list[dict[str, Any]]:
    """Combine the values of all conditions, or draw from the combinations where they are many."""
    rules = read_seed(seed)
    values: dict[str, list[Any]] = {it: around_bounds(rules, it) for it in measures_of(rules)}
    for code, (catalogue, column) in CODES.get(seed, {}).items():
        values[code] = [None, *(row[column] for row in read_seed(catalogue))]
    random = Random(1)
    if math.prod(len(them) for them in values.values()) <= PROBES:
        return [dict(zip(values, them, strict=True)) for them in product(*values.values())]
    return [{it: random.choice(them) for it, them in values.items()} for _ in range(PROBES)]


def winners(seed: str, given: Mapping[str, Any], day: date) -> dict[str, dict[str, Any]]:
    """Return by outcome measures that give it, if some are given; not all outcomes can be had."""
    rules = rows_of_market(read_seed(seed), "CN", day)
    found: dict[str, dict[str, Any]] = {}
    for probe in probes_of(seed):
        row = probe | dict(given)
        found.setdefault(first_match(rules, row)[TABLES[seed][2]], row)
    return found


def compiled(build: Project, model: str) -> tuple[str, str]:
    """Return the SQL of a model as it was compiled, and the relation of its rows in it."""
    sql = build.compiled(model)
    (relation,) = re.findall(r"(?:evaluations|happenings) as \(\s*select \* from (\S+)", sql)
    return sql, relation


def read_by(model: str) -> dict[str, str]:
    """Return the columns that a model reads, with their types."""
    names = {"evaluation_date": "date", "market": "text"}
    names |= dict.fromkeys(READ.get(model, ()), "decimal(18, 4)")
    for seed, (its, *_) in TABLES.items():
        if its == model:
            names |= dict.fromkeys(measures_of(read_seed(seed)), "decimal(18, 4)")
            names |= dict.fromkeys(CODES.get(seed, {}).keys() - WORKED_OUT, "text")
    return names


def answers(build: Project, model: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Run a compiled model on invented rows, blank where they say nothing; they come in order."""
    sql, relation = compiled(build, model)
    names = {"probe": "integer"} | read_by(model)
    with duckdb.connect(str(build.database), read_only=True) as connection:
        declared = ", ".join(f"{name} {data_type}" for name, data_type in names.items())
        connection.execute(f"create temp table probes ({declared})")
        places = ", ".join("?" for _ in names)
        values = [[it, *(row.get(name) for name in list(names)[1:])] for it, row in enumerate(rows)]
        connection.executemany(f"insert into probes values ({places})", values)
        found = connection.execute(
            f"select * from ({sql.replace(relation, 'probes')}) order by probe"
        )
        told = [
            dict(zip((name for name, *_ in found.description), row, strict=True))
            for row in found.fetchall()
        ]
    assert [row["probe"] for row in told] == list(range(len(rows)))
    return told


@pytest.fixture(scope="module")
def days(demo_build: Project) -> dict[str, date]:
    """Find the first and the last evaluation date."""
    ((first, last),) = demo_build.query(
        "select min(evaluation_date), max(evaluation_date) from intermediate.int_evaluation_dates"
    )
    assert last - first > timedelta(days=365)
    return {"first": first, "last": last}


@pytest.mark.parametrize("seed", TABLES)
def test_every_combination_gets_the_first_match(
    demo_build: Project, days: dict[str, date], seed: str
) -> None:
    model, column, code = TABLES[seed]
    table, last = read_seed(seed), days["last"]
    rules = rows_of_market(table, "CN", last)
    conditions = [*measures_of(table), *CODES.get(seed, ())]
    rows = probes_of(seed)
    if seed == "action_rules":  # the trigger is worked out beside the action
        triggers = winners("trigger_rules", {}, last)
        rows = [row | triggers[row["trigger_code"]] for row in rows if row["trigger_code"]]
    rows = [row | {"market": "CN", "evaluation_date": last} for row in rows]
    won: Counter[str] = Counter()
    for row, told in zip(rows, answers(demo_build, model, rows), strict=True):
        rule = first_match(rules, {name: row[name] for name in conditions})
        assert told[column] == rule[code], (row, rule)
        won[rule["rule_id"]] += 1
    assert set(won) == {rule["rule_id"] for rule in rules}


def test_only_who_buys_and_is_not_lost_has_a_risk(
    demo_build: Project, days: dict[str, date]
) -> None:
    can_churn = {
        it["status_code"]: it["can_churn"] == "true" for it in read_seed("behaviour_statuses")
    }
    assert set(can_churn.values()) == {True, False}
    rules = rows_of_market(read_seed("churn_risk_rules"), "CN", days["last"])
    common = {"market": "CN", "evaluation_date": days["last"]}
    rows = [
        measures | common | {"status": status, "p_alive": Decimal("0.5") if orders else None}
        for orders in (0, 1, 2)
        for ratio in (None, Decimal("2.9999"), Decimal(3))
        for status, measures in winners(
            "behaviour_rules", {"lifetime_orders": orders, "overdue_ratio": ratio}, days["last"]
        ).items()
    ]
    assert {row["status"] for row in rows} == set(can_churn)
    outcomes = Counter()
    for row, told in zip(rows, answers(demo_build, "int_customer_classes", rows), strict=True):
        assert told["behaviour_status"] == row["status"]
        rule = first_match(rules, {name: row[name] for name in ("p_alive", "overdue_ratio")})
        at_risk = can_churn[row["status"]] and row["lifetime_orders"] > 0
        expected = (rule["risk_code"], rule["rule_id"]) if at_risk else (None, None)
        assert (told["churn_risk"], told["churn_risk_rule_id"]) == expected, row
        outcomes[at_risk, can_churn[row["status"]]] += 1
    assert len(outcomes) == 3


@pytest.mark.parametrize("seed", TABLES)
def test_a_market_and_day_without_rules_of_its_own_uses_those_of_all(
    demo_build: Project, days: dict[str, date], seed: str
) -> None:
    """The first date, and a market that the table may not name, are classified too."""
    model, column, code = TABLES[seed]
    table = read_seed(seed)
    nothing: dict[str, Any] = dict.fromkeys([*measures_of(table), *CODES.get(seed, ())])
    rows = [
        {"market": market, "evaluation_date": day}
        for market in ("CN", "US", "*")
        for day in days.values()
    ]
    for row, told in zip(rows, answers(demo_build, model, rows), strict=True):
        assert any(is_in_force(rule, row["evaluation_date"]) for rule in table)
        rules = rows_of_market(table, row["market"], row["evaluation_date"])
        given = nothing | ({"trigger_code": told["trigger_code"]} if seed == "action_rules" else {})
        assert told[column] == first_match(rules, given)[code], row


def test_who_is_lost_is_won_back(demo_build: Project) -> None:
    """In each market, whatever else is true of them; the valuable ones in person."""
    sql = "select {} from intermediate.int_marketing_{} where decision_table = 'action_rules'"
    masks = defaultdict(lambda: defaultdict(dict[str | None, list[int]]))
    for scope, measure, code, mask in demo_build.query(
        sql.format("scope_id, measure, code, mask", "rule_ranges")
    ):
        masks[scope][measure].setdefault(code, []).append(mask)
    outcomes: dict[tuple[int, int], str] = {
        (scope, bit): outcome
        for scope, bit, outcome in demo_build.query(
            sql.format("scope_id, rule_bit, outcome", "rules_in_force")
        )
    }
    markets = 1 + len({row["market"] for row in read_seed("markets")})
    assert len(masks) >= markets > 2
    for scope, its in masks.items():
        (lost,) = its.pop("behaviour_status")["lost"]
        won = {}
        for tier, (of_tier,) in its.pop("tier_code").items():
            others = (set(chain(*them.values())) for them in its.values())
            met = {reduce(and_, them, lost & of_tier) for them in product(*others)}
            won[tier] = {outcomes[scope, it & -it] for it in met}
        assert set(chain(*won.values())) == {"retention_call", "win_back_offer"}
        assert won["vip"] == won["high"] == {"retention_call"}
