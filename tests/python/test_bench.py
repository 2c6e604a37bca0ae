"""The benchmark: its peers agree, its tables say what was measured, its failures are clear."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from strata.bench import next_day, peer_duckdb, peer_pandas, peer_polars, peers
from strata.bench.measure import ChildFailedError, Measurement, measure
from strata.bench.report import GIBIBYTE, DbtRun, Node, Report, Timing
from strata.bench.workspace import Data, Step, Workspace
from strata.cli import app
from strata.demo.generator import DemoData
from strata.demo.schema import SCHEMAS
from strata.demo.timeline import AS_OF
from strata.demo.writer import FolderWriter

PEERS: dict[str, Callable[[Path, Path], None]] = {
    "pandas": peer_pandas.main,
    "polars": peer_polars.main,
    "duckdb": peer_duckdb.main,
}
COLUMNS = (
    "lifetime_orders",
    "days_since_last_order",
    "orders_12m",
    "revenue_12m",
    "recency_score",
    "frequency_score",
    "monetary_score",
    "bgnbd_frequency",
    "bgnbd_recency_days",
    "bgnbd_age_days",
    "bgnbd_monetary",
)


def bench(*options: object) -> Result:
    """Run `strata bench`."""
    return CliRunner().invoke(app, ["bench", *map(str, options)])


def rows(file: Path) -> dict[str, tuple[str, tuple[float | None, ...]]]:
    """Read the tier and the figures of each customer."""
    found = duckdb.sql(
        f"select customer_id, tier_code, {', '.join(f'{name}::double' for name in COLUMNS)} "
        f"from read_parquet('{file}')"
    ).fetchall()
    result = {row[0]: (row[1], tuple(row[2:])) for row in found}
    assert len(result) == len(found)
    return result


# ---- the peers


def test_peers_agree_on_generated_data(tmp_path: Path) -> None:
    with FolderWriter(tmp_path, "parquet") as writer:
        for _, batches in DemoData(300, seed=7, orders_per_customer=20):
            writer.append(batches)
    results = {}
    for name, peer in PEERS.items():
        peer(tmp_path, tmp_path / f"{name}.out")
        results[name] = rows(tmp_path / f"{name}.out")
    assert {tier for tier, _ in results["pandas"].values()} == {
        "potential",
        "low",
        "medium",
        "high",
    }
    for one, other in combinations(results.values(), 2):
        assert set(one) == set(other)
        for customer_id, (tier, figures) in one.items():
            other_tier, other_figures = other[customer_id]
            assert tier == other_tier
            for name, figure, other_figure in zip(COLUMNS, figures, other_figures, strict=True):
                assert (figure is None) == (other_figure is None), name
                if figure is not None:
                    assert figure == pytest.approx(other_figure, abs=1e-6), name


def order(customer_id: str | None, moment: str, amount: str, **values: str) -> dict[str, object]:
    """Make an order: paid and in the reporting currency if not said otherwise."""
    return {
        "customer_id": customer_id,
        "ordered_at": datetime.fromisoformat(moment),
        "amount": Decimal(amount),
        "status": "paid",
        "currency": "CNY",
        **values,
    }


@pytest.mark.parametrize("name", PEERS)
def test_peer_gives_the_figures_worked_out_by_hand(name: str, tmp_path: Path) -> None:
    orders = [
        # UTC + 8 hours: the first two are of one business day, the third of the next.
        order("once", "2026-06-13 16:00", "100"),
        order("once", "2026-06-14 15:59", "50"),
        order("twice", "2026-06-05 16:00", "60000"),
        order("twice", "2025-06-15 15:59", "7"),
        order("twice", "2025-06-16 00:00", "10", currency="USD"),
        # Twelve months exclude 2025-06-15; the as-of day ends at 16:00 UTC.
        order("edge", "2025-06-15 15:59", "10"),
        order("edge", "2026-06-15 15:59", "20", status="completed"),
        order("edge", "2026-06-15 16:00", "40"),
        *(order("often", f"2026-01-{day:02} 04:00", "10000") for day in range(1, 13)),
        order("none", "2026-06-01 04:00", "1", status="cancelled"),
        order("none", "2026-06-01 04:00", "1", currency="XXX"),
        order(None, "2026-06-01 04:00", "1"),
        order("unknown", "2026-06-01 04:00", "1"),
    ]
    customers = ["once", "twice", "twice", "edge", "often", "none", None]
    pq.write_table(pa.table({"customer_id": pa.array(customers)}), tmp_path / "customers.parquet")
    fields = [SCHEMAS["orders"].field(column) for column in orders[0]]
    pq.write_table(pa.Table.from_pylist(orders, pa.schema(fields)), tmp_path / "orders.parquet")
    PEERS[name](tmp_path, tmp_path / "out.parquet")

    rates = peers.monthly_rates()
    keys = list(zip(rates["currency"], rates["month_index"], strict=True))
    dollars = 10 * float(rates["rate"][keys.index(("USD", 2025 * 12 + 6))])
    result = rows(tmp_path / "out.parquet")
    measures = {key: (tier, figures[:4]) for key, (tier, figures) in result.items()}
    inputs = {key: figures[7:] for key, (_, figures) in result.items()}
    assert measures == {
        "once": ("low", (2, 1, 2, 150)),
        "twice": ("medium", (3, 9, 2, pytest.approx(60000 + dollars))),
        "edge": ("low", (2, 0, 1, 20)),
        "often": ("high", (12, 154, 12, 120000)),
        "none": ("potential", (0, None, 0, 0)),
    }
    assert inputs == {
        "once": (0, 0, 1, 0),
        "twice": (2, 356, 365, pytest.approx((60000 + dollars) / 2)),
        "edge": (1, 365, 365, 20),
        "often": (11, 11, 165, 10000),
        "none": (None, None, None, None),
    }
    recency, frequency, monetary = zip(
        *(result[key][1][4:7] for key in ("often", "twice", "once", "edge")), strict=True
    )
    assert recency == (1, 2, 4, 5)
    assert frequency == (4, 2, 2, 1)
    assert monetary == (5, 4, 2, 1)


def test_peers_know_the_seeds() -> None:
    root = Path(__file__).parents[2] / "seeds"
    sales = duckdb.sql(
        f"select status from '{root}/crm/order_statuses.csv' where is_sale order by status"
    )
    assert peers.AS_OF == AS_OF
    assert [row[0] for row in sales.fetchall()] == sorted(peers.SALE_STATUSES)
    rules = duckdb.sql(
        f"""
        select tier_code, net_revenue_12m, orders_12m
        from read_csv('{root}/tiers/tier_rules.csv', all_varchar = true)
        where rule_id in ('live_high', 'live_low')
        order by tier_code
        """
    )
    assert rules.fetchall() == [
        ("high", f">{peers.HIGH_REVENUE}", f">={peers.HIGH_ORDERS}"),
        ("low", f"<{peers.LOW_REVENUE}", f"<{peers.LOW_ORDERS}"),
    ]


def test_rates_are_those_of_the_period_of_the_month(tmp_path: Path) -> None:
    seed = tmp_path / "rates.csv"
    seed.write_text(
        "currency,to_currency,valid_from,valid_to,rate\n"
        "USD,CNY,2026-02-01,2026-04-01,7\nUSD,CNY,2026-04-01,,8\nCNY,USD,2026-02-01,,0.13\n"
    )
    rates = peers.monthly_rates(seed)
    months = [peers.month_index(date(2026, month, 1)) for month in range(2, 7)]
    assert rates["currency"] == ["USD"] * 5 + ["CNY"] * 5
    assert rates["month_index"] == months * 2
    assert rates["rate"] == [7, 7, 8, 8, 8, 1, 1, 1, 1, 1]


# ---- measuring


def test_measures_time_and_peak_memory(tmp_path: Path) -> None:
    code = "import time; block = bytearray(400_000_000); time.sleep(0.3); print('done')"
    # from a process of its own: the most that the one of the tests ever held would count too
    measuring = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from strata.bench.measure import measure
command, log_file = [sys.executable, "-c", sys.argv[1]], Path("log")
print(json.dumps(asdict(measure(command, directory=Path(), environment={}, log_file=log_file))))
"""
    command = [sys.executable, "-c", measuring, code]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    found = Measurement(**json.loads(told.stdout))
    assert 0.3 < found.seconds < 60
    assert 400_000_000 < found.peak_bytes < 800_000_000
    assert (tmp_path / "log").read_text() == "done\n"


