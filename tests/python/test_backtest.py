"""The back-test and the what-if against pandas, scipy and plain Python, and what may leak."""

import csv
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest
from conftest import Project, copy_project, is_same, read_seed, together
from raw_data import MISSING, Order, RawData, invent, write_csv
from reference import first_match, live_rules, measures_of, tier_ranks
from scipy.stats import spearmanr

pytestmark = pytest.mark.slow

AS_OF = date(2025, 3, 17)
CANDIDATE = "wider_high"
HORIZON = timedelta(days=90)
FUTURE = {
    "summary",
    "buyers",
    "returning_buyers",
    "orders",
    "purchase_days",
    "net_revenue",
    "revenue_share",
    "revenue_capture",
    "lift",
    "repurchase_rate",
    "rank_correlation",
    "expected_error",
    "baseline_error",
    "naive_error",
}
"""Columns of tier_backtest that only the days after the evaluation date decide."""


@pytest.fixture(scope="module")
def future(demo_build: Project) -> dict[tuple[str, date], tuple[int, float]]:
    """Return orders and net revenue of the next 90 days, one order and refund at a time."""
    dates = [
        day
        for (day,) in demo_build.query("select distinct evaluation_date from marts.tier_backtest")
    ]
    refunds = defaultdict(list)
    for order_id, day, amount in demo_build.query(
        "select order_id, refund_date, reporting_amount from intermediate.int_refunds_checked"
        " where fate = 'used'"
    ):
        refunds[order_id].append((day, amount))
    brought: dict[tuple[str, date], tuple[int, Decimal]] = {}
    for order_id, customer_id, day, amount in demo_build.query(
        "select order_id, customer_id, order_date, reporting_amount"
        " from intermediate.int_orders_checked where fate = 'used'"
    ):
        for begin in dates:
            if begin < day <= begin + HORIZON:
                kept = amount - sum(it for at, it in refunds[order_id] if at <= begin + HORIZON)
                orders, revenue = brought.get((customer_id, begin), (0, Decimal(0)))
                brought[customer_id, begin] = orders + 1, revenue + kept
    return {key: (orders, float(revenue)) for key, (orders, revenue) in brought.items()}


@pytest.fixture(scope="module")
def evaluated(
    history: list[dict[str, Any]], future: dict[tuple[str, date], tuple[int, float]]
) -> pd.DataFrame:
    """Return the history of the back-tested dates beside what came after."""
    rows = pd.DataFrame(history)
    dates = {day for _, day in future}
    rows = rows[rows.evaluation_date.isin(dates)].copy()
    keys = zip(rows.customer_id, rows.evaluation_date, strict=True)
    rows[["came", "brought"]] = [future.get(key, (0, 0.0)) for key in keys]
    rows["expected"] = (rows.expected_orders_90d * rows.expected_order_value).fillna(0)
    rows["naive"] = rows.net_revenue_12m.astype(float) * 90 / 365
    return rows


def test_backtest_is_that_of_a_plain_computation(
    demo_build: Project, evaluated: pd.DataFrame
) -> None:
    found = demo_build.frame("select * from marts.tier_backtest where tier_code <> 'all'")
    found["evaluation_date"] = found.evaluation_date.dt.date
    last = date(2026, 6, 15)
    assert max(found.evaluation_date) == date(2026, 2, 28)  # 2026-03-31 has 76 known days
    assert all(day + HORIZON <= last for day in found.evaluation_date)
    compared = 0
    for day, customers in evaluated.groupby("evaluation_date"):
        correlation = spearmanr(customers.tier_rank, customers.brought).statistic
        ranks = []
        captured = 0.0
        for rank, tier in sorted(customers.groupby("tier_rank"), reverse=True):
            (row,) = found[(found.evaluation_date == day) & (found.tier_rank == rank)].to_dict(
                "records"
            )
            captured += tier.brought.sum()
            prior = tier[tier.lifetime_orders > 0]
            expected = {
                "customers": len(tier),
                "buyers": (tier.came > 0).sum(),
                "orders": tier.came.sum(),
                "net_revenue": tier.brought.sum(),
                "customer_share": len(tier) / len(customers),
                "revenue_share": tier.brought.sum() / customers.brought.sum(),
                "revenue_capture": captured / customers.brought.sum(),
                "lift": tier.brought.mean() / customers.brought.mean(),
                "rank_correlation": correlation,
                "expected_revenue": tier.expected.sum(),
                "expected_error": (tier.expected - tier.brought).abs().mean(),
                "naive_revenue": tier.naive.sum(),
                "naive_error": (tier.naive - tier.brought).abs().mean(),
            }
            if len(prior):
                expected["repurchase_rate"] = (prior.came > 0).mean()
                expected["mean_p_alive"] = prior.p_alive.mean()
            for name, value in expected.items():
                assert row[name] == pytest.approx(value, rel=1e-9, abs=0.0051), (day, rank, name)
            ranks.append(rank)
            compared += 1
        assert ranks == sorted(ranks, reverse=True)
    assert compared == len(found) > 80


