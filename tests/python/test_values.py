"""Values mean what the source meant: times, numbers, flags and blanks."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from cases import build_cases
from conftest import ROOT, Project
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.slow

ZONES = (
    "Africa/Casablanca",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Australia/Lord_Howe",
    "Europe/London",
    "Pacific/Apia",
    "UTC",
)
COLUMN = "{'t': {'name': 't', 'data_type': 'DATA_TYPE', 'meta': {}}}"
FORMS = {
    "a_time": "2024-03-02 19:45:05",
    "t": "2024-03-02T19:45:05",
    "slashes": "2024/3/2 19:45:05",
    "dots": "2024.3.2 19:45:05",
    "chinese": "2024年3月2日 19:45:05",
    "chinese_without_blank": "2024年3月2日19:45:05",
    "compact": "20240302 19:45:05",
    "fraction": "2024-03-02 19:45:05.000",
    "comma": "2024-03-02T19:45:05,000Z",
    "nanoseconds": "2024-03-02T19:45:05.000000000Z",
    "z": "2024-03-02T19:45:05Z",
    "utc": "2024-03-02 19:45:05 UTC",
    "offset": "2024-03-03T03:45:05+08:00",
    "offset_without_colon": "2024-03-03 03:45:05+0800",
    "offset_after_a_blank": "2024-03-02 14:45:05 -0500",
    "offset_in_hours": "2024/3/3 3:45:05 +08",
    "offset_in_half_hours": "2024-03-03 01:15:05 +0530",
    "offset_back": "2024-03-02 10:15:05-09:30",
    "tab": "\t2024-03-02 19:45:05\u3000",
}
NO_TIMES = (
    "03/04/2024",
    "13/04/2024",
    "3.4.2024",
    "04-03-2024",
    "24-03-02",
    "2024-13-02",
    "2024-02-30",
    "2024-03/02",
    "2024-03-02 24:00:00",
    "2024-03-02 19:60:00",
    "2024-03-02 19:45:61",
    "2024-03-02 7:45 PM",
    "2024-03-02 19:45:05 CST",
    "2024-03-02 19:45:05 +25:00",
    "2024-03-02Z",
    "294247-01-10 04:00:54",
    "20241302",
    "1709408705",
    "45353.8",
    "now",
    "infinity",
    "epoch",
    "2024",
    "2024-03",
)
NUMBERS = {
    "plain": {
        "1234.50": "1234.50",
        "+5": "5.00",
        ".5": "0.50",
        "6.9E+9": "6900000000.00",
        "123.0": "123.00",
        "\u00a012 ": "12.00",
    },
    "1,234.50": {
        "1,234.50": "1234.50",
        "1,23,456.7": "123456.70",
        "￥99": "99.00",
        "$1,000": "1000.00",
        "-€5.00": "-5.00",
        "99 CNY": "99.00",
        "US$ 7": "7.00",
        "(12.00)": "-12.00",
        "(CNY 1,200)": "-1200.00",
        "1234.5": "1234.50",
    },
    "1.234,50": {"1.234,50": "1234.50", "1.234": "1234.00", "12,5 €": "12.50", "(7,00)": "-7.00"},
    "1 234,50": {"1 234,50": "1234.50", "1\u202f234": "1234.00"},
    "1'234.50": {"1'234.50": "1234.50", "CHF 1\u2019000": "1000.00"},
}
NO_NUMBERS = {
    "plain": (
        "1,234.50",
        "￥99",
        "(12.00)",
        "1_000",
        "inf",
        "0x1F",
        "12,5",
        "--5",
        "1 000",
        "100000000000",
    ),
    "1,234.50": ("1.234,50", "12,5", "1,2345", "(12.00", "5-", "(-5)", "1,234.50.6", "$", "¥5 USD"),
    "1.234,50": ("1,234.50", "1234.5", "1.23"),
    "1 234,50": ("1,234.50", "1  234"),
    "1'234.50": ("1'23", "1,234"),
}


def blocks(output: str) -> dict[str, str]:
    """Return the texts after each mark ``@@name@@`` of what dbt printed."""
    parts = re.split(r"@@(.*?)@@", output)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Render the macros of times and numbers, for all zones and forms, in two calls of dbt."""
    project = Project(ROOT, tmp_path_factory.mktemp("compiled"))
    zones = "{% for zone in " + str(list(ZONES)) + " %}"
    zones += "@@{{ zone }}@@{{ utc_time('local', utc_offsets(zone)) }}"
    zones += "@@{{ zone }} at last@@{{ utc_time('local', utc_offsets(zone), 'local_at_last') }}"
    zones += "{% endfor %}"
    time = COLUMN.replace("DATA_TYPE", "timestamp")
    number = COLUMN.replace("DATA_TYPE", "decimal(18, 2)").replace(
        "{}", "{'minimum': -99999999999.99, 'maximum': 99999999999.99}"
    )
    zones += "@@time@@{{ read_values(" + time + ", 'orders') }}"
    zones += "@@local time@@{{ read_values(" + time + ", 'refunds') }}"
    formats = list(NUMBERS)[1:]
    tables = ["order_items", "refunds", "products", "feedback"]
    for table, form in zip(["orders", *tables], NUMBERS, strict=True):
        zones += f"@@number {form}@@" + "{{ read_values(" + number + f", '{table}') }}}}"
    zones += "@@flag@@{{ read_values(" + COLUMN.replace("DATA_TYPE", "boolean") + ", 'orders') }}"
    output = project.dbt(
        "--quiet",
        "compile",
        "--no-introspect",
        "--inline",
        zones + "@@end@@",
        variables={
            "business_timezone": "America/Sao_Paulo",
            "source_timezones": {"refunds": "Europe/London"},
            "number_formats": dict(zip(tables, formats, strict=True)),
        },
    )
    return blocks(output)