def test_measures_what_a_folder_held_at_most(tmp_path: Path) -> None:
    code = """
import os, pathlib, time
pathlib.Path("spill").mkdir()
for size in (1, 9, 3):
    pathlib.Path("spill/block").write_bytes(os.urandom(size * 1_000_000))
    time.sleep(size / 3)
pathlib.Path("spill/block").unlink()
"""
    found = measure(
        [sys.executable, "-c", code],
        directory=tmp_path,
        environment={},
        log_file=tmp_path / "log",
        spill=tmp_path / "spill",
    )
    assert 9_000_000 <= found.spill_bytes < 9_100_000


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ([sys.executable, "-c", "raise SystemExit(3)"], "exit code 3"),
        ([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], "killed by signal 9"),
        (["/does/not/exist"], "cannot start /does/not/exist: No such file or directory"),
    ],
)
def test_a_child_that_does_not_end_well_is_an_error(
    command: list[str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ChildFailedError, match=f"^{message}$"):
        measure(command, directory=tmp_path, environment={}, log_file=tmp_path / "log")


# ---- the report


def seconds_and_gib(*pairs: tuple[float, float]) -> tuple[Measurement, ...]:
    return tuple(Measurement(seconds, seconds, int(gib * GIBIBYTE)) for seconds, gib in pairs)


def given_report() -> Report:
    nodes = tuple(Node(f"model_{number}", "model", 20.0 - number) for number in range(12))
    return Report(
        Data(1000, 10.0, 7),
        "6GB",
        24,
        2,
        {"customers": 1000, "orders": 10000, "web_events": 5},
        (
            Timing("a", "full", seconds_and_gib((110, 1.5), (100, 2.25), (90, 1))),
            Timing("b", "next day", seconds_and_gib((25, 1), (26, 1), (24, 1))),
            Timing("c", "pandas", seconds_and_gib((50, 3), (50, 3), (1234.5, 3))),
        ),
        DbtRun(nodes, ("customers", "orders"), 96.0),
    )


def shown(report: Report) -> list[list[str]]:
    """Return the cells of each line of the tables; a line that is not of a table is one cell."""
    console = Console(file=io.StringIO(), width=100)
    console.print(report.render())
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    return [[cell.strip() for cell in line.strip("│ ").split("│")] for line in lines]


def test_tables_show_the_measurements() -> None:
    cells = shown(given_report())
    assert ["(a) full", "100.00", "100.00", "90.00..110.00", "2.00", "2.25", "0.00"] in cells
    assert ["(b) next day", "25.00", "25.00", "24.00..26.00", "0.50", "1.00", "0.00"] in cells
    assert ["(c) pandas", "50.00", "50.00", "50.00..1,234.50", "1.00", "3.00", "0.00"] in cells
    assert ["(b) takes 0.25 of (a)."] in cells
    assert ["(a) reads 11,000 rows of 2 raw tables: 110 rows per second."] in cells
    assert ["(a) spends 4.00 s before its first node."] in cells
    assert ["model_0", "model", "20.00"] in cells
    assert ["model_9", "model", "11.00"] in cells
    assert not any("model_10" in line for line in cells)


def test_a_build_of_everything_is_compared_with_nothing() -> None:
    timing = Timing("a", "dbt build", (Measurement(100, 90, GIBIBYTE, 2**31),))
    report = replace(given_report(), timings=(timing,))
    cells = shown(report)
    assert ["(a) dbt build", "100.00", "90.00", "100.00..100.00", "1.00", "2.00"] in cells
    assert any("24 closed months, 1 run" in line[0] for line in cells)
    assert not any("(b)" in line[0] for line in cells)
    found = report.as_json()
    assert found["steps"][0]["spill_gib"] == [2]
    assert found["steps"][0]["ratio_to_pandas"] is found["next_day_ratio"] is None


def test_json_has_every_run_and_the_machine() -> None:
    found = json.loads(json.dumps(given_report().as_json()))
    assert found["steps"][0]["seconds"] == [110, 100, 90]
    assert [step["ratio_to_pandas"] for step in found["steps"]] == [2, 0.5, 1]
    assert found["steps"][0]["peak_gib"] == [1.5, 2.25, 1]
    assert found["rows_per_second"] == 110
    assert len(found["dbt_nodes"]) == 12
    assert found["machine"]["cores"] >= 1
    assert found["machine"]["versions"]["duckdb"] == duckdb.__version__


def test_the_nodes_are_those_of_the_median_run() -> None:
    runs = seconds_and_gib((3, 1), (1, 1), (4, 1), (2, 1))
    assert Timing("a", "four runs", runs).median_seconds == 2.5
    assert Timing("a", "four runs", runs).median_run == 3


# ---- the command


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the commands of the steps by quick ones that leave what dbt leaves."""
    real_steps = Workspace.steps

    def steps(workspace: Workspace) -> list[Step]:
        code = """
import json, pathlib, sys
target = pathlib.Path(sys.argv[1])
target.mkdir(exist_ok=True)
results = [
    {"unique_id": "test.strata.tiers_are_known.0123456789", "execution_time": 0.25},
    {"unique_id": "model.strata.stg_crm__orders", "execution_time": 0.5},
]
(target / "run_results.json").write_text(json.dumps({"results": results, "elapsed_time": 0.01}))
parents = {"model.strata.stg_crm__orders": ["source.strata.crm.orders", "seed.strata.tiers"]}
(target / "manifest.json").write_text(json.dumps({"parent_map": parents}))
"""
        return [
            Step(
                step.key,
                step.title,
                (sys.executable, "-c", code, str(step.target)) if step.target else ("true",),
                step.stale,
                step.target,
            )
            for step in real_steps(workspace)
        ]

    monkeypatch.setattr(Workspace, "steps", steps)


@pytest.mark.usefixtures("stubbed")
def test_command_times_all_steps_and_reuses_the_data(tmp_path: Path) -> None:
    options = ["--customers", "200", "--orders-per-customer", "2", "--dir", str(tmp_path)]
    result = bench(*options, "--runs", 2)
    assert result.exit_code == 0, result.output
    assert "(e) one DuckDB statement" in result.output
    assert "stg_crm__orders" in result.output
    folder = tmp_path / "200x2"
    found = json.loads((folder / "results.json").read_text())
    assert [step["key"] for step in found["steps"]] == ["a", "b", "c", "d", "e", "f"]
    assert {len(step["seconds"]) for step in found["steps"]} == {2}
    assert found["dbt_nodes"] == [
        {"name": "stg_crm__orders", "kind": "model", "seconds": 0.5},
        {"name": "tiers_are_known", "kind": "test", "seconds": 0.25},
    ]
    assert found["rows_read"] == found["raw_rows"]["orders"] > 0

    orders = folder / "raw" / "orders.parquet"
    written, contents = orders.stat().st_mtime_ns, orders.read_bytes()
    assert bench(*options, "--runs", 1).exit_code == 0
    assert orders.stat().st_mtime_ns == written
    assert bench(*options, "--runs", 1, "--seed", 8).exit_code == 0
    assert orders.read_bytes() != contents
    orders.unlink()
    assert bench(*options, "--runs", 1).exit_code == 0
    assert orders.read_bytes() == contents


def test_a_failing_step_ends_with_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "print(*range(100), sep='\\n'); raise SystemExit(3)"
    step = Step("a", "full", (sys.executable, "-c", code))
    monkeypatch.setattr(Workspace, "has_data", lambda _: True)
    monkeypatch.setattr(Workspace, "steps", lambda _: [step])
    result = bench("--customers", 200, "--dir", tmp_path)
    log_file = tmp_path / "200x10" / "logs" / "a-1.log"
    assert result.exit_code == 2
    *shown, line = result.stderr.splitlines()
    assert shown == [str(number) for number in range(85, 100)]
    assert line == (f"strata bench: (a) full failed: exit code 3; all its output is in {log_file}")
    assert not (tmp_path / "200x10" / "results.json").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--customers", "many"], "'many' is not a whole number"),
        (["--customers", "99"], "--customers must be at least 100, not 99"),
        (["--customers", "200", "--runs", "0"], "--runs must be at least 1, not 0"),
        (
            ["--customers", "200", "--memory", "lots"],
            "--memory must be a size such as 6GB, not 'lots'",
        ),
        (["--customers", "200", "--months", "-1"], "--months must not be negative, but is -1"),
        (["--customers", "200", "--threads", "0"], "--threads must be at least 1, not 0"),
        (
            ["--customers", "200", "--dir", __file__],
            f"{__file__} is a file; --dir must be a folder",
        ),
        (["--customers", "200", "--dir", "/proc/none"], None),
    ],
)
def test_a_mistake_gives_one_clear_line(options: list[str], message: str | None) -> None:
    result = bench(*options)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("strata bench: ")
    assert message is None or result.stderr == f"strata bench: {message}\n"


def test_a_mistake_that_the_generator_finds_is_shown(tmp_path: Path) -> None:
    result = bench("--customers", 200, "--orders-per-customer", 0, "--dir", tmp_path)
    assert result.exit_code == 2
    first, last = result.stderr.splitlines()
    assert first.startswith("strata demo: --orders-per-customer must be above 0")
    assert last.startswith("strata bench: data failed: exit code 2")


def test_dbt_steps_share_a_warehouse_and_differ_by_a_day(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, Data(200, 10.0, 7), "6GB")
    full, day_after = workspace.steps()[:2]
    assert "--full-refresh" in full.command
    assert "--full-refresh" not in day_after.command
    assert workspace.warehouse in full.stale
    assert workspace.warehouse not in day_after.stale
    dates = [step.environment["STRATA_AS_OF_DATE"] for step in (full, day_after)]
    assert dates == ["2026-06-15", "2026-06-16"]


def test_the_next_day_goes_on_from_what_dbt_has_parsed(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, Data(200, 10.0, 7), "6GB")
    full, day_after = workspace.steps()[:2]
    settings = [step.command[step.command.index("--vars") + 1] for step in (full, day_after)]
    assert settings[0] == settings[1]
    assert full.target == day_after.target
    assert full.target in full.stale
    assert day_after.stale == ()
    workspace.make_folders()
    for step in (full, day_after):
        step.prepare(workspace.today)
        assert workspace.today.readlink() == step.raw


def test_on_the_next_days_some_rows_change(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("raw", "next_day", "old_orders")]
    with FolderWriter(folders[0], "parquet") as writer:
        for _, batches in DemoData(300, seed=7, orders_per_customer=20):
            writer.append(batches)
    next_day.main(*folders)

    def new(table: str, before: Path, after: Path) -> list[tuple[Any, ...]]:
        return duckdb.sql(
            f"from '{after}/{table}.parquet' except all from '{before}/{table}.parquet'"
        ).fetchall()

    changes = [
        {table: len(new(table, before, after)) for table in SCHEMAS}
        for before, after in pairwise(folders)
    ]
    told = [{table: count for table, count in found.items() if count} for found in changes]
    assert told == [{"customers": 1, "orders": 7, "refunds": 1}, {"orders": 100}]
    old = new("orders", *folders[1:])
    assert {(row[2].year, row[2].month) for row in old} == {(2025, 5), (2025, 6)}


def test_everything_is_one_build_without_a_selection(tmp_path: Path) -> None:
    workspace = Workspace(
        tmp_path, Data(200, 10.0, 7), "6GB", 3, is_everything=True, models_at_a_time=1
    )
    (step,) = workspace.steps()
    words = list(map(str, step.command))
    assert words[words.index("--threads") + 1] == "1"
    assert json.loads(words[words.index("--vars") + 1])["history_months"] == 3
    assert {"--select", "--exclude", "--exclude-resource-type"}.isdisjoint(words)
