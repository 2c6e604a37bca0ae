"""A broken seed stops the build before a mart changes, and the message names the seed and row."""

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from conftest import ROOT, Project, Row, cte_of, project_as_built
from reference import condition
from seed_proofs import GATE, Proofs, written

TIERS = (ROOT / "seeds/tiers/tier_rules.csv").read_text(encoding="utf-8")
Rows = list[dict[str, str]]
Break = Callable[[Rows], None]
Words = tuple[str, ...]
Edits = Mapping[str, Callable[[str], str]]


WITHOUT = ("--exclude-resource-type", "unit_test")
RULED_MARTS = (
    "customer_tiers",
    "customer_tier_history",
    "customer_tier_changes",
    "customer_score_components",
    "customer_lifetime_values",
    "customer_actions",
)


class Good(Project):
    """A copy of the project that is built; its seeds are broken one after the other."""

    def __init__(self, copy: Project):
        super().__init__(copy.root, copy.work, copy.variables)
        self.before = self.marts()

    def marts(self) -> list[list[Row]]:
        """Return the rows of the marts that depend on rules."""
        return [self.rows(f"marts.{name}") for name in RULED_MARTS]

    @contextmanager
    def edited(self, edits: Edits) -> Iterator[None]:
        """Edit the texts of seeds, and put them back at the end."""
        texts = {seed: self.seed(seed).read_text(encoding="utf-8") for seed in edits}
        for seed, edit in edits.items():
            changed = edit(texts[seed])
            assert changed != texts[seed]
            self.seed(seed).write_text(changed, encoding="utf-8")
        try:
            yield
        finally:
            for seed, text in texts.items():
                self.seed(seed).write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def good(small_build_as_built: Project, tmp_path_factory: pytest.TempPathFactory) -> Good:
    project = Good(project_as_built(small_build_as_built, tmp_path_factory.mktemp("good")))
    assert all(len(rows) > 20 for rows in project.before)
    return project


@pytest.fixture(scope="module")
def proofs(good: Good, tmp_path_factory: pytest.TempPathFactory) -> Proofs:
    return Proofs(good, tmp_path_factory.mktemp("proofs"))


def by_rows(*breaks: Break) -> Callable[[str], str]:
    """Return an edit of the text that is one of the rows."""

    def edit(text: str) -> str:
        reader = csv.DictReader(text.splitlines())
        assert reader.fieldnames is not None
        rows = list(reader)
        for one in breaks:
            one(rows)
        return written(list(reader.fieldnames), rows)

    return edit


def key(row: dict[str, str]) -> str:
    """Return the key of a row, which is in the first column."""
    return next(iter(row.values()))


def end_all(rows: Rows) -> None:
    """End every row before the dates that are evaluated."""
    for row in rows:
        row["valid_to"] = "1980-01-01"


def put(name: str, **cells: str) -> Break:
    """Change cells of a row."""

    def edit(rows: Rows) -> None:
        (row,) = (row for row in rows if key(row) == name)
        row.update(cells)

    return edit


def remove(name: str) -> Break:
    """Remove a row."""

    def edit(rows: Rows) -> None:
        rows[:] = [row for row in rows if key(row) != name]

    return edit


def add(name: str, like: str, **cells: str) -> Break:
    """Add a row that is like another but for its key and some cells."""

    def edit(rows: Rows) -> None:
        (row,) = (row for row in rows if key(row) == like)
        rows.append(row | {next(iter(row)): name} | cells)

    return edit