def read(compiled: dict[str, str], name: str, texts: Sequence[str]) -> list[object]:
    """Return what the texts mean."""
    with duckdb.connect() as connection:
        connection.execute("create table raw (place integer, t text)")
        connection.executemany("insert into raw values (?, ?)", list(enumerate(texts)))
        sql = f"with source as (select * from raw), {compiled[name]} select cast_t from casts"
        return [value for (value,) in connection.execute(sql + " order by place").fetchall()]


def to_utc(local: datetime, zone: ZoneInfo, fold: int = 0) -> datetime:
    """Return the instant of a local time; one that does not exist is moved forward by the gap."""
    return local.replace(tzinfo=zone, fold=fold).astimezone(UTC).replace(tzinfo=None)


@pytest.mark.parametrize("name", ZONES)
def test_local_times_are_those_of_the_zone(compiled: dict[str, str], name: str) -> None:
    """Of a time that occurs twice it is the first; one that never does moves by the gap."""
    zone = ZoneInfo(name)
    hours = [datetime(1970, 1, 2) + timedelta(hours=hour) for hour in range(0, 490_000, 59)]
    days = [datetime(1970, 1, 2) + timedelta(days=day) for day in range(20_600)]
    offsets = [day.replace(tzinfo=UTC).astimezone(zone).utcoffset() for day in days]
    around = [
        day + timedelta(minutes=minutes)
        for day, before, after in zip(days, offsets, offsets[1:], strict=False)
        if before != after
        for minutes in range(-26 * 60, 50 * 60, 30)
    ]
    times = sorted({*hours, *around})
    with duckdb.connect() as connection:
        connection.execute("create table times (local timestamp)")
        connection.execute("insert into times select unnest(?)", [times])
        expressions = f"{compiled[name]}, {compiled[f'{name} at last']}"
        found = connection.execute(f"select {expressions} from times order by local").fetchall()
    assert [first for first, _ in found] == [to_utc(time, zone) for time in times]
    unclear = [time for time, (first, last) in zip(times, found, strict=True) if first != last]
    assert unclear == [time for time in times if to_utc(time, zone) != to_utc(time, zone, 1)]
    assert bool(unclear) == (name not in ("UTC", "Asia/Kolkata"))


def test_a_time_is_read_in_each_of_its_forms(compiled: dict[str, str]) -> None:
    found = dict(zip(FORMS, read(compiled, "time", list(FORMS.values())), strict=True))
    assert found == dict.fromkeys(FORMS, datetime(2024, 3, 2, 19, 45, 5))


def test_what_may_mean_two_times_is_none(compiled: dict[str, str]) -> None:
    assert read(compiled, "time", NO_TIMES) == [None] * len(NO_TIMES)


