"""A broken seed stops the build before a mart changes, and the message names the seed and row."""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import Project, Row, copy_project
from typer.testing import CliRunner

from strata.cli import app

Rows = list[dict[str, str]]
Break = Callable[[Rows], None]
Words = tuple[str, ...]


class Good(Project):
    """A copy of the project, built once; its seeds are broken one after the other."""

    def __init__(self, copy: Project):
        super().__init__(copy.root, copy.work)
        self.before: list[list[Row]] = []

    def marts(self) -> list[list[Row]]:
        """Return the rows of the marts that depend on rules."""
        return [self.rows(f"marts.{name}") for name in ("customer_tiers", "customer_tier_history")]

    @contextmanager
    def edited(self, seed: str, edit: Callable[[str], str]) -> Iterator[None]:
        """Edit the text of a seed, and put it back at the end."""
        path = self.seed(seed)
        text = path.read_text(encoding="utf-8")
        path.write_text(edit(text), encoding="utf-8")
        assert path.read_text(encoding="utf-8") != text
        try:
            yield
        finally:
            path.write_text(text, encoding="utf-8")

    def failed_build(self, seed: str, edit: Callable[[str], str]) -> str:
        """Build with an edited seed; the build fails without a traceback, the marts stay."""
        with self.edited(seed, edit):
            output = self.dbt("build", "--select", f"{seed}+", expect=1)
        assert "Traceback" not in output
        assert self.marts() == self.before
        return output


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Good:
    project = Good(copy_project(tmp_path_factory.mktemp("rules")))
    demo = ["demo", "--customers", "30", "--out", str(project.root / "demo")]
    assert CliRunner().invoke(app, demo).exit_code == 0
    project.make("+customer_tiers")
    project.before = project.marts()
    assert all(len(rows) > 20 for rows in project.before)
    return project


def by_rows(*breaks: Break) -> Callable[[str], str]:
    """Return an edit of the text that is one of the rows."""

    def edit(text: str) -> str:
        reader = csv.DictReader(text.splitlines())
        assert reader.fieldnames is not None
        rows = list(reader)
        for one in breaks:
            one(rows)
        lines = [",".join(reader.fieldnames)]
        for row in rows:
            cells = (row[name].replace('"', '""') for name in reader.fieldnames)
            lines.append(",".join(f'"{cell}"' if "," in cell else cell for cell in cells))
        return "\n".join(lines) + "\n"

    return edit


def key(row: dict[str, str]) -> str:
    """Return the key of a row, which is in the first column."""
    return next(iter(row.values()))


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


DEFECTS: list[Any] = [
    pytest.param(
        "tier_rules",
        [
            put("live_low", priority="30"),
            put("live_medium", min_orders_12m="12"),
            put("live_vip", tier_code="platinum"),
        ],
        [
            ("live_low", "priority 30", "live_high"),
            ("live_medium", "min_orders_12m 12", "max_orders_12m 12"),
            ("live_vip", "platinum", "tiers"),
        ],
        id="priority_twice_and_min_not_below_max_and_unknown_outcome",
    ),
    pytest.param(
        "tier_rules",
        [
            add("live_abroad", "live_high", market="XX"),
            put("live_low", valid_to="2026-02-01"),
            add("live_low_2026", "live_low", valid_from="2026-01-01", valid_to=""),
            put("live_potential", valid_from="2027-01-01", valid_to="2026-01-01"),
        ],
        [
            ("live_abroad", "market XX"),
            ("live_low", "overlapping", "live_low_2026"),
            ("live_potential", "valid_from", "valid_to"),
        ],
        id="unknown_market_and_overlapping_periods_and_period_that_ends_before_it_begins",
    ),
    pytest.param(
        "tier_rules",
        [add("live_high", "live_high", market="US"), put("live_otherwise", tier_code="")],
        [("live_high", "2 times"), ("live_otherwise", "blank")],
        id="rule_id_twice_and_blank_outcome",
    ),
    pytest.param(
        "tier_rules",
        [
            remove("live_otherwise"),
            add("shadowed", "live_high", priority="35"),
            add("us_high", "live_high", market="US"),
        ],
        [
            ("a gap", "market CN"),
            ("no catch-all", "market CN"),
            ("shadowed", "can never match"),
            ("a gap", "market US"),
        ],
        id="gap_and_unreachable_rule_and_market_with_one_rule",
    ),
    pytest.param(
        "tier_rules",
        [put("live_otherwise", valid_to="2026-03-01")],
        [("no catch-all", "2026-03-01"), ("a gap", "2026-03-01")],
        id="catch_all_that_ends",
    ),
    pytest.param(
        "tier_rules",
        [lambda rows: rows.clear()],
        [("live",)],
        id="no_rules",
    ),
    pytest.param(
        "rfm_segments",
        [remove("lost"), add("shadowed", "loyal", priority="45")],
        [("a gap",), ("no catch-all",), ("shadowed", "can never match")],
        id="segments_gap_and_unreachable_rule",
    ),
    pytest.param(
        "rfm_segments",
        [put("new", segment_code="novel"), put("loyal", priority="50", max_recency_score="3")],
        [
            ("new", "novel", "rfm_segment_labels"),
            ("new", "priority 50", "loyal"),
            ("loyal", "min_recency_score", "max_recency_score"),
        ],
        id="segments_unknown_outcome_and_priority_twice_and_min_not_below_max",
    ),
    pytest.param(
        "rfm_bands",
        [
            put("recency_4", upper_bound="20"),
            remove("frequency_3"),
            put("monetary_5", upper_bound="90000"),
        ],
        [("recency_4", "upper_bound"), ("frequency", "1 to 5"), ("monetary_5", "upper_bound")],
        id="bands_out_of_order_and_missing_and_without_an_end",
    ),
    pytest.param(
        "tier_policies",
        [lambda rows: rows.append(rows[0] | {"valid_from": "2026-01-01"})],
        [("market CN", "2 rows")],
        id="policies_that_overlap",
    ),
    pytest.param(
        "rfm_policies",
        [lambda rows: rows[0].update(valid_from="2025-01-01")],
        [("market CN", "0 rows")],
        id="policies_that_begin_too_late",
    ),
]