RULE_TABLES = ("tier_rules", "tier_policies", "rfm_bands", "rfm_policies", "rfm_segments")
DEFECTS: list[Any] = [
    pytest.param(
        {
            "tier_rules": [
                put("live_low", priority="30"),
                put("live_medium", orders_12m="<0"),
                put("live_high", active_months_12m=">12"),
                put("live_vip", tier_code="platinum"),
            ],
            "rfm_segments": [
                put("new", segment_code="novel"),
                put("loyal", priority="50", recency_score="[0..3)"),
                put("lost", monetary_score="6"),
            ],
            "rfm_bands": [
                put("recency_4", upper_bound="20"),
                remove("frequency_3"),
                put("monetary_5", upper_bound="90000"),
            ],
            "tier_policies": [lambda rows: rows.append(rows[0] | {"valid_from": "2025-02-01"})],
        },
        [
            ("tier_rules, live_low", "priority 30", "live_high"),
            ("tier_rules, live_medium", "bound of orders_12m is outside", "0 or more"),
            ("tier_rules, live_high", "bound of active_months_12m is outside", "0 to 12"),
            ("tier_rules, live_vip", "platinum", "tiers"),
            ("rfm_segments, new", "novel", "rfm_segment_labels"),
            ("rfm_segments, new", "priority 50", "loyal"),
            ("rfm_segments, loyal", "bound of recency_score is outside", "1 to 5"),
            ("rfm_segments, lost", "bound of monetary_score is outside", "1 to 5"),
            ("rfm_bands, recency_4", "upper_bound"),
            ("rfm_bands, frequency_", "1 to 5", "frequency"),
            ("rfm_bands, monetary_5", "upper_bound"),
            ("tier_policies", "market CN", "2 rows"),
        ],
        id="priority_twice_and_impossible_bounds_and_unknown_outcome_and_bands_out_of_order",
    ),
    pytest.param(
        {
            "tier_rules": [
                add("live_abroad", "live_high", market="XX"),
                put("live_low", valid_to="2026-02-01"),
                add("live_low_2026", "live_low", valid_from="2026-01-01", valid_to=""),
                put("live_potential", valid_from="2027-01-01", valid_to="2026-01-01"),
                add("live_high", "live_high", market="US"),
                put("live_otherwise", tier_code=""),
            ],
            "rfm_segments": [remove("lost"), add("shadowed", "loyal", priority="45")],
            "rfm_policies": [lambda rows: rows[0].update(valid_from="2025-01-01")],
        },
        [
            ("tier_rules, live_abroad", "market XX"),
            ("tier_rules, live_low", "overlapping", "live_low_2026"),
            ("tier_rules, live_potential", "valid_from", "valid_to"),
            ("tier_rules, live_high", "2 times"),
            ("tier_rules, live_otherwise", "blank"),
            ("rfm_segments", "a gap"),
            ("rfm_segments", "no catch-all"),
            ("rfm_segments, shadowed", "can never match"),
            ("rfm_policies", "market CN", "0 rows"),
        ],
        id="unknown_market_and_wrong_periods_and_rule_id_twice_and_segments_with_a_gap",
    ),
    pytest.param(
        {
            "tier_rules": [
                put("us_otherwise", valid_to="2026-03-01"),
                add("german_high", "live_high", market="DE"),
                add("shadowed", "live_high", priority="35"),
                remove("live_otherwise"),
            ]
        },
        [
            ("tier_rules", "a gap", "market CN"),
            ("tier_rules", "no catch-all", "market CN"),
            ("tier_rules", "a gap", "market US", "2026-03-01"),
            ("tier_rules", "no catch-all", "market US", "2026-03-01"),
            ("tier_rules", "a gap", "market DE"),
            ("tier_rules, shadowed", "can never match"),
        ],
        id="gap_and_catch_all_that_ends_and_unreachable_rule",
    ),
    pytest.param(
        {seed: [lambda rows: rows.clear()] for seed in RULE_TABLES},
        [
            ("tier_rules", "tier_rule_set is live", "(none)"),
            ("rfm_segments", "no rules"),
            *(("rfm_bands", metric, "market *") for metric in ("recency", "frequency", "monetary")),
            ("tier_policies", "market *", "0 rows"),
            ("rfm_policies", "market *", "0 rows"),
        ],
        id="no_rules",
    ),
    pytest.param(
        {
            "rfm_bands": [
                *(put(f"recency_{score}", valid_from="2025-03-01") for score in range(1, 6)),
                *(put(f"frequency_{score}", valid_to="2025-02-01") for score in range(1, 6)),
            ]
        },
        [
            ("rfm_bands", "from 2024-12-31", "recency", "market *"),
            ("rfm_bands", "from 2025-02-01", "frequency", "market *"),
        ],
        id="no_bands_for_a_while",
    ),
    pytest.param(
        {
            "score_components": [
                put("value_revenue", weight="0.3"),
                put("frequency_orders", measure="orders_of_12_months"),
                put("recency_days", floor="365", cap="365"),
                put("activity_views", floor="-1"),
                put("activity_carts", scale="square"),
                put("activity_inquiries", direction="sideways"),
                put("loyalty_months", market="XX"),
                put("loyalty_tenure", weight="-0.05"),
                put("satisfaction_score", valid_from="2026-01-01", valid_to="2025-01-01"),
                put("feedback_responses", cap=""),
                add("potential_again", "potential_revenue", weight="0"),
            ],
            "pareto_classes": [put("B", upper_share="0.8"), put("C", upper_share="1.5")],
            "tier_overrides": [
                add("backwards", "delivery_2025", customer_id="x", valid_to="2025-02-01"),
                put("council_2025", reason=""),
                put("partner_2026", approved_by=""),
                put("dispute_2026", mode="cap"),
                put("delivery_2025", tier_code="bronze"),
                add("lock_2025", "council_2025", valid_from="2024-01-01", valid_to="2025-11-02"),
                add("floor_2024", "council_2025", valid_from="2023-01-01", valid_to="2024-01-01"),
                add("twice", "council_2025", customer_id="y"),
                add("twice", "council_2025", customer_id="z"),
            ],
        },
        [
            ("score_components, market CN", "weights sum to", "must sum to 1"),
            ("score_components, frequency_orders", "orders_of_12_months is unknown", "known are"),
            ("score_components, recency_days", "floor is not below the cap"),
            ("score_components, activity_views", "log scale is below 0"),
            ("score_components, activity_carts", "linear or log"),
            ("score_components, activity_inquiries", "up or down"),
            ("score_components, loyalty_months", "market XX"),
            ("score_components, loyalty_tenure", "below 0"),
            ("score_components, satisfaction_score", "valid_from is not before"),
            ("score_components, feedback_responses", "blank"),
            ("score_components, potential_", "potential_12m is there 2 times"),
            ("pareto_classes, B", "same upper_share"),
            ("pareto_classes, C", "below 1"),
            ("pareto_classes, (all classes)", "0 classes have no upper_share"),
            ("tier_overrides, council_2025", "reason", "blank"),
            ("tier_overrides, partner_2026", "approved_by", "blank"),
            ("tier_overrides, dispute_2026", "floor, ceiling or lock"),
            ("tier_overrides, delivery_2025", "tier bronze"),
            ("tier_overrides, backwards", "valid_from is not before"),
            ("tier_overrides, lock_2025", "council_2025", "c0000017"),
            ("tier_overrides, twice", "2 times"),
        ],
        id="score_and_pareto_classes_and_overrides",
    ),
    pytest.param(
        {
            "clv_parameters": [
                lambda rows: rows[0].update(gamma_gamma_q="1", bgnbd_a="-0.3", bgnbd_b="0"),
                lambda rows: rows[0].update(monthly_discount_rate="-0.01", bgnbd_r=""),
                lambda rows: rows.append(rows[0] | {"market": "XX", "gamma_gamma_q": "2"}),
                lambda rows: rows.append(rows[0] | {"valid_from": "2025-02-01"}),
                lambda rows: rows[0].update(valid_from="2025-01-01"),
            ],
            "clv_policies": [lambda rows: rows[0].update(max_value_ratio="0.5", min_customers="")],
            "rfm_clusters": [
                *(
                    add(
                        f"more_{it}",
                        "lapsed_frequent_large",
                        cluster_code=f"more_{it}",
                        market="US",
                    )
                    for it in range(7)
                ),
                put("lapsed_frequent_large", revenue_spread="5", recency_spread="0"),
                put("lapsed_rare_small", cluster_code="recent_frequent_large", orders="-1"),
            ],
            "purchase_cycles": [lambda rows: rows[0].update(typical_gap_days="0")],
            "satisfaction_policies": [
                put("nps", half_life_days="0"),
                lambda rows: rows.append(rows[0] | {"valid_from": "2025-01-01"}),
            ],
        },
        [
            ("clv_parameters, market * from 2025-01-01", "gamma_gamma_q must be above 1"),
            ("clv_parameters, market * from 2025-01-01", "bgnbd_a must be above 0"),
            ("clv_parameters, market * from 2025-01-01", "bgnbd_b must be above 0"),
            ("clv_parameters, market * from 2025-01-01", "bgnbd_r must be above 0"),
            ("clv_parameters, market * from 2025-01-01", "monthly_discount_rate"),
            ("clv_parameters, market XX", "not in markets"),
            ("clv_parameters, market US", "2 rows are in force on 2025-02-28"),
            ("clv_policies, *", "max_value_ratio is 0.5"),
            ("clv_policies, *", "min_customers is blank"),
            ("rfm_clusters, market US", "room for 6 clusters", "not for 7"),
            ("rfm_clusters, market CN", "cluster_code is there twice"),
            ("rfm_clusters, lapsed_frequent_large", "spreads are above 0"),
            ("rfm_clusters, lapsed_rare_small", "centre is not below 0"),
            ("purchase_cycles", "typical_gap_days is 0"),
            ("satisfaction_policies, nps", "half_life_days is 0"),
            ("satisfaction_policies, csat", "must end after that day"),
        ],
        id="clv_parameters_and_clusters_and_cycles_and_half_lives",
    ),
    pytest.param(
        {
            "behaviour_rules": [put("lost", status_code="gone"), put("new_buyer", market="XX")],
            "lifecycle_rules": [put("loyal", stage_code="faithful"), put("mature", priority="70")],
            "churn_risk_rules": [put("low", risk_code="none"), put("high_gone", p_alive="")],
            "pareto_classes": [remove("C"), put("A", upper_share="0")],
            "rfm_clusters": [end_all],
            "trigger_rules": [put("signup", trigger_code="joined")],
            "action_rules": [
                put("about_to_sleep", rfm_segment="sleepy"),
                put("vip", action_code="hug"),
                put("high_potential", churn_risk="some"),
                *(
                    add(
                        f"finer_{it}",
                        "about_to_sleep",
                        rfm_segment=f"s{it}",
                        churn_risk=f"c{it}",
                        priority=f"{it}1",
                    )
                    for it in range(14)
                ),
            ],
            "milestones": [put("orders_5", within_days="0")],
            "channel_policies": [lambda rows: rows.append(rows[0] | {"valid_from": "2025-01-01"})],
            "campaigns": [
                put("cmp01", contact_cost=""),
                put("cmp02", conversion_days=""),
                put("cmp03", action_code=""),
            ],
            "effect_policies": [
                put("newcombe", confidence_level="", z_score="", min_group_size=""),
            ],
        },
        [
            ("behaviour_rules, lost", "gone", "behaviour_statuses"),
            ("behaviour_rules, new_buyer", "market XX"),
            ("lifecycle_rules, loyal", "faithful", "lifecycle_stages"),
            ("lifecycle_rules, mature", "priority 70", "growing_young"),
            ("churn_risk_rules, low", "none", "churn_risks"),
            ("pareto_classes, A", "above 0"),
            ("pareto_classes, (all classes)", "0 classes have no upper_share"),
            ("rfm_clusters, market CN", "none is in force on"),
            ("trigger_rules, signup", "joined", "triggers"),
            ("action_rules, about_to_sleep", "rfm_segment sleepy", "rfm_segment_labels"),
            ("action_rules, vip", "hug", "actions"),
            ("action_rules, high_potential", "churn_risk some", "churn_risks"),
            ("action_rules, (all rules)", "more than 100000 combinations", "market *"),
            ("milestones, orders_5", "within_days is 0"),
            ("channel_policies, * *", "must end after that day"),
            ("campaigns, cmp01", "contact_cost is blank"),
            ("campaigns, cmp02", "conversion_days is blank"),
            ("campaigns, cmp03", "action_code is blank"),
            ("effect_policies, newcombe", "confidence_level is blank"),
            ("effect_policies, newcombe", "z_score is blank"),
            ("effect_policies, newcombe", "min_group_size is blank"),
        ],
        id="unknown_outcomes_of_statuses_stages_risks_triggers_and_actions_and_an_unknown_code",
    ),
    pytest.param(
        {
            "behaviour_rules": [remove("active"), add("behind", "lost", priority="75")],
            "lifecycle_rules": [remove("mature"), put("prospect", lifetime_orders="")],
            "churn_risk_rules": [remove("low"), add("behind", "high_silent", priority="15")],
            "action_rules": [remove("otherwise"), add("behind", "lost", priority="195")],
        },
        [
            ("behaviour_rules", "a gap", "market CN"),
            ("behaviour_rules", "no catch-all", "market CN"),
            ("behaviour_rules, behind", "can never match"),
            ("lifecycle_rules, loyal", "can never match"),
            ("churn_risk_rules", "a gap", "market CN"),
            ("churn_risk_rules", "no catch-all", "market CN"),
            ("churn_risk_rules, behind", "can never match"),
            ("action_rules", "a gap", "market CN"),
            ("action_rules", "no catch-all", "market CN"),
            ("action_rules, behind", "can never match"),
        ],
        id="no_catch_all_of_statuses_risks_and_actions_and_unreachable_rules",
    ),
    pytest.param(
        {
            "explanation_texts": [
                put("tier_figures", label_en="{teir} with {orders}"),
                put("tier_held", label_zh="{figures}"),
                put("next_none", label_en="no {tier} is higher"),
                put("action_risk", label_en="{figures}, {risk"),
                remove("reason_since"),
            ]
        },
        [
            (
                "explanation_texts, tier_figures",
                "label_en is {teir}",
                "{tier}, {orders}, {revenue}",
            ),
            ("explanation_texts, tier_held", "label_zh is {figures}", "may be {basis}; correct"),
            ("explanation_texts, next_none", "label_en", "may be none; correct"),
            ("explanation_texts, action_risk", "{risk; its places may be {figures}, {risk}"),
            ("explanation_texts, reason_since", "missing"),
        ],
        id="places_of_texts_that_nothing_fills",
    ),
]