def test_a_time_without_an_offset_is_of_the_zone_of_its_table(compiled: dict[str, str]) -> None:
    texts = ["2024-07-01 12:00:00", "2024-07-01 12:00:00Z", "2024-01-01 12:00:00"]
    hours = [
        time.hour for time in read(compiled, "local time", texts) if isinstance(time, datetime)
    ]
    assert hours == [11, 12, 12]


def test_a_date_stays_that_business_date(compiled: dict[str, str]) -> None:
    """Also where the clocks skip midnight, as on 2018-11-04 in São Paulo."""
    zone = ZoneInfo("America/Sao_Paulo")
    days = [date(2018, 11, 4), date(2019, 2, 17), date(2024, 3, 2)]
    texts = [f"{day}" for day in days] + [f"{day:%Y/%m/%d}" for day in days]
    found = read(compiled, "time", texts)
    instants = [time.replace(tzinfo=UTC) for time in found if isinstance(time, datetime)]
    assert [time.astimezone(zone).date() for time in instants] == days * 2


@pytest.mark.parametrize("form", NUMBERS)
def test_numbers_are_read_as_declared(compiled: dict[str, str], form: str) -> None:
    texts = [*NUMBERS[form], *NO_NUMBERS[form]]
    found = dict(zip(texts, read(compiled, f"number {form}", texts), strict=True))
    expected = {text: Decimal(number) for text, number in NUMBERS[form].items()}
    assert found == expected | dict.fromkeys(NO_NUMBERS[form])


def test_flags_are_read_as_people_write_them(compiled: dict[str, str]) -> None:
    yes = ["true", " TRUE ", "1.0", "1", "Yes", "Y", "t", "on"]
    no = ["false", "0", "0.0", "No", "n", "F"]
    texts = [*yes, *no, "maybe", "2", "NULL", "\\N"]
    expected = [True] * len(yes) + [False] * len(no) + [None] * 4
    assert read(compiled, "flag", texts) == expected


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Build what another zone and another number format decide."""
    orders = [
        {"order_id": "first", "ordered_at": "2025-10-26 01:30:00", "amount": "1.234,50"},
        {"order_id": "never", "ordered_at": "2026-03-29 01:30:00", "amount": "€ 10,00"},
        {"order_id": "clear", "ordered_at": "2026-03-29 02:30:00", "amount": "7"},
        {"order_id": "english", "ordered_at": "2026-03-01", "amount": "1,234.50"},
    ]
    more = {
        "orders": [
            {"customer_id": "a", "status": "paid", "currency": "USD"} | order for order in orders
        ]
    }
    variables = {
        "as_of_date": "2026-05-31",
        "business_timezone": "America/New_York",
        "source_timezone": "Europe/London",
        "number_formats": {"orders": "1.234,50"},
    }
    return build_cases(tmp_path_factory.mktemp("cases"), "dates", more=more, variables=variables)


def test_a_date_is_that_business_date_in_every_zone(elsewhere: Project) -> None:
    rows = elsewhere.query("select registration_date from marts.customers order by all")
    assert rows == [(date(2024, 1, 5),)]
    reasons = dict(
        elsewhere.query(
            "select order_id, exclusion from intermediate.int_orders_checked"
            " where order_id like 'dates%'"
        )
    )
    assert reasons == dict.fromkeys(("dates_o1", "dates_o2"), "after_as_of_date")


def test_adjusted_times_are_counted(elsewhere: Project) -> None:
    times = dict(
        elsewhere.query("select order_id, ordered_at from intermediate.int_orders_checked")
    )
    assert times["first"] == datetime(2025, 10, 26, 0, 30)
    assert times["never"] == times["clear"] == datetime(2026, 3, 29, 1, 30)
    found = elsewhere.query(
        "select check_name, found from marts.data_quality_summary"
        " where check_type = 'adjusted_time'"
    )
    assert found == [("ordered_at", 2)]


def test_numbers_of_the_declared_form_are_used(elsewhere: Project) -> None:
    amounts = dict(elsewhere.query("select order_id, amount from intermediate.int_orders_checked"))
    assert amounts["first"] == Decimal("1234.50")
    assert amounts["never"] == Decimal("10.00")
    assert amounts["english"] is None


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Build the cases of one setting together."""
    names = ("numbers", "offsets", "overflow_rate", "overflow_sum", "values")
    return build_cases(tmp_path_factory.mktemp("cases"), *names)


