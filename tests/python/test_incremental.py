"""Runs that follow one another leave what one full refresh makes, and the past as it was."""

import calendar
import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
from conftest import ROOT, Project, Row, copy_project, is_same, read_seed, together
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from raw_data import MISSING, Customer, Order, RawData, Refund, invent, write_csv

pytestmark = pytest.mark.slow

MARTS = ("customer_tier_history", "customer_tiers", "customer_tier_changes")
SELECT = tuple(f"+{mart}" for mart in MARTS)
OF_ALL_CUSTOMERS = ("value_rank", "pareto_class")
FIRST_DATA_DAY = date(2023, 6, 1)


def month_start(day: date, months_back: int = 0) -> date:
    """Return the first day of the month so many months before that of a day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months_back, 12)
    return date(year, month + 1, 1)


def month_end(day: date) -> date:
    """Return the last day of a month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def months_between(first: date, last: date) -> int:
    """Return the number of months from the month of one day to that of another."""
    return (last.year - first.year) * 12 + last.month - first.month


def project_in(folder: Path, **variables: object) -> Project:
    """Return a project whose raw data are in the folder."""
    raw = {"raw_path": str(folder / "raw"), "missing_sources": MISSING}
    return Project(ROOT, folder, raw | variables)


class Plan(NamedTuple):
    """A sequence of runs: the day of each, and the two vars that shape what they recompute."""

    days: list[date]
    history_months: int
    restatement_months: int


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Draw three runs that are days to months apart; the simplest has late rows to restate."""
    start = date(2024, 7, 1) + timedelta(days=draw(st.integers(0, 364).map(lambda it: 364 - it)))
    gaps = st.integers(0, 100).map(lambda it: (it + 40) % 101)
    second = start + timedelta(days=draw(gaps))
    days = [start, second, second + timedelta(days=draw(gaps))]
    history_months = draw(st.sampled_from((4, 2, 3, 5)))
    return Plan(days, history_months, draw(st.sampled_from((2, 0, 1, 3))))


def first_open_days(plan: Plan) -> list[date]:
    """Return the first day of the months that each run can change, by the words of the design.

    A run evaluates the current date and the end of each month that has closed since the last run;
    changed facts restate the last restatement_months closed months.
    """
    opened = [date.min]
    for last, day in pairwise(plan.days):
        opened.append(min(month_start(day, plan.restatement_months), month_start(last)))
    return opened


def arrivals(random: Random, plan: Plan, data: RawData) -> list[RawData]:
    """Let each fact arrive in time or late, but before its month is frozen; return the raw data.

    Some customers arrive only with a later run, with their whole past; the lines of an order, which
    have no day of their own, arrive with it.
    """
    opened = first_open_days(plan)
    known_from = {
        customer.customer_id: random.choice((0, 0, 0, 0, 0, 1, 2)) for customer in data.customers
    }
    customer_of = {order.order_id: order.customer_id for order in data.orders}

    def run_of(customer_id: str, day: date) -> int:
        """Return the run whose raw data have a fact for the first time."""
        in_time = next((run for run, last in enumerate(plan.days) if day <= last), 2)
        runs = [run for run in range(in_time, 3) if run == in_time or day >= opened[run]]
        return max(known_from[customer_id], random.choice(runs))

    order_runs = {it.order_id: run_of(it.customer_id, it.day) for it in data.orders}
    refund_runs = {
        it.refund_id: max(order_runs[it.order_id], run_of(customer_of[it.order_id], it.day))
        for it in data.refunds
    }
    event_runs = {it.event_id: run_of(it.customer_id, it.day) for it in data.events}
    contact_runs = {it.interaction_id: run_of(it.customer_id, it.day) for it in data.interactions}
    answer_runs = {it.feedback_id: run_of(it.customer_id, it.day) for it in data.feedback}
    return [
        RawData(
            [it for it in data.customers if known_from[it.customer_id] <= run],
            [it for it in data.orders if order_runs[it.order_id] <= run],
            [it for it in data.refunds if refund_runs[it.refund_id] <= run],
            items=[it for it in data.items if order_runs[it.order_id] <= run],
            events=[it for it in data.events if event_runs[it.event_id] <= run],
            interactions=[it for it in data.interactions if contact_runs[it.interaction_id] <= run],
            feedback=[it for it in data.feedback if answer_runs[it.feedback_id] <= run],
        )
        for run in range(3)
    ]


@settings(
    max_examples=1,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(plan=plans(), seed=st.integers(0, 2**32))
def test_runs_in_sequence_are_one_full_refresh(
    tmp_path_factory: pytest.TempPathFactory, plan: Plan, seed: int
) -> None:
    """But for ranks and Pareto classes in months that may not be restated when somebody arrives."""
    folder = tmp_path_factory.mktemp("sequence")
    data = invent(seed, FIRST_DATA_DAY, plan.days[-1])
    raws = arrivals(Random(seed), plan, data)
    assert len(raws[-1].orders) > len(raws[0].orders)
    sequence = project_in(folder / "sequence", restatement_months=plan.restatement_months)
    refresh = project_in(folder / "refresh")

    def run_in_sequence() -> None:
        for day, raw in zip(plan.days, raws, strict=True):
            raw.write(folder / "sequence" / "raw")
            sequence.make(
                *SELECT, variables={"as_of_date": day, "history_months": plan.history_months}
            )

    def run_at_once() -> None:
        raws[-1].write(folder / "refresh" / "raw")
        months = months_between(plan.days[0], plan.days[-1]) + plan.history_months
        refresh.make(*SELECT, variables={"as_of_date": plan.days[-1], "history_months": months})

    together(run_in_sequence, run_at_once)
    last_open = f"evaluation_date >= date '{first_open_days(plan)[-1]}'"
    cases: list[tuple[str, Sequence[str], str]] = [(mart, (), "true") for mart in MARTS[1:]]
    cases += [(MARTS[0], OF_ALL_CUSTOMERS, "true"), (MARTS[0], (), last_open)]
    for mart, but, where in cases:
        rows = sequence.rows(f"marts.{mart}", but, where)
        others = refresh.rows(f"marts.{mart}", but, where)
        assert rows
        assert len(rows) == len(others), mart
        for row, other in zip(rows, others, strict=True):
            assert is_same(row, other), mart
    dates = sequence.query("select distinct evaluation_date from marts.customer_tier_history")
    assert len(dates) == plan.history_months + 1 + months_between(plan.days[0], plan.days[-1])


# One story, run by run

FIRST_RUN, SECOND_RUN, LAST_RUN = date(2025, 3, 10), date(2025, 6, 20), date(2025, 7, 2)
FROZEN = [date(2024, 10, 31), date(2024, 11, 30), date(2024, 12, 31), date(2025, 1, 31)]
FROZEN += [date(2025, 2, 28)]
OPEN = [date(2025, 3, 31), date(2025, 4, 30), date(2025, 5, 31), SECOND_RUN]
REGISTERED = date(2024, 1, 15)
TIER_COLUMNS = ("tier_code", "tier_rank", "tier_basis", "held_tier_code", "is_current")


def orders_of(customer_id: str, *days: date, amount: int = 900) -> list[Order]:
    """Return one order a day."""
    return [Order(f"{customer_id}_{day}", customer_id, day, amount=Decimal(amount)) for day in days]


def first_data() -> RawData:
    """Return what is known on the first run."""
    data = invent(7, FIRST_DATA_DAY, FIRST_RUN, customers=10)
    shared = {"twin": "Twin@example.org", "erased": "gone@example.org", "alias": "gone@example.org"}
    for name in ("late", "twin", "erased", "alias", "deleted", "cancelled"):
        registered = REGISTERED + timedelta(days=20 if name == "alias" else 0)
        data.customers.append(Customer(name, registered, email=shared.get(name)))
        data.orders += orders_of(name, date(2024, 9, 5), date(2025, 1, 20))
    # who will be erased: with subsidiaries, with a key twice, with a row that is unsound, linked to
    # an unsound row, named by that of another, and without a row
    data.customers += [
        Customer("boss_gone", REGISTERED, email="boss_gone@example.org"),
        Customer("branch", REGISTERED, parent_id="boss_gone"),
        Customer("unsound_branch", REGISTERED, deleted_at="soon", parent_id="boss_gone"),
        Customer("shadow_gone", REGISTERED, deleted_at="soon", email="boss_gone@example.org"),
        Customer("asker_gone", REGISTERED, deleted_at="soon", email="asked_gone@example.org"),
        Customer("asked_gone", REGISTERED, email="asked_gone@example.org"),
        Customer("double_gone", REGISTERED, email="double_gone@example.org"),
        Customer("double_gone", REGISTERED, email="other_gone@example.org"),
        Customer("unsound_gone", REGISTERED, deleted_at="soon", email="unsound_gone@example.org"),
    ]
    for name in ("boss", "double", "double", "unsound", "shadow", "asker", "asked", "former"):
        data.orders += orders_of(f"{name}_gone", date(2024, 10, 10))
    refund = Refund("double_gone", "double_gone_2024-10-10", date(2024, 10, 20), Decimal(1))
    data.refunds += [refund, refund]
    data.orders += orders_of("boss_gone", date(2024, 10, 11), amount=-1)
    data.customers.append(Customer("early", date(2024, 12, 5)))
    data.orders += orders_of("early", date(2025, 1, 2))
    data.customers.append(Customer("unborn", date(2025, 1, 10)))
    data.orders += orders_of("unborn", date(2024, 11, 11))
    return data


def second_data() -> RawData:
    """Return what is known on the second run."""
    data = first_data()
    data.erased += ["alias", "boss_gone", "double_gone", "unsound_gone", "asker_gone"]
    data.erased.append("former_gone")
    data.customers = [
        it._replace(deleted_at="2025-04-01 08:00:00") if it.customer_id == "deleted" else it
        for it in data.customers
    ]
    # an order of a frozen month arrives late, a refund of one is dated in an open month
    data.orders += orders_of("late", date(2024, 12, 15), amount=60_000)
    data.refunds.append(Refund("late", "late_2025-01-20", date(2025, 4, 3), Decimal("450.00")))
    # the first order is older than the registration, or is cancelled
    data.orders += orders_of("early", date(2024, 10, 20))
    data.orders = [
        it._replace(status="cancelled") if it.customer_id in ("unborn", "cancelled") else it
        for it in data.orders
    ]
    # another owner is no news of a month
    data.customers = [it._replace(owner_id="71") for it in data.customers]
    # records that come late: of a new person, of a person who is there, and a true newcomer
    data.customers.append(Customer("found", date(2023, 1, 1), "US"))
    data.orders += orders_of("found", date(2023, 2, 1), date(2024, 8, 8), amount=70_000)
    data.customers.append(Customer("elder", date(2022, 2, 2), email="twin@example.org "))
    data.orders += orders_of("elder", date(2024, 7, 7), amount=55_000)
    data.customers.append(Customer("young", date(2025, 4, 2)))
    data.orders += orders_of("young", date(2025, 5, 5), date(2025, 6, 10))
    return data


Seed = list[dict[str, str]]


class Story(NamedTuple):
    """The rows of the history after each run, and what a full refresh gives instead."""

    project: Project
    first: dict[tuple[str, date], dict[str, Any]]
    second: dict[tuple[str, date], dict[str, Any]]
    refreshed: dict[tuple[str, date], dict[str, Any]]
    told: str


def stored(project: Project) -> dict[tuple[str, date], dict[str, Any]]:
    """Return the rows of the history by customer and day."""
    rows = project.records("select * from marts.customer_tier_history")
    return {(row["customer_id"], row["evaluation_date"]): row for row in rows}


def without(row: dict[str, Any], *columns: str) -> dict[str, Any]:
    """Return a row without some columns."""
    return {name: value for name, value in row.items() if name not in columns}


def days_of(rows: dict[tuple[str, date], Any], customer_id: str) -> list[date]:
    """Return the days on which a customer has a row."""
    return sorted(day for name, day in rows if name == customer_id)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("story")
    project = project_in(folder / "story", restatement_months=1, history_months=5)
    refresh = project_in(folder / "refresh", history_months=8, as_of_date=SECOND_RUN)
    first_data().write(folder / "story" / "raw")
    second_data().write(folder / "refresh" / "raw")
    together(
        lambda: project.make(variables={"as_of_date": FIRST_RUN}),
        lambda: refresh.make("+customer_tier_history"),
    )
    first = stored(project)
    second_data().write(folder / "story" / "raw")
    told = project.make(variables={"as_of_date": SECOND_RUN})
    return Story(project, first, stored(project), stored(refresh), told)


def test_months_not_stored_at_their_end_are_recomputed(story: Story) -> None:
    assert sorted({day for _, day in story.first}) == [*FROZEN, FIRST_RUN]
    assert sorted({day for _, day in story.second}) == FROZEN + OPEN


def test_frozen_months_stay_as_they_were(story: Story) -> None:
    gone = {"erased", "alias", "deleted", "twin", "boss_gone", "double_gone", "asked_gone"}
    kept = {key: row for key, row in story.first.items() if key[1] in FROZEN and key[0] not in gone}
    assert len(kept) > 50
    for key, row in kept.items():
        assert without(story.second[key], "is_current") == without(row, "is_current")
    late = ("late", date(2024, 12, 31))
    assert story.second[late]["lifetime_orders"] == 1
    assert story.refreshed[late]["lifetime_orders"] == 2


def test_what_a_full_refresh_would_change_is_told(story: Story) -> None:
    def revenues(rows: dict[tuple[str, date], dict[str, Any]]) -> dict[str, Decimal]:
        return {
            name: it["lifetime_net_revenue"]
            for (name, day), it in rows.items()
            if day == FROZEN[-1]
        }

    reported, now = revenues(story.second), revenues(story.refreshed)
    other = {it for it in reported | now if reported.get(it) != now.get(it)}
    money = sum(abs(reported.get(it, Decimal(0)) - now.get(it, Decimal(0))) for it in other)
    assert len(other) > 1
    assert "closed months written anew: those of " in story.told
    assert (
        "closed months up to 2025-02-28 stay as reported (restatement_months): a full refresh"
        f" would change those of {len(other)} customers, by {money:,.2f} of net revenue\n"
        in story.told
    )
    assert "edited in place" not in story.told


def test_open_months_have_all_that_is_known_now(story: Story) -> None:
    compared = 0
    for key, row in story.refreshed.items():
        if key[1] in OPEN:
            compared += 1
            told = without(story.second[key], *TIER_COLUMNS)
            assert is_same(told.values(), without(row, *TIER_COLUMNS).values()), key
    assert compared > 50
    assert story.second["late", SECOND_RUN]["lifetime_orders"] == 3
    assert story.second["late", SECOND_RUN]["lifetime_refunded"] == 450
    assert {key for key in story.second if key[1] in OPEN} == {
        key for key in story.refreshed if key[1] in OPEN
    }


@pytest.mark.parametrize(
    "name", ["erased", "boss_gone", "double_gone", "asked_gone", "deleted", "twin"]
)
def test_who_is_gone_is_gone_from_every_month(story: Story, name: str) -> None:
    """Erased, deleted, and merged into a survivor who came later."""
    assert days_of(story.first, name)
    assert days_of(story.second, name) == []


@pytest.fixture(scope="module")
def remains(story: Story) -> list[tuple[str, str]]:
    """Return (place, text) of every text in a table that names an erased person."""
    columns = story.project.query(
        "select table_schema || '.' || table_name, column_name from information_schema.columns"
        " inner join information_schema.tables using (table_schema, table_name)"
        " where data_type = 'VARCHAR' and table_type = 'BASE TABLE' and table_schema <> 'seeds'"
    )
    assert len(columns) > 50
    query = " union all ".join(
        f"select distinct '{table}.{column}', {column} from {table}"
        f" where {column} <> 'erased_customer' and regexp_matches({column}, 'gone|erased|alias')"
        for table, column in columns
    )
    return [(place, text) for place, text in story.project.query(query)]


@pytest.mark.parametrize(
    "name",
    [
        "erased",
        "alias",
        "boss_gone",
        "double_gone",
        "unsound_gone",
        "shadow_gone",
        "asker_gone",
        "asked_gone",
        "former_gone",
        "gone@example.org",
        "other_gone@example.org",
    ],
)
def test_of_the_erased_nothing_is_left_in_any_table(
    remains: list[tuple[str, str]], name: str
) -> None:
    """Whatever their rows were: linked, with a subsidiary, twice, malformed, or none."""
    assert [place for place, text in remains if name in text] == []


def test_of_the_erased_only_counts_are_left(story: Story) -> None:
    """Each raw row of theirs is counted once, whatever else is wrong with it."""
    data = second_data()
    erased = re.compile("erased|alias|.*_gone")
    ids = {
        "customers": [it.customer_id for it in data.customers],
        "orders": [it.customer_id for it in data.orders],
        "refunds": [it.order_id for it in data.refunds],
        "erasure_requests": data.erased,
    }
    counts = {table: sum(bool(erased.match(it)) for it in them) for table, them in ids.items()}
    assert counts["customers"] > counts["erasure_requests"] > counts["refunds"] == 2
    told = story.project.query(
        "select source_table, found from marts.data_quality_summary"
        " where check_type = 'exclusion' and check_name = 'erased_customer'"
    )
    assert dict(told) == counts


@pytest.mark.parametrize("name", ["found", "elder"])
def test_a_new_survivor_has_every_stored_month(story: Story, name: str) -> None:
    assert days_of(story.first, name) == []
    assert days_of(story.second, name) == FROZEN + OPEN
    for day in FROZEN + OPEN:
        but = OF_ALL_CUSTOMERS if day in FROZEN else ()
        told = without(story.second[name, day], *but)
        assert is_same(told.values(), without(story.refreshed[name, day], *but).values())
    assert story.second["elder", SECOND_RUN]["lifetime_orders"] == 3


@pytest.mark.parametrize("day", FROZEN)
def test_a_new_survivor_is_ranked_beside_the_stored(story: Story, day: date) -> None:
    """Nobody else's rank in the frozen month moves, so that two may share one."""
    rows = {name: row for (name, at), row in story.second.items() if at == day}

    def worth(name: str) -> tuple[float, Decimal]:
        return round(rows[name]["composite_score"], 6), rows[name]["net_revenue_12m"]

    revenues = [row["net_revenue_12m"] for row in rows.values()]
    for name in ("found", "elder"):
        assert rows[name]["value_rank"] == sum(worth(it) > worth(name) for it in rows) + 1
        share = sum(it for it in revenues if it > rows[name]["net_revenue_12m"]) / sum(revenues)
        expected = "A" if share < Decimal("0.8") else "B" if share < Decimal("0.95") else "C"
        assert rows[name]["pareto_class"] == expected
    assert min(rows[name]["net_revenue_12m"] for name in ("found", "elder")) > 0
    assert min(revenues) >= 0