def untold(lines: list[str], told: list[Words]) -> list[Words]:
    """Return the words that no line has."""
    return [words for words in told if not any(all(it in line for it in words) for line in lines)]


@pytest.mark.parametrize(("breaks", "told"), DEFECTS)
def test_broken_rules_are_told(
    proofs: Proofs, breaks: dict[str, list[Break]], told: list[Words]
) -> None:
    """Each defect gets a line of its own, so that each alone would have stopped the build."""
    edits = {seed: by_rows(*them)(proofs.texts[seed]) for seed, them in breaks.items()}
    lines = [line for line in proofs.found(edits) if line.startswith("seeds: ")]
    assert untold(lines, told) == [], lines


MALFORMED: dict[str, tuple[Callable[[str], str], Words]] = {
    "tier_rules": (
        by_rows(put("live_high", orders_12m="twelve")),
        ("tier_rules.csv line 4", "live_high", "orders_12m", '"twelve"', "not a condition"),
    ),
    "tier_policies": (
        by_rows(lambda rows: rows[0].update(valid_from="2026-13-01")),
        ("tier_policies.csv line 2", "valid_from", "2026-13-01"),
    ),
    "tiers": (
        by_rows(put("medium", tier_rank="1,000")),
        ("tiers.csv line 4", "medium", "tier_rank", "1,000"),
    ),
    "markets": (
        by_rows(put("US", is_home="no")),
        ("markets.csv line 3", "US", "is_home", "no"),
    ),
    "rfm_segments": (
        lambda text: text.replace(",recency_score,", ",recency,"),
        ("rfm_segments.csv", "recency_score", "missing"),
    ),
    "score_components": (
        by_rows(put("recency_days", weight="a tenth")),
        ("score_components.csv line 4", "recency_days", "weight", "a tenth"),
    ),
    "clv_parameters": (
        by_rows(lambda rows: rows[0].update(bgnbd_alpha="90,5")),
        ("clv_parameters.csv line 2", "bgnbd_alpha", "90,5"),
    ),
    "pareto_classes": (
        by_rows(put("B", upper_share="95 %")),
        ("pareto_classes.csv line 3", "B", "upper_share", "95 %"),
    ),
    "behaviour_statuses": (
        by_rows(put("lost", can_churn="never")),
        ("behaviour_statuses.csv line 6", "lost", "can_churn", "never"),
    ),
    "lifecycle_rules": (
        by_rows(put("loyal", tenure_days="a year")),
        ("lifecycle_rules.csv line 5", "loyal", "tenure_days", "a year"),
    ),
    "tier_overrides": (
        by_rows(put("partner_2026", valid_from="2026-15-01")),
        ("tier_overrides.csv line 3", "partner_2026", "valid_from", "2026-15-01"),
    ),
    "rfm_bands": (
        lambda text: text.replace(",note\n", ",note,remark\n").replace("ago\n", "ago,\n"),
        ("rfm_bands.csv", "remark", "not declared"),
    ),
}