def test_an_offset_is_applied(built: Project) -> None:
    rows = built.query(
        "select order_id, order_date from intermediate.int_orders_checked"
        " where order_id like 'offsets%' order by all"
    )
    assert rows == [("offsets_o1", date(2026, 6, 15)), ("offsets_o2", date(2026, 6, 15))]


def test_costs_are_rounded_after_the_multiplication(built: Project) -> None:
    costs = built.query(built.compiled("int_customer_days", "order_costs"))
    expected = {"numbers_o1": 32, "numbers_o2": 120, "values_o16": 40, "values_o17": 0}
    assert dict(costs) == {order: Decimal(cost) for order, cost in expected.items()}


def test_an_amount_beyond_its_range_is_in_the_quarantine(built: Project) -> None:
    rows = built.query(
        "select row_key, reason, amount from marts.quarantined_rows"
        " where row_key like 'overflow%' order by all"
    )
    keys = ("overflow_rate_o1", "overflow_sum_o1", "overflow_sum_o2")
    assert [row[:2] for row in rows] == [(key, "invalid_number") for key in keys]
    tiers = dict(built.query("select customer_id, tier_code from marts.customer_tiers"))
    assert tiers["c1"] == tiers["sum_c1"] == "potential"
    assert "potential" not in (tiers["c2"], tiers["sum_c2"])


def test_blanks_and_flags_are_what_they_say(built: Project) -> None:
    customers = {row[0] for row in built.query("select customer_id from marts.customers")}
    assert {"del_zero", "del_null", "del_n", "😀喵", "عميل١", "o'brien;--"} <= customers
    assert not customers & {"test_float", "test_space", "test_yes"}


HOSTILE = (
    *NO_TIMES,
    *NO_NUMBERS["plain"],
    *("6901234567892000.00", "-99999999999.99", "99999999999.99", "1e-400", "9.9E+99", "1E400"),
    *("6901234567892", "NaN", "-inf", "\\N", "NULL", "#N/A", "true", "9" * 60, "0." + "0" * 60),
    *("😀", "عميل١", "o'brien;--", '"', ";", ",", "\t", "\x01", "\x7f", "%", "_", "\\", "{{ x }}"),
    *(
        "9.007E+15",
        "123.0",
        '="2024001"',
        " 00456",
        "-1",
        "0",
        "-0.001",
        "\uff19\uff19",
        "1/0",
        "' or 1=1",
    ),
    *("9999-12-31 23:59:59", "0001-01-01 00:00:00 +14:00", "1969-12-31", "2999-01-01T00:00:00Z"),
    *("9999-12-31T23:59:59-12:00", "a@b", "@", "+8613800000000", "8.6138E+12", "none"),
    *("1e308", "-1e308", "1.7976931348623157e309", "1" * 40, "-0", "\u0661\u0662", "1e-30"),
    *("99.995", "0001-01-01", "0000-01-01", "9999-12-31", "-2024-03-02", "1582-10-10"),
    *("2024-02-29T23:59:60Z", "x" * 20_000, "a\nb", "a\r\nb", "\u2028", "\ufeff1", "\u202e"),
    *("e\u0301", "👩\u200d👧", "\\'", "\\N\\", "none@none", "-", "a@b.c@d.e", "@x.cn", "++86 138"),
    *("1111111111", "a@" + "b" * 300 + ".com", "*", "all", "webshop:c1", ":", "c1:", "c1 ", "C1"),
    *("c1.0", "--", "/*", "${x}", "$$", "{%"),
)


TYPED: dict[str, tuple[pa.DataType, tuple[object, ...]]] = {
    "timestamp": (
        pa.timestamp("us"),
        (1_770_000_000_000_000, 2**63 - 1, -(2**63) + 1, 0, None, 253_402_300_800_000_000),
    ),
    "date": (pa.date32(), (8_000, 2**31 - 1, -(2**31) + 1, None)),
    "boolean": (pa.bool_(), (True, False, None)),
    "integer": (pa.uint64(), (2**64 - 1, 0, 12)),
    "decimal": (
        pa.float64(),
        (1.0, 12.5, 1e308, -1e308, 5e-324, float("nan"), float("inf"), -float("inf"), 0.1 + 0.2),
    ),
    "text": (pa.string(), ("c1", "a\0b", "\0", "CNY", "paid", "")),
}
"""Types of Parquet files, and hostile values of each."""
SOURCE = yaml.safe_load((ROOT / "models/staging/_sources.yml").read_text(encoding="utf-8"))
KINDS = {
    column["name"]: column["data_type"].split("(")[0]
    for table in SOURCE["sources"][0]["tables"]
    for column in table["columns"]
}
"""What the columns of raw tables are."""


