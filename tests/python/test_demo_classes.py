"""The demo's classes, scores, ranks and causes, recomputed in plain Python from the live seeds."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Any

import numpy as np
import pytest
from conftest import Project, Row, read_raw, read_seed
from reference import (
    classify,
    condition,
    first_match,
    held_ranks,
    is_in_force,
    live_rules,
    measures_of,
    persons,
    rules_in_force,
    scaled,
    sentence,
    tier_ranks,
)

History = list[dict[str, Any]]
AS_OF = date(2026, 6, 15)
CATALOGUES = {
    "tier_code": ("tiers", "tier_code"),
    "computed_tier_code": ("tiers", "tier_code"),
    "behaviour_status": ("behaviour_statuses", "status_code"),
    "lifecycle_stage": ("lifecycle_stages", "stage_code"),
    "churn_risk": ("churn_risks", "risk_code"),
    "rfm_segment": ("rfm_segment_labels", "segment_code"),
    "rfm_cluster": ("rfm_clusters", "cluster_code"),
    "pareto_class": ("pareto_classes", "class_code"),
}
CAUSES = {
    "first_evaluation",
    "override",
    "rule_change",
    "hold_expired",
    "refund",
    "new_orders",
    "ageing",
    "score_shift",
    "restated",
}


# Every outcome occurs


@pytest.mark.parametrize("column", CATALOGUES)
def test_every_outcome_of_a_catalogue_occurs_today(history: History, column: str) -> None:
    seed, code = CATALOGUES[column]
    found = {row[column] for row in history if row["is_current"]} - {None}
    assert found == {row[code] for row in read_seed(seed)}


def test_every_basis_and_every_cause_occurs(demo_build: Project, history: History) -> None:
    assert {row["tier_basis"] for row in history} == {"computed", "held", "override"}
    causes = demo_build.query("select distinct cause from marts.customer_tier_changes")
    assert {cause for (cause,) in causes} == CAUSES


def test_every_attribute_segment_occurs(demo_build: Project) -> None:
    found = demo_build.query(
        "select distinct attribute, segment_code from marts.customer_attribute_segments"
    )
    catalogue = {(row["attribute"], row["segment_code"]) for row in read_seed("attribute_segments")}
    assert set(found) == catalogue


# Decision tables


@pytest.mark.parametrize(
    ("column", "seed", "outcome"),
    [
        ("behaviour_status", "behaviour_rules", "status_code"),
        ("lifecycle_stage", "lifecycle_rules", "stage_code"),
        ("rfm_segment", "rfm_segments", "segment_code"),
    ],
)
def test_class_is_the_first_match(history: History, column: str, seed: str, outcome: str) -> None:
    """On every date, some measures being just at a bound."""
    measures = measures_of(read_seed(seed))
    bounds = {
        (name, float(bound))
        for rule in read_seed(seed)
        for name in measures
        for bound in (condition(rule[name]).low, condition(rule[name]).high)
        if bound is not None
    }
    at_a_bound = 0
    for row in history:
        assert row[column] == classify(seed, row)[outcome], (row["customer_id"], row)
        at_a_bound += any((name, row[name]) in bounds for name in measures)
    assert at_a_bound > 100


def test_churn_risk_is_the_first_match_of_who_can_still_leave(
    demo_build: Project, history: History
) -> None:
    can_churn = {row["status_code"]: row["can_churn"] for row in read_seed("behaviour_statuses")}
    reasons: dict[str, str | None] = dict(
        demo_build.query("select customer_id, churn_risk_reason from marts.customer_tiers")
    )
    for row in history:
        rule = classify("churn_risk_rules", row)
        can_leave = row["lifetime_orders"] > 0 and can_churn[row["behaviour_status"]] == "true"
        expected = [rule[it] if can_leave else None for it in ("risk_code", "rule_id")]
        assert [row["churn_risk"], row["churn_risk_rule_id"]] == expected, row["customer_id"]
        if row["is_current"]:
            reason = sentence(rule, "risk_code") if can_leave else None
            assert reasons[row["customer_id"]] == reason


# Score, rank, Pareto and cluster


def test_composite_score_is_that_of_the_seed(history: History) -> None:
    partial = 0
    for row in history:
        components = rules_in_force("score_components", row["market"], row["evaluation_date"])
        present = [it for it in components if row[it["measure"]] is not None]
        coverage = math.fsum(float(it["weight"]) for it in present)
        points = math.fsum(
            float(it["weight"]) * scaled(it, float(row[it["measure"]])) for it in present
        )
        assert row["score_coverage"] == pytest.approx(coverage, abs=1e-9)
        score = points / coverage
        assert math.isclose(row["composite_score"], score, rel_tol=1e-9, abs_tol=1e-9), row
        partial += coverage < 1 - 1e-9
    assert 0 < partial < len(history)


def test_contributions_explain_the_score(demo_build: Project, history: History) -> None:
    today = {row["customer_id"]: row for row in history if row["is_current"]}
    rows = demo_build.records("select * from marts.customer_score_components order by customer_id")
    assert {row["customer_id"] for row in rows} == set(today)
    for customer_id, them in groupby(rows, key=lambda row: row["customer_id"]):
        row = today[customer_id]
        seed = {
            (it["component"], it["measure"]): it
            for it in rules_in_force("score_components", row["market"], row["evaluation_date"])
        }
        contributions = []
        for told in them:
            component = seed.pop((told["component"], told["measure"]))
            weight, value = float(component["weight"]), row[told["measure"]]
            assert told["weight"] == pytest.approx(weight, rel=1e-12)
            if value is None:
                assert (told["measure_value"], told["contribution"]) == (None, None)
                continue
            assert told["measure_value"] == pytest.approx(float(value), rel=1e-12)
            points = scaled(component, float(value))
            assert math.isclose(told["scaled_value"], points, rel_tol=1e-9, abs_tol=1e-9)
            part = weight * points / row["score_coverage"]
            assert math.isclose(told["contribution"], part, rel_tol=1e-9, abs_tol=1e-9)
            contributions.append(told["contribution"])
        assert seed == {}
        assert math.fsum(contributions) == pytest.approx(row["composite_score"], abs=1e-9)


def by_date(history: History) -> Iterator[tuple[date, History]]:
    """Yield the rows of each evaluation date."""
    rows_of = defaultdict(list)
    for row in history:
        rows_of[row["evaluation_date"]].append(row)
    yield from sorted(rows_of.items(), key=lambda item: item[0])


def test_value_rank_counts_who_has_a_better_score_or_more_revenue(history: History) -> None:
    for day, rows in by_date(history):
        keys = [
            (
                -math.inf if (it := row["composite_score"]) is None else round(it, 6),
                row["net_revenue_12m"],
            )
            for row in rows
        ]
        places = {key: place for place, key in reversed([*enumerate(sorted(keys)[::-1], 1)])}
        assert [row["value_rank"] for row in rows] == [places[key] for key in keys], day


def test_pareto_class_is_by_the_share_of_those_with_more_revenue(history: History) -> None:
    """Shares are of the revenue that is above zero, for it alone is brought by somebody."""
    for day, rows in by_date(history):
        classes = [row for row in read_seed("pareto_classes") if is_in_force(row, day)]
        limits = [(float(row["upper_share"] or "inf"), row["class_code"]) for row in classes]
        cents = np.array([int(row["net_revenue_12m"] * 100) for row in rows])
        earned = np.sort(np.maximum(cents, 0))
        above = earned.sum() - np.append(0, np.cumsum(earned))
        before = above[np.searchsorted(earned, cents, side="right")] / earned.sum()
        for row, paid, share in zip(rows, cents > 0, before, strict=True):
            expected = min(it for it in limits if share < it[0])[1] if paid else max(limits)[1]
            assert row["pareto_class"] == expected, (day, row["customer_id"])


def test_cluster_is_that_of_the_nearest_centre(history: History) -> None:
    measures = {"recency": "recency_days", "orders": "orders", "revenue": "revenue"}
    for row in history:
        if not row["lifetime_orders"]:
            assert row["rfm_cluster"] is None
            continue
        values = (row["rfm_recency_days"], row["rfm_orders"], row["rfm_revenue"])
        distances = []
        for cluster in rules_in_force("rfm_clusters", row["market"], row["evaluation_date"]):
            steps = (
                (math.log1p(max(float(value), 0)) - math.log1p(float(cluster[centre])))
                / float(cluster[f"{name}_spread"])
                for value, (name, centre) in zip(values, measures.items(), strict=True)
            )
            distance = math.fsum(step**2 for step in steps)
            distances.append((distance, cluster["cluster_id"], cluster["cluster_code"]))
        assert row["rfm_cluster"] == min(distances)[2], row["customer_id"]


# Held and final tiers


def test_held_tier_is_the_simulation(history: History) -> None:
    """Under the step of the day, as if it had always been that."""
    rank = tier_ranks()
    held = changed = 0
    for rows in persons(history):
        months = [row["evaluation_month"].year * 12 + row["evaluation_month"].month for row in rows]
        assert months == list(range(months[0], months[0] + len(rows)))
        steps = []
        for row in rows:
            (policy,) = rules_in_force("tier_policies", row["market"], row["evaluation_date"])
            steps.append(int(policy["months_per_downgrade_step"] or 0))
        computed = [rank[row["computed_tier_code"]] for row in rows]
        simulated = {step: held_ranks(computed, step) for step in set(steps)}
        expected = [simulated[step][month] for month, step in enumerate(steps)]
        assert [rank[row["held_tier_code"]] for row in rows] == expected, rows[0]["customer_id"]
        held += sum(low < high for low, high in zip(computed, expected, strict=True))
        changed += len(simulated) > 1
    assert held > 500
    assert changed > 50


def test_final_tier_is_the_held_one_after_the_override_of_the_seed(
    demo_build: Project, history: History
) -> None:
    rank = tier_ranks()
    person_of: dict[str, str] = dict(
        demo_build.query("select record_id, customer_id from intermediate.int_customers_unified")
    )
    overrides = defaultdict(list)
    for it in read_seed("tier_overrides"):
        overrides[person_of[it["customer_id"]]].append(it)
    effects: Counter[tuple[str, bool]] = Counter()
    for row in history:
        day, held = row["evaluation_date"], rank[row["held_tier_code"]]
        override = next((it for it in overrides[row["customer_id"]] if is_in_force(it, day)), None)
        final, basis = (
            held,
            "computed" if row["held_tier_code"] == row["computed_tier_code"] else "held",
        )
        if override:
            wanted = rank[override["tier_code"]]
            final = {"floor": max(held, wanted), "ceiling": min(held, wanted), "lock": wanted}[
                override["mode"]
            ]
            if override["mode"] == "lock" or final != held:
                basis = "override"
            effects[override["mode"], final != held] += 1
        assert (row["tier_rank"], rank[row["tier_code"]]) == (final, final)
        assert row["tier_basis"] == basis
        assert row["override_id"] == (override and override["override_id"])
    assert {mode for mode, moved in effects if moved} == {"floor", "ceiling", "lock"}


# Changes


class Causes:
    """The causes of tier changes by the words of the design."""

    def __init__(self, project: Project):
        self.ranks = tier_ranks()
        self.refunds = defaultdict(list)
        for customer_id, ordered, refunded, amount in project.query(
            "select customer_id, order_date, greatest(order_date, refund_date), reporting_amount"
            " from intermediate.int_refunds_checked where fate = 'used'"
        ):
            self.refunds[customer_id].append((ordered, refunded, amount))
        self.year_before: dict[date, date] = dict(
            project.query(
                "select evaluation_date, cast(evaluation_date - interval 12 month as date)"
                " from intermediate.int_evaluation_dates"
            )
        )

    def computed(self, row: dict[str, Any], day: date, **changed: Any) -> str:
        """Return the tier of a row's measures by the rules of a day, some measures changed."""
        rules = live_rules(row["market"], day)
        measures = {name: row[name] for name in measures_of(rules)} | changed
        return first_match(rules, measures)["tier_code"]

    def without_refunds(self, row: dict[str, Any], since: date) -> str | None:
        """Return the tier without the refunds dated since a day; none if there are none."""
        day, customer_id = row["evaluation_date"], row["customer_id"]
        late = [it for it in self.refunds[customer_id] if since < it[1] <= day]
        year = (amount for ordered, _, amount in late if ordered > self.year_before[day])
        changed = {
            "net_revenue_12m": row["net_revenue_12m"] + sum(year),
            "lifetime_net_revenue": row["lifetime_net_revenue"] + sum(it[2] for it in late),
        }
        return self.computed(row, day, **changed) if late else None

    def cause(self, row: dict[str, Any], before: dict[str, Any] | None) -> str:
        """Return the first cause that applies."""
        if before is None:
            return "first_evaluation"
        old, day = before["computed_tier_code"], row["evaluation_date"]
        recomputed = row["computed_tier_code"] != old
        down = row["tier_rank"] < before["tier_rank"]
        new_orders = row["lifetime_orders"] - before["lifetime_orders"]
        left_orders = before["orders_12m"] + new_orders - row["orders_12m"]
        fell = any(row[name] < before[name] for name in ("orders_12m", "net_revenue_12m"))
        score = before["composite_score"]
        applies = {
            "override": row["override_id"] != before["override_id"],
            "rule_change": recomputed and self.computed(row, before["evaluation_date"]) == old,
            "hold_expired": down and self.ranks[row["computed_tier_code"]] >= self.ranks[old],
            "refund": recomputed and self.without_refunds(row, before["evaluation_date"]) == old,
            "new_orders": not down and new_orders > 0,
            "ageing": down and left_orders > 0 and fell,
            "score_shift": recomputed and self.computed(row, day, composite_score=score) == old,
            "restated": True,
        }
        return next(cause for cause, does in applies.items() if does)