def test_a_newcomer_has_the_months_since_registration(story: Story) -> None:
    assert days_of(story.second, "young") == [date(2025, 4, 30), date(2025, 5, 31), SECOND_RUN]


def test_last_run_is_current(story: Story) -> None:
    assert {day for (_, day), row in story.second.items() if row["is_current"]} == {SECOND_RUN}


def test_data_tests_hold_after_late_data(story: Story) -> None:
    story.project.dbt(
        "test",
        "--select",
        "test_type:singular",
        "customer_tier_history",
        "--exclude",
        "test_type:unit",
        variables={"as_of_date": SECOND_RUN},
    )


def marts(project: Project) -> dict[str, list[Row]]:
    """Return all rows of all marts."""
    names = project.query(
        "select table_name from information_schema.tables where table_schema = 'marts'"
    )
    return {name: project.rows(f"marts.{name}") for (name,) in names}


def test_a_run_into_the_past_is_refused(story: Story) -> None:
    before = marts(story.project)
    output = story.project.dbt("run", variables={"as_of_date": "2025-06-01"}, expect=2)
    assert "as_of_date 2025-06-01 is earlier than 2025-06-20" in output
    assert "--full-refresh" in output
    assert "Traceback" not in output
    after = marts(story.project)
    changed = [name for name in before if before[name] != after.get(name)]
    assert changed == []