def test_all_customers_are_those_of_the_tiers(demo_build: Project, evaluated: pd.DataFrame) -> None:
    """Sums add up, and errors are means over all customers and not over tiers."""
    of_all = demo_build.records("select * from marts.tier_backtest where tier_code = 'all'")
    assert {row["evaluation_date"] for row in of_all} == set(evaluated.evaluation_date)
    for row in of_all:
        customers = evaluated[evaluated.evaluation_date == row["evaluation_date"]]
        assert row["customers"] == len(customers)
        assert float(row["net_revenue"]) == pytest.approx(customers.brought.sum(), abs=0.0051)
        for name in ("expected", "naive"):
            error = (customers[name] - customers.brought).abs().mean()
            assert row[f"{name}_error"] == pytest.approx(error, rel=1e-9)
        shares = ("customer_share", "customer_capture", "revenue_share", "revenue_capture", "lift")
        assert [row[name] for name in shares] == [1, 1, 1, 1, 1]


def test_forecasts_are_out_of_sample_from_the_day_of_their_fit(demo_build: Project) -> None:
    (fitted,) = {row["fitted_at"] for row in read_seed("clv_parameters")}
    sql = "select evaluation_date, bool_and(is_out_of_sample) from marts.tier_backtest group by all"
    days: dict[date, bool] = dict(demo_build.query(sql))
    assert {day: day >= date.fromisoformat(fitted) for day in days} == days
    assert set(days.values()) == {True, False}


def test_simulation_is_first_match_by_the_rules_of_the_candidate(
    demo_build: Project, history: list[dict[str, Any]]
) -> None:
    rules = [rule for rule in read_seed("tier_rules") if rule["rule_set"] == CANDIDATE]
    (backtest_date,) = {
        day
        for (day,) in demo_build.query(
            "select backtest_date from marts.tier_rule_simulation where backtest_date is not null"
        )
    }
    ways: dict[date, Counter[tuple[str, str]]] = defaultdict(Counter)
    revenue: Counter[tuple[str, str]] = Counter()
    last = date(2026, 6, 15)
    for row in history:
        if row["evaluation_date"] in (last, backtest_date):
            measures = {name: row[name] for name in measures_of(rules)}
            live = first_match(live_rules(row["market"], last), measures)["tier_code"]
            way = live, first_match(rules, measures)["tier_code"]
            ways[row["evaluation_date"]][way] += 1
            if row["is_current"]:
                assert live == row["computed_tier_code"]
                revenue[way] += row["net_revenue_12m"]
    found = demo_build.records("select * from marts.tier_rule_simulation")
    assert {row["rule_set"] for row in found} == {CANDIDATE}
    by_way = {(row["live_tier_code"], row["simulated_tier_code"]): row for row in found}
    assert set(by_way) == set(ways[last]) | set(ways[backtest_date])
    for way, row in by_way.items():
        assert row["customers"] == ways[last][way]
        assert row["backtest_customers"] == ways[backtest_date][way]
        assert row["net_revenue_12m"] == revenue[way]
    assert any(row["live_tier_code"] != row["simulated_tier_code"] for row in found)


def test_simulation_correlates_the_tiers_of_the_rule_sets(
    demo_build: Project, evaluated: pd.DataFrame
) -> None:
    rules = [rule for rule in read_seed("tier_rules") if rule["rule_set"] == CANDIDATE]
    customers = evaluated[evaluated.evaluation_date == date(2026, 2, 28)]
    ranks = tier_ranks()

    def correlation(rules_of: Any) -> float:
        places = [
            ranks[
                first_match(rules_of(row), {it: row[it] for it in measures_of(rules)})["tier_code"]
            ]
            for row in customers.to_dict("records")
        ]
        return float(spearmanr(places, customers.brought).statistic)

    ((candidate, live),) = demo_build.query(
        "select distinct rank_correlation, live_rank_correlation from marts.tier_rule_simulation"
    )
    assert candidate == pytest.approx(correlation(lambda _: rules), rel=1e-9)
    assert live == pytest.approx(
        correlation(lambda row: live_rules(row["market"], date(2026, 6, 15))), rel=1e-9
    )