def test_changes_and_their_causes_follow_from_the_history(
    demo_build: Project, history: History
) -> None:
    causes = Causes(demo_build)
    expected = set()
    for rows in persons(history):
        for before, row in zip([None, *rows], rows, strict=False):
            if before and before["tier_code"] == row["tier_code"]:
                continue
            rise = row["tier_rank"] - before["tier_rank"] if before else 0
            direction = ("first", "up", "down")[int(np.sign(rise))]
            tiers = (before and before["tier_code"], row["tier_code"])
            key = (row["customer_id"], row["evaluation_date"], *tiers, direction)
            expected.add((*key, causes.cause(row, before)))
    told = demo_build.query(
        "select customer_id, evaluation_date, from_tier_code, to_tier_code, direction, cause"
        " from marts.customer_tier_changes"
    )
    assert len(told) == len(set(told)) > 2000
    assert set(told) == expected


def test_since_dates_and_high_water_mark_follow_from_the_history(
    demo_build: Project, history: History
) -> None:
    stages = {row["stage_code"]: int(row["stage_rank"]) for row in read_seed("lifecycle_stages")}
    told = {
        customer_id: since
        for customer_id, *since in demo_build.query(
            "select customer_id, previous_tier_code, tier_since_date, stage_since_date,"
            " highest_stage from marts.customer_tiers"
        )
    }
    assert len(told) == len({row["customer_id"] for row in history})
    for rows in persons(history):
        previous, tier_since, stage_since = None, *[rows[0]["evaluation_date"]] * 2
        for before, row in pairwise(rows):
            if before["tier_code"] != row["tier_code"]:
                previous, tier_since = before["tier_code"], row["evaluation_date"]
            if before["lifecycle_stage"] != row["lifecycle_stage"]:
                stage_since = row["evaluation_date"]
        highest = max((row["lifecycle_stage"] for row in rows), key=stages.__getitem__)
        expected = [previous, tier_since, stage_since, highest]
        assert told[rows[0]["customer_id"]] == expected, rows[0]["customer_id"]