def test_history_alone_is_not_made_from_inputs_of_another_day(story: Story) -> None:
    before = story.project.rows("marts.customer_tier_history")
    options = ("run", "--select", "customer_tier_history")
    output = story.project.dbt(*options, variables={"as_of_date": LAST_RUN}, expect=1)
    assert "Select +customer_tier_history" in output
    assert story.project.rows("marts.customer_tier_history") == before


def test_without_restatement_one_day_is_current(story: Story) -> None:
    """The run after the story: the closed month is computed at its end, no other is touched.

    That a setting is another one by now is told.
    """
    settings = {"as_of_date": LAST_RUN, "restatement_months": 0, "rfm_window_months": 6}
    told = story.project.make(*SELECT, variables=settings)
    assert "until a full refresh (in brackets: how many months): dbt_project.yml (8)\n" in told
    rows = stored(story.project)
    assert sorted({day for _, day in rows}) == [*FROZEN, *OPEN[:-1], date(2025, 6, 30), LAST_RUN]
    assert {day for (_, day), row in rows.items() if row["is_current"]} == {LAST_RUN}
    for key, row in story.second.items():
        if key[1] != SECOND_RUN:
            assert rows[key] == row
    months = defaultdict(set)
    for name, day in rows:
        months[name, day.year, day.month].add(day)
    assert all(len(days) == 1 for days in months.values())


