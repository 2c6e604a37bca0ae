"""Merges by hand, corrected addresses, and what a run leaves when they are undone."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cases import build_cases, merged, read_case, write_tables
from conftest import Project, copy_project, is_same, read_seed
from raw_data import OPTIONAL_TABLES, write_csv

pytestmark = pytest.mark.slow

FIRST, SECOND = date(2026, 2, 28), date(2026, 6, 15)
HISTORY = ("+customer_tier_history", "+customer_tiers")
OF_ALL_CUSTOMERS = ("value_rank", "pareto_class")
"""Columns that compare with everybody."""
MAILS = {"m1": "ma@x.cn", "m2": "ma@x.cn"}
"""Two people by one address, until it is corrected."""

Rows = dict[tuple[str, date], dict[str, Any]]


class Story(NamedTuple):
    """The rows of the history after each run, and after a full refresh with the last inputs."""

    first: Rows
    second: Rows
    third: Rows
    refreshed: Rows
    second_memberships: list[tuple[Any, ...]]
    project: Project


def write_merges(project: Project, decisions: Sequence[tuple[str, str, str]]) -> None:
    """Write the seed customer_merges."""
    columns = ["from_customer_id", "into_customer_id", "decision", "reason"]
    write_csv(project.seed("customer_merges"), columns, [[*it, "a test"] for it in decisions])


def write_overrides(project: Project, *customers: str) -> None:
    """Write the seed tier_overrides: each is high from 2026 on."""
    columns = list(read_seed("tier_overrides")[0])
    rows = [[it, it, "lock", "high", "a test", "us", "2026-01-01", ""] for it in customers]
    write_csv(project.seed("tier_overrides"), columns, rows)


def stored(project: Project) -> Rows:
    """Return the rows of the history by customer and day."""
    rows = project.records("select * from marts.customer_tier_history")
    return {(row["customer_id"], row["evaluation_date"]): row for row in rows}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Three runs, each with other merges, and a full refresh.

    The cases identity and unmerged share them: what identity has, happens after the first.
    """
    folder = tmp_path_factory.mktemp("story")
    mails = {
        "customers": [
            {"customer_id": it, "email": mail, "country": "CN", "registered_at": f"2024-0{at}-05"}
            for at, (it, mail) in enumerate(MAILS.items(), start=1)
        ],
        "orders": [
            {"order_id": f"m_{it}", "customer_id": it, "ordered_at": "2026-01-20 04:00:00"}
            | {"status": "completed", "currency": "CNY", "amount": "700"}
            for it in MAILS
        ],
    }
    project = copy_project(folder / "story")
    write_overrides(project, "0012345")
    others = ("0777", "0778", "link")
    write_merges(project, [("b", "a", "link"), others])
    vary = {"as_of_date": FIRST}
    build_cases(
        folder, "identity", "unmerged", more=mails, variables=vary, project=project, select=HISTORY
    )
    first = stored(project)

    write_merges(project, [others])
    mails["customers"][1]["email"] = "mb@x.cn"
    tables = merged(("identity", "unmerged"), mails)
    write_tables(folder / "raw", tables)
    project.variables["as_of_date"] = SECOND
    project.make()
    second = stored(project)
    memberships = project.query(
        "select customer_id, records_hash from intermediate.int_customer_fingerprints_of_history"
        " where records_hash is not null"
    )

    write_merges(project, [("m2", "a", "link")])
    project.make(*HISTORY)
    third = stored(project)
    project.dbt(
        *("--warn-error", "build", "--full-refresh", "--select", *HISTORY),
        *("--exclude-resource-type", "test", "unit_test"),
        variables={"history_months": 28},
    )
    return Story(first, second, third, stored(project), memberships, project)


def revenue(rows: Rows, day: date) -> Decimal:
    """Return what the customers of a day had brought by then."""
    return sum(
        (row["lifetime_net_revenue"] for (_, at), row in rows.items() if at == day), Decimal()
    )


def had(day: date) -> Decimal:
    """Return what the shop had by the end of a day."""
    orders = read_case("unmerged")["orders"] + [
        it for it in read_case("identity")["orders"] if it["customer_id"] not in ("z1",)
    ]
    amounts = [Decimal(it["amount"]) for it in orders if it["ordered_at"][:10] <= str(day)]
    return sum(amounts, Decimal()) + (1400 if day >= date(2026, 1, 20) else 0)


def test_a_merge_counts_both(story: Story) -> None:
    row = story.first["a", FIRST]
    assert (row["lifetime_orders"], row["lifetime_net_revenue"]) == (12, 108_000)
    assert not [name for name, _ in story.first if name in ("b", "m2", "0778")]