@pytest.mark.parametrize("seed", MALFORMED)
def test_malformed_seeds_are_named_with_line_and_column(proofs: Proofs, seed: str) -> None:
    edit, words = MALFORMED[seed]
    lines = proofs.found({seed: edit(proofs.texts[seed])})
    assert untold(lines, [words]) == [], lines


COUNT, MONEY, SCORE = "orders_12m", "net_revenue_12m", "composite_score"
IN_BRACKETS, BETWEEN = "with its brackets, such as [4..12)", "write a range as [4..12)"
BEFORE = "the sign before the number, and two bounds as a range such as [4..12)"
REFUSED = {
    **dict.fromkeys(
        ["≥12", "≤3", "≧12", "\uff1e12", "\uff1c\uff1d12"], "write >= or <= for ≥ and ≤"
    ),
    **dict.fromkeys([">100,000", ">=1,000.50", "12,5", "[4..1,000)"], "without thousands"),
    **dict.fromkeys(["50%", ">=0.5%", ">=50\uff05"], "write "),
    **dict.fromkeys(['="12"', '"12"', '=""12""', "'12"], "write it without quotes"),
    **dict.fromkeys(
        [" >=12", ">=12 ", "> 12", "[4 .. 12)", ">=12\n", "\u00a0>=12"], "without spaces"
    ),
    **dict.fromkeys(["12 orders", "at least 12", "not 4"], "without spaces and words"),
    **dict.fromkeys(["=>12", "=<3"], "write >= or <="),
    **dict.fromkeys(
        [">=\uff11\uff12", "\uff11", ">=\u22125", "4\u201312", "100€", "½"], "in half width"
    ),
    **dict.fromkeys([">=4,<12", ">=4 and <12", ">=4&<12", "4<=12", "12>="], BEFORE),
    **dict.fromkeys(["[4,12)", "(4;12]", "[4, 12)"], "write "),
    **dict.fromkeys(["12..4", "4..12", "..", "..12", "4..", "]4..12["], IN_BRACKETS),
    **dict.fromkeys(["[4..12", "(4..", "[..12)", "[4..12)x", "[4...12)", "[12]", "4-12"], BETWEEN),
    **dict.fromkeys(["[12..4)", "[12..4]", "[5..-4)"], "begins with its lower end: write ["),
    **dict.fromkeys(["[4..4)", "(4..4)", "[4..4]", "(4..04]"], "write 4"),
    **dict.fromkeys([">=1e3", "1E3", ">=1e-3"], "write the number in full"),
    **dict.fromkeys([">=.5", "5.", "<5."], "digits before and after the point"),
    **dict.fromkeys([">=", "<", "=", "12-", ">=-", "--5", "+", "!="], "a condition such as >="),
    **dict.fromkeys(["!=4", "<>4", ">>4", "==4", ">=12;", "1_000"], "a condition such as >="),
    **dict.fromkeys(["vip", "2026-06-15", "$100", "NaN", "0x12", "*"], "a condition such as >="),
}
"""Conditions on any measure, each with its mend."""
REFUSED_OF = {
    (COUNT, ">=12.5"): "write a whole number",
    (COUNT, "[4.5..12)"): "write a whole number",
    (COUNT, "12.0"): "write a whole number",
    (COUNT, ">=1000000000"): "at most 9 digits",
    (COUNT, "(4..5)"): "nothing is between its ends",
    (MONEY, ">=1.005"): "2 decimals",
    (MONEY, "[0..0.001)"): "2 decimals",
    (MONEY, "<100000000000"): "at most 11 digits",
    (MONEY, "(4.99..5)"): "nothing is between its ends",
    (SCORE, ">=0.1234567"): "6 decimals",
}
ACCEPTED = {
    COUNT: ">=12 >12 <=3 <12 =12 12 =0 0 <+4 007 [4..12) (4..12] (4..6) (4..5] [0..999999999]",
    MONEY: ">100000 >=99999999999.99 <50000.5 <=-0.01 -5 [-10..0.50) (4..4.02)",
    SCORE: ">=80 >0.000001 <100 33.333333 (33.3..66.6] [0..0.5)",
}


