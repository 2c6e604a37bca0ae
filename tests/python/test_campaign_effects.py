"""Effects of campaigns: the SQL of the project against statsmodels, its counts against pandas."""

from collections import Counter
from collections.abc import Iterable
from itertools import product
from statistics import NormalDist

import duckdb
import pandas as pd
import pytest
from conftest import Project, read_seed
from statsmodels.stats.proportion import confint_proportions_2indep

MODELS = ("int_campaign_groups", "int_campaign_comparisons")
TOLERANCE = 1e-9
Counts = tuple[int, int, int, int]
Interval = tuple[float, float, float]

EDGES = [
    (converted, contacted, held_converted, held)
    for contacted, held in product((1, 2, 30, 1000), (1, 3, 30, 40_000))
    for converted, held_converted in product(
        {0, 1, contacted // 3, contacted - 1, contacted}, {0, 1, held // 2, held - 1, held}
    )
]


def compare(project: Project, counts: Iterable[Counts]) -> dict[str, Interval]:
    """Run the models of the project on responses of its own making.

    Each of `counts` (converted, contacted, converted, held back) is a campaign, named by its
    place; the result is the difference of the rates and the ends of its interval.
    """
    name = project.database.stem
    with duckdb.connect() as connection:
        connection.execute(f"attach ':memory:' as {name}")
        connection.execute(f"create schema {name}.intermediate")
        connection.execute(f"use {name}.intermediate")
        connection.execute(f"attach '{project.database}' as built (read_only)")
        connection.execute(f"create schema {name}.seeds")
        connection.execute(
            f"create table {name}.seeds.effect_policies as from built.seeds.effect_policies"
        )
        connection.execute(
            "create table counts (campaign_id text, is_control boolean, converted int, persons int)"
        )
        rows = [
            row
            for place, (converted, contacted, held_converted, held) in enumerate(counts)
            for row in (
                (str(place), False, converted, contacted),
                (str(place), True, held_converted, held),
            )
        ]
        connection.executemany("insert into counts values (?, ?, ?, ?)", rows)
        connection.execute(
            "create table int_campaign_responses as"
            " select campaign_id, 'low' as tier_code, 1 as contacts, 0 as conversion_revenue,"
            " is_control, true as is_elapsed, place < converted as is_converted"
            " from counts, lateral (select unnest(range(persons)) as place)"
        )
        for model in MODELS:
            connection.execute(f"create table {model} as {project.compiled(model)}")
        found = connection.execute(
            "select campaign_id, difference, difference_lower, difference_upper"
            f" from {MODELS[-1]} where tier_code = 'low'"
        ).fetchall()
    return {campaign: interval for campaign, *interval in found}


def newcombe(counts: Counts, confidence: float) -> Interval:
    """Return the same by statsmodels."""
    converted, contacted, held_converted, held = counts
    lower, upper = confint_proportions_2indep(
        *counts, method="newcomb", compare="diff", alpha=1 - confidence
    )
    return converted / contacted - held_converted / held, lower, upper


def policy() -> dict[str, str]:
    """Return the row of the seed by which intervals are made."""
    (row,) = [
        it
        for it in read_seed("effect_policies")
        if it["method"] == "newcombe" and not it["valid_to"]
    ]
    return row


def test_z_score_is_that_of_the_confidence_level() -> None:
    row = policy()
    z_score = NormalDist().inv_cdf((1 + float(row["confidence_level"])) / 2)
    assert float(row["z_score"]) == pytest.approx(z_score, abs=1e-15)


def test_interval_is_that_of_the_paper(demo_build: Project) -> None:
    """Newcombe (1998), Interval estimation for the difference, table II, method 10."""
    published = {
        (56, 70, 48, 80): (0.0524, 0.3339),
        (9, 10, 3, 10): (0.1705, 0.8090),
        (5, 56, 0, 29): (-0.0381, 0.1926),
        (10, 10, 0, 10): (0.6075, 1.0),
    }
    found = compare(demo_build, published)
    for place, expected in enumerate(published.values()):
        assert found[str(place)][1:] == pytest.approx(expected, abs=5e-5)


def test_intervals_are_those_of_statsmodels(demo_build: Project) -> None:
    confidence = float(policy()["confidence_level"])
    found = compare(demo_build, EDGES)
    assert len(found) == len(EDGES) > 200
    for place, counts in enumerate(EDGES):
        expected = newcombe(counts, confidence)
        assert found[str(place)] == pytest.approx(expected, abs=TOLERANCE), counts


def test_rows_of_the_demo_are_those_of_statsmodels(demo_build: Project) -> None:
    checked = 0
    for row in demo_build.records("select * from marts.campaign_effects"):
        told = [row[name] for name in ("difference", "difference_lower", "difference_upper")]
        counts = [
            row[name]
            for name in ("contacted_converted", "contacted", "control_converted", "control")
        ]
        if row["contacted"] == 0 or row["control"] == 0:
            assert told == [None] * 3
            assert not row["is_significant"]
            continue
        checked += 1
        expected = newcombe((counts[0], counts[1], counts[2], counts[3]), row["confidence_level"])
        assert told == pytest.approx(expected, abs=TOLERANCE)
        smallest = min(row["contacted"], row["control"])
        assert row["is_sufficient"] == (smallest >= int(policy()["min_group_size"]))
        outside = not expected[1] <= 0 <= expected[2]
        assert row["is_significant"] == (row["is_sufficient"] and outside)
    assert checked >= 10


def test_outcomes_are_told_apart(demo_build: Project) -> None:
    """A result that cannot be compared is not called one."""
    rows = demo_build.records("select * from marts.campaign_effects")
    assert {row["method"] for row in rows} == {"newcombe", "descriptive"}
    assert {row["is_complete"] for row in rows} == {True, False}
    for row in rows:
        assert row["summary"].startswith(f"{row['campaign_name']}, {row['label_en']}: ")
        assert ("Still open" in row["summary"]) == (not row["is_complete"])
        assert ("control group." in row["summary"]) <= (row["control"] > 0)


def test_counts_are_those_of_pandas(demo_build: Project) -> None:
    """First contact, tier, window and group once more, by the day of the last evaluation."""
    contacts = demo_build.frame(
        "select * from intermediate.int_campaign_contacts_checked"
        " inner join seeds.campaigns using (campaign_id) where fate = 'used'"
    )
    orders = demo_build.frame(
        "select customer_id, ordered_at, order_date from intermediate.int_orders_checked"
        " where fate = 'used'"
    )
    history = demo_build.frame(
        "select customer_id, tier_code, evaluation_date, is_current"
        " from marts.customer_tier_history"
    )
    first = contacts.sort_values(["contacted_at", "contact_id"]).drop_duplicates(
        ["campaign_id", "customer_id"]
    )
    first["last_date"] = first["contact_date"] + pd.to_timedelta(first["conversion_days"], unit="D")
    before = pd.merge_asof(
        first.sort_values("contact_date"),
        history.sort_values("evaluation_date"),
        left_on="contact_date",
        right_on="evaluation_date",
        by="customer_id",
        allow_exact_matches=False,
    ).fillna({"tier_code": "none"})
    first_day = history["evaluation_date"].min()
    before.loc[before["contact_date"] <= first_day, "tier_code"] = "unknown"
    last_day = history.loc[history["is_current"], "evaluation_date"].max()
    elapsed = before[before["last_date"] <= last_day]
    assert len(elapsed) < len(before)
    sales = elapsed.merge(orders, on="customer_id")
    is_result = (sales["ordered_at"] >= sales["contacted_at"]) & (
        sales["order_date"] <= sales["last_date"]
    )
    bought = set(sales.loc[is_result, ["campaign_id", "customer_id"]].itertuples(index=False))
    expected: Counter[tuple[str, str, str]] = Counter()
    for row in elapsed.itertuples():
        group = "control" if row.is_control else "contacted"
        has_bought = (row.campaign_id, row.customer_id) in bought
        for tier in (row.tier_code, "all"):
            expected[row.campaign_id, tier, group] += 1
            expected[row.campaign_id, tier, f"{group}_converted"] += has_bought
    told = {
        (row["campaign_id"], row["tier_code"], group): row[group]
        for row in demo_build.records("select * from marts.campaign_effects")
        for group in ("contacted", "contacted_converted", "control", "control_converted")
        if row[group]
    }
    assert told == dict(+expected)
    assert {tier for _, tier, _ in told} >= {"unknown", "none", "all"}
    assert sum(told.values()) > 2000