def test_migrations_are_the_moves_of_the_history(demo_build: Project, history: History) -> None:
    customers: Counter[Row] = Counter()
    revenue: defaultdict[Row, Decimal] = defaultdict(Decimal)
    for rows in persons(history):
        for before, row in zip([None, *rows], rows, strict=False):
            move = (before["tier_code"] if before else "none", row["tier_code"])
            customers[row["evaluation_month"], *move] += 1
            revenue[row["evaluation_month"], *move] += row["net_revenue_12m"]
    told = demo_build.query(
        "select evaluation_month, from_tier_code, to_tier_code, customers, net_revenue_12m"
        " from marts.tier_migrations"
    )
    assert sorted(told) == sorted((*it, number, revenue[it]) for it, number in customers.items())


# Attribute segments


def expected_segments(records: list[dict[str, str]]) -> dict[str, set[str]]:
    """Return, for each attribute, the segments of any of a person's raw records."""
    group = {(it["country"], it["region"]): it["region_group"] for it in read_seed("regions")}
    urbanity = {(it["country"], it["city"]): it["urbanity"] for it in read_seed("cities")}
    catalogue = defaultdict(list)
    for it in read_seed("attribute_segments"):
        catalogue[it["attribute"]].append(it)
    found = defaultdict(set)

    def add(attribute: str, text: str | None) -> None:
        codes = {it["segment_code"] for it in catalogue[attribute]}
        found[attribute].add(text.lower() if text and text.lower() in codes else "unknown")

    def band(attribute: str, number: int | None) -> None:
        bands = [it for it in catalogue[attribute] if it["upper_bound"]]
        fits = [it for it in bands if number is not None and 0 <= number <= int(it["upper_bound"])]
        nearest = min(fits, key=lambda it: int(it["upper_bound"]), default=None)
        add(attribute, nearest["segment_code"] if nearest else None)

    for row in records:
        for attribute in ("gender", "occupation", "income_band", "industry", "acquisition_channel"):
            add(attribute, row[attribute].strip())
        add("region_group", group.get((row["country"], row["region"])))
        add("urbanity", urbanity.get((row["country"], row["city"])))
        size = row["employee_count"].strip()
        band("company_size", int(size) if size.isdecimal() else None)
        try:
            born = date.fromisoformat(row["birth_date"])
        except ValueError:
            band("age_band", None)
        else:
            passed = (AS_OF.month, AS_OF.day) >= (born.month, born.day)
            band("age_band", AS_OF.year - born.year - (not passed))
    return found


def test_attribute_segments_are_those_of_the_raw_customers(demo_build: Project) -> None:
    """A person of several records has a segment of one of them."""
    raw = {row["customer_id"]: row for row in read_raw("customers")}
    records = defaultdict(list)
    for record_id, customer_id in demo_build.query(
        "select record_id, customer_id from intermediate.int_customers_unified where fate = 'used'"
    ):
        records[customer_id].append(raw[record_id])
    catalogue = {
        (row["attribute"], row["segment_code"]): (row["label_en"], row["label_zh"])
        for row in read_seed("attribute_segments")
    }
    told = demo_build.records("select * from marts.customer_attribute_segments")
    expected = {customer_id: expected_segments(them) for customer_id, them in records.items()}
    several = 0
    for row in told:
        at = (row["attribute"], row["segment_code"])
        assert row["segment_code"] in expected[row["customer_id"]][row["attribute"]], row
        assert (row["label_en"], row["label_zh"]) == catalogue[at]
        several += len(records[row["customer_id"]]) > 1
    assert several > 100
    customers = demo_build.value("select count(*) from marts.customers")
    keys = {(row["customer_id"], row["attribute"]) for row in told}
    assert len(keys) == len(told) == customers * len(read_seed("attributes"))