@pytest.mark.parametrize(
    ("measure", "text", "mend"),
    [
        *((it, text, mend) for it in (COUNT, MONEY, SCORE) for text, mend in REFUSED.items()),
        *((measure, text, mend) for (measure, text), mend in REFUSED_OF.items()),
    ],
)
def test_what_is_no_condition_is_refused_with_its_mend(
    proofs: Proofs, measure: str, text: str, mend: str
) -> None:
    (line,) = proofs.found({"tier_rules": by_rows(put("live_high", **{measure: text}))(TIERS)})
    told, _, how = line.partition(", which is not a condition: ")
    assert told == f'seeds/tiers/tier_rules.csv line 4 (rule_id live_high): {measure} is "{text}"'
    assert mend in how, line
    # the mend is itself no fault
    for said in re.findall(r"[<>]=?[0-9.]+|[\[(][0-9.]+[\])]", how):
        assert condition(said)


@pytest.mark.parametrize("measure", ACCEPTED)
def test_a_condition_is_read_as_it_is_meant(proofs: Proofs, measure: str) -> None:
    texts = dict(enumerate(["", *ACCEPTED[measure].split()]))
    rules = [add(f"rule_{it}", "live_high", **{measure: text}) for it, text in texts.items()]
    model = proofs.nodes["model.strata.int_rules_in_force"]["compiled_code"]
    conditions = cte_of(model, "conditions")
    with proofs.loaded({"tier_rules": by_rows(*rules)(TIERS)}) as connection:
        found = connection.execute(
            "select rule_id, low, includes_low, high, includes_high"
            f" from ({conditions})"
            f" where measure = '{measure}' and rule_id like 'rule_%'"
        ).fetchall()
    assert len(found) == len(texts)
    for rule_id, low, includes_low, high, includes_high in found:
        expected = condition(texts[int(rule_id.removeprefix("rule_"))])
        assert (low, high) == (expected.low, expected.high), rule_id
        assert low is None or includes_low == expected.has_low, rule_id
        assert high is None or includes_high == expected.has_high, rule_id


