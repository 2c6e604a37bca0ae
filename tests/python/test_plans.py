"""How DuckDB means to run the models: nothing that grows with the square of the customers."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import Project

SMALL = ("/rules/", "/snapshots/scope/", "rules_in_force", "rule_ranges")
"""Where in a model's path it says that its rows are rules and dates, not customers."""

STARS = {"int_channel_candidates", "int_action_channels"}
"""Models that compare each customer with each row of a seed, since a star there is for all."""

EQUALITY = re.compile(r"\b[a-z_]+ = [a-z_]+\b")
"""That a column is that of the other side, as a plan tells it."""

Plan = dict[str, Any]


def operators(plan: Plan) -> Iterator[Plan]:
    """Yield the operators of a plan."""
    yield plan
    for child in plan["children"]:
        yield from operators(child)


def read_by(plan: Plan, ctes: dict[str, Plan], seen: tuple[str, ...] = ()) -> set[str]:
    """Return the tables and files below an operator, through the CTEs that it scans."""
    found: set[str] = set()
    for operator in operators(plan):
        told = operator["extra_info"]
        if operator["name"].strip() == "CTE_SCAN" and told["CTE Index"] not in seen:
            index = told["CTE Index"]
            found |= read_by(ctes[index], ctes, (*seen, index))
        elif "Table" in told:
            found.add(str(told["Table"]).rsplit(".", 1)[-1])
        elif operator["name"].strip().startswith("READ_"):
            found.add("a raw file")
    return found


def compared(plan: Plan, small: set[str]) -> list[str]:
    """Return conditions with an equality that are tried on each pair of rows all the same."""
    found = list(operators(plan))
    ctes = {
        it["extra_info"]["Table Index"]: it["children"][0]
        for it in found
        if it["name"].strip() == "CTE"
    }
    return [
        str(it["extra_info"]["Condition"])
        for it in found
        if it["name"].strip() == "BLOCKWISE_NL_JOIN"
        and EQUALITY.search(str(it["extra_info"].get("Condition")))
        and not all(read_by(child, ctes) <= small for child in it["children"])
    ]


def explained(connection: duckdb.DuckDBPyConnection, sql: str) -> Plan:
    """Return the plan of a query."""
    ((_, text),) = connection.execute(f"explain (format json) {sql}").fetchall()
    return {"name": "", "extra_info": {}, "children": json.loads(text)}


def test_no_model_compares_each_customer_with_each(demo_build: Project) -> None:
    """A left join with a condition on its left side alone does: an hour at a million."""
    manifest = json.loads((demo_build.work / "target/manifest.json").read_text(encoding="utf-8"))
    nodes = manifest["nodes"].values()
    small = {
        it.get("alias") or it["name"]
        for it in nodes
        if it["resource_type"] == "seed"
        or (it["resource_type"] == "model" and any(part in it["path"] for part in SMALL))
    }
    compiled = demo_build.work / "target/compiled/strata"
    slow, tried = {}, 0
    with duckdb.connect(str(demo_build.database), read_only=True) as connection:
        for node in nodes:
            path = compiled / node["original_file_path"]
            if node["resource_type"] in ("model", "test") and path.is_file():
                tried += 1
                plan = explained(connection, path.read_text(encoding="utf-8"))
                if found := compared(plan, small):
                    slow[node["name"]] = found
    assert tried > 100
    assert {name: found for name, found in slow.items() if name not in STARS} == {}


@pytest.mark.parametrize(
    ("condition", "is_slow"),
    [
        ("a.is_odd and a.key = b.key", True),
        ("(a.key = b.key and a.other = b.other) or (a.key = b.other and a.other = b.key)", True),
        ("case when a.is_odd then a.key end = b.key", False),
    ],
)
def test_such_a_join_is_seen(tmp_path: Path, condition: str, is_slow: bool) -> None:
    with duckdb.connect(str(tmp_path / "plans.duckdb")) as connection:
        for table in ("one", "two"):
            connection.execute(
                f"create table {table} as select range as key, range as other,"
                " range % 2 = 1 as is_odd from range(5000)"
            )
        sql = (
            f"with ones as (select * from one) select * from ones a left join two b on {condition}"
        )
        plan = explained(connection, sql)
        assert bool(compared(plan, set())) == is_slow
        assert compared(plan, {"one", "two"}) == []