def test_a_merge_that_is_undone_leaves_no_tier_and_no_money(story: Story) -> None:
    for day in (FIRST, SECOND):
        row = story.second["a", day]
        assert (row["tier_code"], row["lifetime_orders"]) == ("low", 3), day
        assert row["lifetime_net_revenue"] == 27_000
    assert story.second["b", SECOND]["tier_code"] == "medium"
    assert story.second["b", FIRST]["lifetime_net_revenue"] == 81_000


def test_a_corrected_address_undoes_a_merge(story: Story) -> None:
    assert story.first["m1", FIRST]["lifetime_net_revenue"] == 1400
    for name in MAILS:
        assert story.second[name, FIRST]["lifetime_net_revenue"] == 700


def test_other_rows_of_the_case_are_right(story: Story) -> None:
    assert story.second["0012345", SECOND]["tier_code"] == "high"
    assert story.second["0012345", SECOND]["tier_basis"] == "override"
    assert story.second["0777", SECOND]["lifetime_orders"] == 2
    assert ("0778", SECOND) not in story.second
    assert story.second["nam", SECOND]["market"] == "*"
    assert (
        story.project.value("select country from marts.customers where customer_id = 'nam'") == "NA"
    )


@pytest.mark.parametrize("run", ["first", "second", "third", "refreshed"])
def test_the_money_of_every_month_is_counted_once(story: Story, run: str) -> None:
    rows: Rows = getattr(story, run)
    days = sorted({day for _, day in rows})
    assert len(days) > 24
    assert {day: revenue(rows, day) for day in days} == {day: had(day) for day in days}


def test_runs_leave_what_a_full_refresh_makes(story: Story) -> None:
    """After a merge, its undoing and another merge; also the tiers that are held."""
    assert set(story.third) == set(story.refreshed)
    for key, row in story.third.items():
        assert is_same(row.values(), story.refreshed[key].values()), key


def test_who_is_as_before_stays_as_stored(story: Story) -> None:
    """The third run changes nobody else's closed months, but for where they stand among all."""
    changed = {"a", "m2", "0777", "0778"}
    for key, row in story.second.items():
        if key[1] < date(2026, 4, 1) and key[0] not in changed:
            now = story.third[key]
            assert {it: now[it] for it in row if it not in OF_ALL_CUSTOMERS} == {
                it: row[it] for it in row if it not in OF_ALL_CUSTOMERS
            }, key


def test_memberships_are_kept_beside_the_history(story: Story) -> None:
    """Of customers with several records only: by no identifier, and of no erased person."""
    names = {name for name, _ in story.second_memberships}
    assert names == {"0777", "f1", "g1", "n1", "t1", "h1"}
    assert all(re.fullmatch("[0-9a-f]{64}", text) for _, text in story.second_memberships)


@pytest.mark.parametrize(
    "records",
    [
        *[["p1"], ["p2"], ["e1"], ["e2"], ["u1"], ["u2"], ["z2"], ["x1"], ["j1"]],
        *[["f1", "f2"], ["g1", "g2"], ["n1", "n2"], ["t1", "t2"], ["h1", "h2", "h3"]],
    ],
)
def test_who_is_one_person(story: Story, records: list[str]) -> None:
    """An erasure request of z1 leaves z2, for E-notation joins nobody."""
    row = story.second[records[0], SECOND]
    assert row["lifetime_orders"] == 2 * len(records)
    assert not [name for name, _ in story.second if name in records[1:] or name == "z1"]


def test_a_pair_kept_apart_stops_every_mart(tmp_path: Path) -> None:
    """The message names both; nothing that has customers is made."""
    project = copy_project(tmp_path)
    write_merges(project, [("k1", "k3", "forbid")])
    write_overrides(project)
    write_tables(
        tmp_path / "raw",
        {
            "customers": [
                {"customer_id": "k1", "email": "k@x.cn", "registered_at": "2024-01-05 08:00:00"},
                {"customer_id": "k2", "email": "k@x.cn", "phone": "+8613800138000"},
                {"customer_id": "k3", "phone": "+8613800138000"},
            ],
            "orders": [
                {"order_id": "o1", "customer_id": "k1", "status": "paid", "currency": "CNY"}
                | {"ordered_at": "2026-03-10 04:00:00", "amount": "10"}
            ],
        },
    )
    variables = {"raw_path": str(tmp_path / "raw"), "missing_sources": OPTIONAL_TABLES}
    project.dbt(
        "build",
        *("--exclude-resource-type", "unit_test"),
        variables=variables | {"as_of_date": "2026-06-15"},
        expect=1,
    )
    assert (
        "customer_merges, k1, k3: kept apart, yet connected through others as k1" in project.output
    )
    made = project.query(
        "select table_name from information_schema.tables where table_schema = 'marts'"
    )
    assert {name for (name,) in made} <= {"rfm_cut_points", "campaign_effects"}