@pytest.mark.parametrize(("rules", "is_refused"), [(62, False), (63, True), (70, True)])
def test_a_scope_has_room_for_62_rules(proofs: Proofs, rules: int, is_refused: bool) -> None:
    """Of which each wins somewhere; the proof refuses more by name."""
    _, there = proofs.rows("action_rules")
    segments = [row["segment_code"] for row in proofs.rows("rfm_segment_labels")[1]]
    segments.remove("cannot_lose")  # a rule before them has all of it
    statuses = ("dormant", "active", "prospect", "reactivated")
    pairs = [(one, its) for one in segments for its in statuses]
    more = [
        add(f"more_{it}", "about_to_sleep", rfm_segment=one, behaviour_status=its, priority=f"{it}")
        for it, (one, its) in enumerate(pairs[: rules - len(there)], start=370)
    ]
    earlier = [put(it["rule_id"], priority=f"9{it['priority']}") for it in there[6:]]
    text = by_rows(*earlier, *more)(proofs.texts["action_rules"])
    assert text.count("\n") == 1 + rules
    lines = proofs.found({"action_rules": text})
    named = re.compile(
        rf"seeds: action_rules, \(all rules\): there are {rules} rules, at most 62 have room"
        r" in rule set live, market (\S+), from [0-9-]{10}; merge some, or give markets .*"
    )
    markets = [match[1] for it in lines if (match := named.fullmatch(it))]
    assert len(markets) == len(lines)
    everywhere = {"*", *(row["market"] for row in proofs.rows("markets")[1])}
    assert set(markets) == (everywhere if is_refused else set())


