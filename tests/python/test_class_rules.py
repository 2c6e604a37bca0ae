"""The live rules of status, stage, risk, trigger and action, against first match in plain Python.

The models are those of the project, as they were compiled; only the evaluations that they read are
invented: every combination of just below, at and above each bound, of each code, and null.
"""

import math
import re
from collections import Counter, defaultdict
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
    "int_evaluations_behaved": ("behaviour_rules", "behaviour_status", "status_code"),
    "int_evaluations_staged": ("lifecycle_rules", "lifecycle_stage", "stage_code"),
    "int_evaluations_at_risk": ("churn_risk_rules", "matched_risk", "risk_code"),
    "int_customers_triggered": ("trigger_rules", "trigger_code", "trigger_code"),
    "int_next_actions": ("action_rules", "action_code", "action_code"),
}
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


def compiled(build: Project, model: str) -> tuple[str, str]:
    """Return the SQL of a model as it was compiled, and the relation of its evaluations in it."""
    found = (build.work / "target" / "compiled").glob(f"strata/models/**/{model}.sql")
    (path,) = (it for it in found if ".yml" not in str(it))  # unit tests are compiled too
    sql = path.read_text(encoding="utf-8")
    (relation,) = re.findall(r"evaluations as \(\s*select \* from (\S+)", sql)
    return sql, relation


def answers(
    build: Project, model: str, rows: list[dict[str, Any]], columns: dict[str, str]
) -> list[dict[str, Any]]:
    """Run a compiled model on invented evaluations; they come back in their order."""
    sql, relation = compiled(build, model)
    names = {"probe": "integer", "evaluation_date": "date", "market": "text"} | columns
    with duckdb.connect(str(build.database), read_only=True) as connection:
        declared = ", ".join(f"{name} {data_type}" for name, data_type in names.items())
        connection.execute(f"create temp table probes ({declared})")
        places = ", ".join("?" for _ in names)
        values = [[it, *(row[name] for name in list(names)[1:])] for it, row in enumerate(rows)]
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


@pytest.mark.parametrize("model", TABLES)
def test_every_combination_gets_the_first_match(
    demo_build: Project, days: dict[str, date], model: str
) -> None:
    seed, column, code = TABLES[model]
    table = read_seed(seed)
    rules = rows_of_market(table, "CN", days["last"])
    conditions = [*measures_of(table), *CODES.get(seed, ())]
    rows = probes_of(seed)
    for it, row in enumerate(rows):
        row |= {"market": "CN", "evaluation_date": days["last"]}
        if model == "int_evaluations_at_risk":  # which also asks whether there is anything to lose
            row |= {"behaviour_status": "active", "lifetime_orders": 1 + it % 2}
    types = dict.fromkeys(measures_of(table), "decimal(18, 4)")
    types |= dict.fromkeys(CODES.get(seed, ()), "text")
    if model == "int_evaluations_at_risk":
        types |= {"behaviour_status": "text", "lifetime_orders": "integer"}
    won: Counter[str] = Counter()
    for row, told in zip(rows, answers(demo_build, model, rows, types), strict=True):
        rule = first_match(rules, {name: row[name] for name in conditions})
        assert told[column] == rule[code], (row, rule)
        won[rule["rule_id"]] += 1
    assert set(won) == {rule["rule_id"] for rule in rules}


def test_only_who_buys_and_is_not_lost_has_a_risk(
    demo_build: Project, days: dict[str, date]
) -> None:
    statuses = read_seed("behaviour_statuses")
    assert {status["can_churn"] for status in statuses} == {"true", "false"}
    rules = rows_of_market(read_seed("churn_risk_rules"), "CN", days["last"])
    common = {"market": "CN", "evaluation_date": days["last"]}
    rows = [
        {"behaviour_status": status["status_code"], "lifetime_orders": orders}
        | common
        | {"p_alive": Decimal("0.5") if orders else None, "overdue_ratio": ratio}
        for status in statuses
        for orders in (0, 1, 2)
        for ratio in (None, Decimal("2.9999"), Decimal(3))
    ]
    types = {"behaviour_status": "text", "lifetime_orders": "integer"}
    types |= {"p_alive": "double", "overdue_ratio": "double"}
    can_churn = {status["status_code"]: status["can_churn"] == "true" for status in statuses}
    for row, told in zip(
        rows, answers(demo_build, "int_evaluations_at_risk", rows, types), strict=True
    ):
        rule = first_match(rules, {name: row[name] for name in ("p_alive", "overdue_ratio")})
        at_risk = can_churn[row["behaviour_status"]] and row["lifetime_orders"] > 0
        expected = (rule["risk_code"], rule["rule_id"]) if at_risk else (None, None)
        assert (told["churn_risk"], told["churn_risk_rule_id"]) == expected, row


@pytest.mark.parametrize("model", TABLES)
def test_a_market_and_day_without_rules_of_its_own_uses_those_of_all(
    demo_build: Project, days: dict[str, date], model: str
) -> None:
    """The first date, and a market that the table may not name, are classified too."""
    seed, column, code = TABLES[model]
    table = read_seed(seed)
    measures, codes = measures_of(table), list(CODES.get(seed, ()))
    nothing: dict[str, Any] = dict.fromkeys([*measures, *codes])
    rows = [
        {"behaviour_status": "active"} | nothing | {"market": market, "evaluation_date": day}
        for market in ("CN", "US", "*")
        for day in days.values()
    ]
    types = {"behaviour_status": "text"} | dict.fromkeys(measures, "double")
    types |= dict.fromkeys(codes, "text")
    if "lifetime_orders" not in types:
        types["lifetime_orders"] = "integer"
        rows = [row | {"lifetime_orders": 1} for row in rows]
    for row, told in zip(rows, answers(demo_build, model, rows, types), strict=True):
        assert any(is_in_force(rule, row["evaluation_date"]) for rule in table)
        rules = rows_of_market(table, row["market"], row["evaluation_date"])
        assert told[column] == first_match(rules, nothing)[code], row


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
    markets = demo_build.value("select count(*) from intermediate.int_markets")
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