def test_full_refresh_may_go_back(story: Story) -> None:
    """After the others, for it rewrites the story."""
    options = ("run", "--full-refresh", "--select", *SELECT)
    story.project.dbt(*options, variables={"as_of_date": date(2025, 5, 5)})
    days = story.project.query("select distinct evaluation_date from marts.customer_tier_history")
    assert max(days) == (date(2025, 5, 5),)
    assert len(days) == 6


# New thresholds


def dated_today(name: str, today: date, replaced: str, changes: list[dict[str, str]]) -> Seed:
    """Return a seed whose rows with a text in their key end today, and others that begin then."""
    rows = read_seed(name)
    key = next(iter(rows[0]))
    old = [row for row in rows if replaced in row[key] and not row["valid_to"]]
    assert old
    for row in old:
        row["valid_to"] = str(today)
    begun = {"valid_from": str(today), "valid_to": ""}
    return [*rows, *(old[0] | begun | {key: f"new_{it}"} | new for it, new in enumerate(changes))]


def test_new_thresholds_move_nobody_before_their_day(tmp_path: Path) -> None:
    """Run over a stored history or at once, they give the same, and they are told as the cause."""
    today = SECOND_RUN
    raw = invent(11, FIRST_DATA_DAY, today, customers=60).write(tmp_path / "raw")
    variables: dict[str, object] = {"raw_path": str(raw), "missing_sources": MISSING}
    variables |= {"as_of_date": today, "history_months": 3}
    edited = copy_project(tmp_path / "edited", variables)
    refreshed = copy_project(tmp_path / "refreshed", variables)
    lower = [{"orders_12m": "<2", "net_revenue_12m": "<8000"}]
    halves = [
        {"component": "frequency", "measure": "orders_12m", "weight": "0.5", "cap": "10"},
        {"component": "loyalty", "measure": "tenure_days", "weight": "0.5", "cap": "2000"},
    ]

    def edit(project: Project) -> None:
        for name, replaced, changes in (
            ("tier_rules", "live_low", lower),
            ("score_components", "", halves),
        ):
            rows = dated_today(name, today, replaced, changes)
            write_csv(project.seed(name), list(rows[0]), (list(row.values()) for row in rows))

    def run_then_edit() -> tuple[dict[tuple[str, date], dict[str, Any]], list[Row]]:
        edited.make(*SELECT)
        before = stored(edited), edited.rows("marts.customer_tier_changes")
        edit(edited)
        edited.make(*SELECT)
        return before

    def edit_then_run() -> None:
        edit(refreshed)
        refreshed.make(*SELECT)

    (old, old_changes), _ = together(run_then_edit, edit_then_run)
    new, at_once = stored(edited), stored(refreshed)
    assert set(old) == set(new) == set(at_once)
    rescored = 0
    for key, row in new.items():
        assert is_same(row.values(), at_once[key].values()), key
        if key[1] < today:
            assert row == old[key]
        else:
            rescored += row["composite_score"] != old[key]["composite_score"]
    assert rescored > 30
    moved = {
        name
        for (name, day), row in new.items()
        if day == today and row["tier_code"] != old[name, day]["tier_code"]
    }
    changed_anyway = {name for name, *_, day in old_changes if day == today}
    causes = {
        name: cause
        for name, _, _, _, cause, day in edited.rows("marts.customer_tier_changes")
        if day == today
    }
    assert len(moved - changed_anyway) > 3
    assert {causes[name] for name in moved - changed_anyway} == {"rule_change"}
    assert set(causes) <= moved | changed_anyway