BLANKS = {
    "action_channels": ("preference",),
    "actions": ("label_en", "label_zh", "objective", "incentive", "cooldown_days"),
    "channel_preferences": ("preference",),
    "channels": ("label_en", "label_zh"),
    "explanation_texts": ("label_en", "label_zh"),
    "milestones": ("measure", "threshold", "within_days", "label_en", "label_zh"),
    "suppression_reasons": ("label_en", "label_zh"),
    "tiers": ("label_en", "label_zh"),
    "triggers": ("label_en", "label_zh"),
}


def test_blank_cells_are_told(proofs: Proofs) -> None:
    """Before a mart needs them."""

    def blank(columns: Words) -> Callable[[str], str]:
        return by_rows(lambda rows: rows[0].update(dict.fromkeys(columns, "")))

    lines = proofs.found({it: blank(columns)(proofs.texts[it]) for it, columns in BLANKS.items()})
    told = [(seed, f"{it} is blank") for seed, columns in BLANKS.items() for it in columns]
    assert untold(lines, told) == [], lines


def test_everything_waits_for_the_proofs(proofs: Proofs) -> None:
    """The gate hangs on each seed, on all that a proof hangs on; every mart hangs on the gate.

    Before it only views read the raw data, and the links between records, which are hashes.
    Two tests judge the raw data with a seed; what reads customers waits for one of them.
    """
    nodes, seeds = proofs.nodes, {it["unique_id"] for it in proofs.seeds.values()}
    assert sorted(seeds - proofs.behind) == []
    assert len(proofs.proofs) > 90
    tests = [node for node in nodes.values() if node["resource_type"] == "test"]
    reporting = {it["unique_id"] for it in tests if it["config"]["meta"].get("reports_rules")}
    on_data = {nodes[it]["name"]: proofs.ancestors(it) for it in reporting - set(proofs.proofs)}
    assert sorted(on_data) == ["identity_is_sound", "quarantine_is_within_its_limits"]
    assert all(any(it[:7] == "source." for it in ancestors) for ancestors in on_data.values())
    identity = nodes["test.strata.identity_is_sound"]["depends_on"]["nodes"]
    assert "model.strata.int_customers_unified" in identity
    marts = [it for it, node in nodes.items() if it[:6] == "model." and node["fqn"][1] == "marts"]
    assert len(marts) > 20
    assert [it for it in marts if GATE not in proofs.ancestors(it)] == []
    read = [
        it
        for it, node in nodes.items()
        if it[:6] == "model."
        and node["config"]["materialized"] != "view"
        and any(parent[:7] == "source." for parent in proofs.ancestors(it))
    ]
    early = [nodes[it]["name"] for it in read if GATE not in proofs.ancestors(it)]
    assert sorted(early) == ["int_customer_links", "int_customer_survivors"]
    assert len(read) > 50


