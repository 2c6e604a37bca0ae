"""The demo data generator: reproducible, realistic, dirty in every declared way, all or nothing."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from strata.cli import app
from strata.demo import generator
from strata.demo.dirt import DEFECTS, DUPLICATED, Defect, Text
from strata.demo.schema import KEYS, SCHEMAS

DEMO = Path(__file__).parents[2] / "demo"
MEGABYTE = 1_000_000
runner = CliRunner()


def write(folder: Path, *options: str) -> Path:
    """Run ``strata demo`` and return its folder."""
    result = runner.invoke(app, ["demo", "--out", str(folder), *options])
    assert result.exit_code == 0, result.output
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Read all files of a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """Open the CSV files of a folder as views of text columns."""
    connection = duckdb.connect()
    for table in SCHEMAS:
        connection.execute(
            f"create view {table} as "
            f"from read_csv('{folder / table}.csv', all_varchar = true, header = true, "
            "delim = ',', quote = '\"')"
        )
    return connection


def value(connection: duckdb.DuckDBPyConnection, query: str) -> float:
    """Return the single number of a query."""
    row = connection.execute(query).fetchone()
    assert row is not None
    return float(row[0])


@pytest.fixture(scope="module")
def demo() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(DEMO) as connection:
        connection.execute(
            """
            create table sales as
            select distinct on (orders.order_id)
                orders.order_id,
                orders.customer_id,
                (try_cast(orders.ordered_at as timestamp) + interval 8 hour)::date as order_date,
                orders.amount::double
                * case orders.currency when 'USD' then 7.2 when 'EUR' then 7.8 else 1 end as amount
            from orders
            inner join customers on orders.customer_id = customers.customer_id
            where orders.order_id is not null
                and orders.status in ('paid', 'shipped', 'completed')
                and orders.currency in ('CNY', 'USD', 'EUR')
                and try_cast(orders.amount as double) >= 0
                and try_cast(orders.ordered_at as timestamp)
                between timestamp '2023-06-15 16:00:00' and timestamp '2026-06-15 15:59:00'
            order by orders.order_id, orders.updated_at desc
            """
        )
        yield connection


def test_committed_demo_regenerates_byte_for_byte(tmp_path: Path) -> None:
    again = contents(write(tmp_path / "demo", "--customers", "2000"))
    committed = contents(DEMO)
    assert {name for name in again if again[name] != committed.get(name)} == set()
    assert set(again) == {f"{table}.csv" for table in SCHEMAS}


def test_committed_demo_is_small() -> None:
    assert sum(map(len, contents(DEMO).values())) < 4 * MEGABYTE


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_same_options_give_same_bytes(tmp_path: Path, file_format: str) -> None:
    options = ("--customers", "300", "--seed", "11", "--format", file_format)
    assert contents(write(tmp_path / "a", *options)) == contents(write(tmp_path / "b", *options))


def test_another_seed_gives_other_data(tmp_path: Path) -> None:
    one = contents(write(tmp_path / "a", "--customers", "300", "--seed", "1"))
    two = contents(write(tmp_path / "b", "--customers", "300", "--seed", "2"))
    assert all(one[name] != two[name] for name in one)


@pytest.mark.parametrize("customers", [1, 2, 37, 450])
def test_formats_agree_in_rows_and_columns(tmp_path: Path, customers: int) -> None:
    options = ("--customers", str(customers), "--orders-per-customer", "3")
    csv = connect(write(tmp_path / "csv", *options))
    parquet = write(tmp_path / "parquet", *options, "--format", "parquet")
    for table, schema in SCHEMAS.items():
        typed = pq.read_table(parquet / f"{table}.parquet")
        assert typed.schema.equals(schema)
        assert csv.table(table).columns == schema.names
        assert len(typed) == value(csv, f"select count(*) from {table}")
    assert value(csv, "select count(*) from customers") == customers


def test_chunks_join_without_clashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generator, "CHUNK_CUSTOMERS", 300)
    files = connect(write(tmp_path / "out", "--customers", "750"))
    assert value(files, "select count(*) from customers") == 750
    assert value(files, "select count(*) from products") == 120
    for table, (key, _, _) in KEYS.items():
        counts = f"select {key}, count(*) as n from {table} where {key} is not null group by 1"
        repeated = value(files, f"select count(*) from ({counts}) where n > 1")
        assert repeated == (2 if table in DUPLICATED else 0), table  # one in each large chunk


@pytest.mark.parametrize("target", [0.2, 1.0, 5.0, 20.0])
def test_orders_per_customer_is_met(tmp_path: Path, target: float) -> None:
    options = ("--customers", "3000", "--orders-per-customer", str(target))
    files = connect(write(tmp_path / "out", *options))
    mean = value(files, "select count(*) from orders") / 3000
    assert mean == pytest.approx(target, rel=0.15)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--customers", "0"), "--customers"),
        (("--customers", "-5"), "--customers"),
        (("--customers", "many"), "'many' is not a whole number"),
        (("--customers", "10000001"), "--customers"),
        (("--customers", "10", "--seed", "-1"), "--seed"),
        (("--customers", "10", "--format", "xml"), "--format"),
        (("--customers", "10", "--orders-per-customer", "0"), "--orders-per-customer"),
        (("--customers", "10", "--orders-per-customer", "nan"), "--orders-per-customer"),
        (("--customers", "10", "--orders-per-customer", "few"), "'few' is not a number"),
    ],
)
def test_wrong_option_gives_one_line_and_code_2(
    tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    result = runner.invoke(app, ["demo", "--out", str(tmp_path / "out"), *options])
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert words in result.stderr
    assert not (tmp_path / "out").exists()


def test_out_must_be_a_folder_that_can_be_written(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("kept")
    for out in (file, file / "below"):
        result = runner.invoke(app, ["demo", "--customers", "5", "--out", str(out)])
        assert result.exit_code == 2
        assert result.stderr.count("\n") == 1
    assert file.read_text() == "kept"


def test_formats_are_not_mixed_in_one_folder(tmp_path: Path) -> None:
    before = contents(write(tmp_path, "--customers", "5"))
    options = ["demo", "--customers", "5", "--out", str(tmp_path), "--format", "parquet"]
    result = runner.invoke(app, options)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert contents(tmp_path) == before


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_broken_run_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file_format: str, error: BaseException
) -> None:
    sound = generator.DemoData._sound_tables
    monkeypatch.setattr(generator, "CHUNK_CUSTOMERS", 100)

    def break_later(data: generator.DemoData, *arguments: object) -> object:
        if data._next["customers"] > 200:
            raise error
        return sound(data, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(generator.DemoData, "_sound_tables", break_later)
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "orders.csv").write_text("older")
    for out in (kept, tmp_path / "new" / "deep"):
        options = ["demo", "--customers", "500", "--out", str(out), "--format", file_format]
        assert runner.invoke(app, options).exit_code != 0
    assert contents(kept) == {"orders.csv": b"older"}
    assert not (tmp_path / "new").exists()


def as_text(content: object) -> str:
    """Write a value as the CSV files do."""
    if isinstance(content, Text):
        return content.value
    if isinstance(content, datetime):
        return f"{content:%Y-%m-%d %H:%M:%S}"
    assert isinstance(content, str | int | Decimal | date)
    return str(content)


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda it: f"{it.table}-{it.column}-{it.outcome}")
def test_each_defect_occurs_in_the_demo(demo: duckdb.DuckDBPyConnection, defect: Defect) -> None:
    if defect.value is None:
        condition = f"{defect.column} is null"
    else:
        values = defect.value if isinstance(defect.value, tuple) else (defect.value,)
        condition = f"{defect.column} in ({', '.join(repr(as_text(it)) for it in values)})"
    assert value(demo, f"select count(*) from {defect.table} where {condition}") >= 2


def test_each_defect_occurs_once_in_small_data(tmp_path: Path) -> None:
    files = connect(write(tmp_path / "out", "--customers", "200"))
    missing = value(files, "select count(*) from orders where order_id is null")
    teleports = value(files, "select count(*) from web_events where event_type = 'teleport'")
    amounts = value(files, "select count(*) from orders where amount in ('abc', '12,5')")
    refunds = value(files, "select count(*) from refunds where amount in ('n/a', '-50.00')")
    assert (missing, teleports, amounts, refunds) == (1, 1, 2, 2)


@pytest.mark.parametrize("table", DUPLICATED)
def test_duplicate_keys_occur(demo: duckdb.DuckDBPyConnection, table: str) -> None:
    key = KEYS[table][0]
    counts = f"select {key}, count(*) as n from {table} where {key} is not null group by 1"
    assert value(demo, f"select count(*) from ({counts}) where n > 1") >= 2


@pytest.mark.parametrize("table", ["order_items", "refunds"])
def test_children_of_quarantined_orders_occur(demo: duckdb.DuckDBPyConnection, table: str) -> None:
    query = f"select count(*) from {table} inner join orders using (order_id)"
    assert value(demo, f"{query} where status = 'lost' or currency in ('XXX', 'GBP')") >= 2


def test_excluded_customers_have_orders(demo: duckdb.DuckDBPyConnection) -> None:
    query = (
        "select count(distinct customer_id) from orders inner join customers using (customer_id)"
    )
    assert value(demo, f"{query} where is_test = 'true'") >= 2
    assert value(demo, f"{query} where deleted_at is not null") >= 2
    erased = "select customer_id from erasure_requests"
    assert value(demo, f"{query} where customer_id in ({erased})") >= 2


def test_defects_are_rare(demo: duckdb.DuckDBPyConnection) -> None:
    rows = sum(value(demo, f"select count(*) from {table}") for table in SCHEMAS)
    dirty = sum(defect.copies for defect in DEFECTS) + 2 * len(DUPLICATED)
    assert 2 * dirty / rows < 0.02
    sales = value(demo, "select count(*) from sales")
    assert 0.92 < sales / value(demo, "select count(*) from orders") < 0.97


def test_some_persons_have_several_records(demo: duckdb.DuckDBPyConnection) -> None:
    shared = """
        select count(*) from (
            select lower(trim(email)) from customers
            where email not in ('n/a', 'unknown@example.com')
            group by 1 having count(distinct customer_id) {condition}
        )
    """
    assert value(demo, shared.format(condition="= 2")) > 20
    assert value(demo, shared.format(condition="= 12")) == 1
    phones = """
        select count(*) from (
            select regexp_replace(phone, '[^0-9]', '', 'g') as digits from customers
            where phone not in ('n/a', '00000000')
            group by 1 having count(distinct customer_id) = 2 and count(distinct phone) = 2
        )
    """
    assert value(demo, phones) > 20


def test_top_fifth_of_customers_brings_most_revenue(demo: duckdb.DuckDBPyConnection) -> None:
    share = value(
        demo,
        """
        with revenues as (
            select customers.customer_id, coalesce(sum(sales.amount), 0) as revenue
            from customers left join sales using (customer_id)
            where customers.customer_id is not null group by 1
        ), ranked as (
            select revenue, percent_rank() over (order by revenue desc) as position from revenues
        )
        select sum(revenue) filter (position <= 0.2) / sum(revenue) from ranked
        """,
    )
    assert 0.70 <= share <= 0.90


def test_every_kind_of_tier_has_customers(demo: duckdb.DuckDBPyConnection) -> None:
    counted = """
        select count(*) from (
            select customer_id, count(*) as orders, sum(amount) as revenue
            from sales where order_date > date '2025-06-15' group by 1
        ) where {condition}
    """
    high = "revenue > 100000 and orders >= 12"
    medium = "revenue between 50000 and 100000 and orders between 4 and 11"
    assert value(demo, counted.format(condition=high)) >= 25
    assert value(demo, counted.format(condition=medium)) >= 10
    assert value(demo, counted.format(condition="revenue < 50000 and orders < 4")) >= 300
    ordering = "select customer_id from sales"
    never = f"select count(*) from customers where customer_id not in ({ordering})"
    assert value(demo, never) >= 200


def test_period_ends_on_the_as_of_day_in_the_business_timezone(
    demo: duckdb.DuckDBPyConnection,
) -> None:
    days = demo.execute("select min(order_date), max(order_date) from sales").fetchone()
    assert days == (date(2023, 6, 16), date(2026, 6, 15))
    late = "hour(try_cast(ordered_at as timestamp)) >= 16"
    assert value(demo, f"select count(*) from orders where {late}") > 100


def test_amounts_are_the_sums_of_their_items(demo: duckdb.DuckDBPyConnection) -> None:
    wrong = """
        select count(*) from (
            select order_id, any_value(orders.amount::decimal(18, 2)) as amount,
                sum(quantity::int * unit_price::decimal(18, 2) - i.discount_amount::decimal(18, 2))
                as total
            from orders inner join (select distinct * from order_items) as i using (order_id)
            where order_id in (select order_id from sales)
                and order_id not in (
                    select order_id from orders where order_id is not null
                    group by 1 having count(*) > 1
                )
                and try_cast(i.quantity as int) is not null
                and i.order_item_id is not null and i.product_id <> 'p999'
                and order_id not in (
                    select order_id from order_items
                    where order_item_id is null or product_id = 'p999' or quantity = 'two'
                )
            group by 1
        ) where amount <> total
    """
    assert value(demo, wrong) == 0