@pytest.mark.parametrize(("seed", "breaks", "told"), DEFECTS)
def test_broken_rules_stop_the_build(
    good: Good, seed: str, breaks: list[Break], told: list[Words]
) -> None:
    output = good.failed_build(seed, by_rows(*breaks))
    lines = [line for line in output.splitlines() if f"seeds: {seed}," in line]
    untold = [words for words in told if not any(all(it in ln for it in words) for ln in lines)]
    assert untold == [], lines


FAULTS: list[Any] = [
    pytest.param(
        by_rows(put("live_high", min_orders_12m="twelve")),
        ("tier_rules.csv", "line 4", "live_high", "min_orders_12m", "twelve"),
        id="text_for_a_number",
    ),
    pytest.param(
        by_rows(put("live_low", valid_from="2026-13-01")),
        ("tier_rules.csv", "line 5", "live_low", "valid_from", "2026-13-01"),
        id="month_13",
    ),
    pytest.param(
        by_rows(put("live_low", valid_from="2026-02-30")),
        ("tier_rules.csv", "line 5", "live_low", "valid_from", "2026-02-30"),
        id="february_30",
    ),
    pytest.param(
        by_rows(put("live_high", min_net_revenue_12m="100,000.01")),
        ("tier_rules.csv", "line 4", "live_high", "min_net_revenue_12m", "100,000.01"),
        id="number_with_thousands_separators",
    ),
    pytest.param(
        lambda text: text.replace(",min_orders_12m,", ",min_orders_12,"),
        ("tier_rules.csv", "min_orders_12m", "missing"),
        id="column_missing",
    ),
    pytest.param(
        lambda text: text.replace(",note\n", ",note,remark\n").replace("yet\n", "yet,\n"),
        ("tier_rules.csv", "remark", "not declared"),
        id="column_unknown",
    ),
    pytest.param(
        lambda text: text.replace("no order yet\n", "no order yet,and more\n"),
        ("tier_rules",),
        id="cell_too_many",
    ),
]


@pytest.mark.parametrize(("edit", "told"), FAULTS)
def test_malformed_seeds_are_named_with_line_and_column(
    good: Good, edit: Callable[[str], str], told: Words
) -> None:
    output = good.failed_build("tier_rules", edit)
    assert any(all(words in line for words in told) for line in output.splitlines()), output


def test_a_sound_change_passes(good: Good, tmp_path: Path) -> None:
    """The guards do not stop a change of thresholds from a day on."""
    edit = by_rows(
        put("live_low", valid_to="2026-01-01"),
        add("live_low_2026", "live_low", valid_from="2026-01-01", valid_to="", max_orders_12m="2"),
    )
    with good.edited("tier_rules", edit):
        output = good.dbt("build", "--select", "tier_rules", "int_tier_rules", "int_tier_rule_cells")
    assert "PASS tier_rules_are_complete" in output