@pytest.mark.slow
def test_a_broken_seed_stops_every_mart(good: Good) -> None:
    """One defect of the rules of actions; and what the reader of a seed and the engine find."""
    edits: Edits = {
        "action_rules": by_rows(put("vip", action_code="hug")),
        "tiers": by_rows(put("medium", tier_rank="1,000")),
        "tier_rules": by_rows(put("live_low", valid_from="2026-02-30")),
        "lifecycle_rules": lambda text: text.replace("no order yet\n", "no order yet,and more\n"),
    }
    one = {"action_rules": edits["action_rules"]}
    for broken in (one, edits):
        with good.edited(broken):
            output = good.dbt("build", *WITHOUT, expect=None)
        assert re.search(r"ERROR=[1-9]", output), output
        assert "Traceback" not in output
        assert good.marts() == good.before
        results = json.loads((good.work / "target" / "run_results.json").read_text("utf-8"))
        made = {it["unique_id"]: it["status"] for it in results["results"]}
        models = [it.rsplit(".", 1)[-1] for it in made if it.startswith("model.strata.")]
        marts = {it for it in models if not it.startswith(("int_", "stg_"))}
        assert len(marts) > 20
        of_data = {*marts, "int_customers_unified", "int_orders_checked"}
        assert {made[f"model.strata.{it}"] for it in of_data} == {"skipped"}
        if broken is one:
            assert "seeds: action_rules, vip: the outcome hug is not in actions" in output
    told = [
        ("tiers.csv line 4", "medium", "tier_rank", "1,000"),
        ("tier_rules.csv",),
        ("ine: 6",),
        ("live_low", "2026-02-30"),
        ("lifecycle_rules.csv",),
        ("14 values", "13 columns"),
    ]
    assert untold(output.splitlines(), told) == [], output


def test_unknown_rule_set_is_named(good: Good) -> None:
    """With the rule sets that there are."""
    edit = by_rows(add("candidate", "live_otherwise", rule_set="spring"))
    select = ("build", *WITHOUT, "--select", "tier_rules", "int_rules_in_force")
    with good.edited({"tier_rules": edit}):
        output = good.dbt(*select, variables={"tier_rule_set": "liv"}, expect=1)
    assert good.marts() == good.before
    assert re.search(r"seeds: .*tier_rule_set is liv,.*: live, spring", output)


@pytest.mark.slow
def test_a_sound_change_passes(good: Good) -> None:
    """The guards let a change of thresholds from a day on pass; here of a rule nobody meets."""
    edit = by_rows(
        put("live_vip", valid_to="2026-01-01"),
        add("live_vip_2026", "live_vip", valid_from="2026-01-01", valid_to="", orders_12m=">=24"),
    )
    with good.edited({"tier_rules": edit}):
        good.dbt("build", *WITHOUT)
    assert good.marts() == good.before