def hostile_tables(random: Random) -> dict[str, list[dict[str, str]]]:
    """Invent rows of all tables: of half of them a third of the cells is hostile, of others few."""
    sound = {
        "timestamp": ("2026-03-01 04:00:00", "2025-07-01", "2026-02-01T10:00:00+0800"),
        "date": ("1990-02-28", "1985/7/1"),
        "boolean": ("true", "0", "Yes"),
        "integer": ("12",),
        "decimal": ("1", "12.50", "0.4", "100"),
    }
    known = {
        "country": ("CN", "US"),
        "status": ("completed", "paid", "granted", "cancelled"),
        "currency": ("CNY", "USD", "EUR"),
        "event_type": ("view", "cart"),
        "interaction_type": ("call", "visit"),
        "feedback_type": ("csat", "nps"),
        "channel": ("online", "email", "web"),
        "category": ("phones", "gift_cards"),
        "source_system": ("", "", "", "webshop"),
    }
    tables = {}
    for table in SOURCE["sources"][0]["tables"]:
        rows = []
        for place in range(80):
            row = {}
            share = random.choice((0.03, 0.33))
            for column in table["columns"]:
                name = column["name"]
                usual = known.get(name) or sound.get(KINDS[name]) or tuple("abcdefgh")
                if name.endswith("_id"):
                    usual = tuple(f"{name[0]}{number}" for number in range(40))
                if "key" in column.get("config", {}).get("meta", {}):
                    usual = (f"{name[0]}{place % 60}",)
                row[name] = random.choice(HOSTILE if random.random() < share else usual)
            rows.append(row)
        tables[table["name"]] = rows
    return tables


def in_parquet(random: Random, rows: Sequence[Mapping[str, str]]) -> pa.Table:
    """Return a table as a Parquet file has it: half of its columns typed, with values of theirs."""
    arrays = {}
    for name in rows[0]:
        data_type, values = TYPED[KINDS[name]]
        if random.random() < 0.5 and not name.endswith("_id"):
            arrays[name] = pa.array([random.choice(values) for _ in rows], data_type)
        else:
            arrays[name] = pa.array([row[name] for row in rows])
    return pa.table(arrays)


def survives(folder: Path, seed: int) -> None:
    """Build hostile tables; every row and every cent of them is accounted for."""
    random = Random(seed)
    tables = hostile_tables(random)
    if seed % 2:
        (folder / "raw").mkdir()
        for name, rows in tables.items():
            pq.write_table(in_parquet(random, rows), folder / "raw" / f"{name}.parquet")
    project = build_cases(folder, more=tables)
    rows = project.records("from marts.source_reconciliation")
    for row in rows:
        for figure in ("rows", "amount"):
            parts = [row[f"{fate}_{figure}"] for fate in ("used", "excluded", "quarantined")]
            assert sum(parts) == row[f"raw_{figure}"], row
    counts = dict(
        project.query(
            "select source_table, sum(raw_rows) from marts.source_reconciliation group by all"
        )
    )
    assert counts == {table: len(given) for table, given in tables.items()}
    amounts = project.value(
        "select sum(raw_amount) from marts.source_reconciliation where source_table = 'orders'"
    )
    staged = project.value("select coalesce(sum(amount), 0) from staging.stg_crm__orders")
    assert amounts == staged


@pytest.mark.parametrize("seed", range(2))
def test_hostile_values_stop_nothing(tmp_path: Path, seed: int) -> None:
    survives(tmp_path, seed)


@pytest.mark.long
@given(seed=st.integers(2, 10**9))
@settings(max_examples=8, phases=[Phase.generate], database=None, derandomize=False)
def test_hostile_values_never_stop_anything(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    survives(tmp_path_factory.mktemp("hostile"), seed)