def built(folder: Path, data: RawData, candidates: bool) -> Project:
    """Build the back-test and the what-if of some raw data, with or without candidates.

    The candidates begin after the last day, and one of their rules will be followed by another. One
    rule in force covers another that had won before it came.
    """
    project = copy_project(folder)
    seed = project.seed("tier_rules")
    with seed.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    rows = [row for row in rows if candidates or row[1] != CANDIDATE]
    for row in [row for row in rows if row[1] == CANDIDATE]:
        row[header.index("valid_from")] = "2030-01-01"
        if row[0] == "wider_low":
            later = dict(zip(header, row, strict=True))
            later |= {"rule_id": "wider_low_later", "valid_from": "2031-01-01", "tier_code": "vip"}
            rows.append([later[name] for name in header])
            row[header.index("valid_to")] = "2031-01-01"
    cover = {"rule_id": "live_medium_wide", "rule_set": "live", "market": "*", "priority": "45"}
    cover |= {"tier_code": "medium", "valid_from": "2024-09-15"}
    cover |= {"orders_12m": "[4..12)"}
    rows.append([cover.get(name, "") for name in header])
    write_csv(seed, header, rows)
    overrides = project.seed("tier_overrides")
    overrides.write_text(overrides.read_text("utf-8").splitlines(keepends=True)[0], "utf-8")
    project.variables = {
        "raw_path": str(data.write(folder / "raw")),
        "missing_sources": MISSING,
        "as_of_date": AS_OF,
        "history_months": 9,
    }
    project.make("+tier_backtest", "+tier_rule_simulation")
    return project


def test_future_is_only_in_the_columns_of_the_future(tmp_path: Path) -> None:
    """A sentinel, one huge sale of each customer on one day, is seen 90 days back and no more."""
    data = invent(20250317, date(2023, 2, 10), AS_OF)
    sentinel = date(2024, 11, 15)
    more = data.copy()
    random = Random(1)
    more.orders += [
        Order(
            f"s{it.customer_id}",
            it.customer_id,
            sentinel,
            amount=Decimal(random.randint(10**7, 10**8)),
        )
        for it in data.customers
        if it.registered and it.registered < date(2024, 6, 1)
    ]
    plain, marked = together(
        lambda: built(tmp_path / "plain", data, candidates=True),
        lambda: built(tmp_path / "marked", more, candidates=False),
    )
    sql = "select * from marts.tier_backtest order by evaluation_date, tier_rank"
    before, after = plain.records(sql), marked.records(sql)
    seen = set()
    for row, its in zip(
        [it for it in before if it["evaluation_date"] < sentinel],
        [it for it in after if it["evaluation_date"] < sentinel],
        strict=True,
    ):
        day = row["evaluation_date"]
        known = [name for name in row if name not in FUTURE]
        assert is_same([row[name] for name in known], [its[name] for name in known]), day
        if day < sentinel <= day + HORIZON:
            seen.add(day)
            assert its["net_revenue"] > row["net_revenue"], day
        else:
            assert is_same(its.values(), row.values()), day
    assert seen == {date(2024, 8, 31), date(2024, 9, 30), date(2024, 10, 31)}
    totals = (
        "select evaluation_date, sum(orders), sum(net_revenue) from marts.tier_backtest"
        " where evaluation_date >= date '2024-11-15' group by all order by all"
    )
    assert plain.query(totals) == marked.query(totals) != []
    assert plain.value("select count(*) from marts.tier_rule_simulation") > 3
    # the rule that follows later gives vip to whom this one gives low
    later = "select count(*) from marts.tier_rule_simulation where simulated_tier_code = 'low'"
    assert plain.value(later) > 0
    plain.dbt("test", "--select", "int_simulated_rules_in_force", "int_simulated_rule_ranges")
    assert marked.value("select count(*) from marts.tier_rule_simulation") == 0
