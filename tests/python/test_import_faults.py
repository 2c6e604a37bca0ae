"""What an import refuses: one line with file, line, column and mend, and nothing of a row in it."""

import os
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
import xlsxwriter
from conftest import ROOT
from typer.testing import CliRunner

from strata.cli import app
from strata.imports.command import import_files
from strata.imports.mapping import names, read
from strata.imports.targets import read_targets

CASES = Path(__file__).with_name("cases")
SECRET = "Zaphod"
"""A name in the rows, which nothing that is told may hold."""
OWN = """
settings:
  currency: {kind: currency, about: the currency}
sources:
  orders:
    files: orders*
    optional: [updated_at]
  customers:
    files: customers*
    optional: [full_name]
tables:
  - table: customers
    from: customers
    columns: {customer_id: customer_id, full_name: full_name, country: country}
  - table: orders
    from: orders
    columns:
      order_id: order_id
      customer_id: customer_id
      ordered_at: ordered_at
      status: status
      currency: currency
      amount: amount
"""
LINES = "order_id,customer_id,ordered_at,status,amount,name\n"


@pytest.fixture(autouse=True)
def in_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `strata` find the declarations."""
    monkeypatch.chdir(ROOT)


def own(folder: Path, text: str = OWN) -> Path:
    """Write a mapping."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "own.yml"
    path.write_text(text, encoding="utf-8")
    return path


def ask(*arguments: object, code: int = 2) -> str:
    """Call `strata import`, and return what it tells."""
    done = CliRunner().invoke(app, ["import", *map(str, arguments)])
    assert done.exit_code == code, done.output
    assert SECRET not in done.output
    return done.output.strip()


def refused(folder: Path, content: bytes, *options: str, mapping: str = OWN) -> str:
    """Import a file of orders that is refused; nothing is left of it."""
    (folder / "orders.csv").write_bytes(content)
    given = ("--map", own(folder, mapping), folder / "orders.csv", "--to", folder / "raw")
    told = ask(*given, "--currency", "GBP", *options)
    assert len(told.splitlines()) == 1, told
    assert not (folder / "raw").exists()
    assert "Traceback" not in told
    return told.replace(str(folder), "")


@pytest.mark.parametrize(
    ("case", "told"),
    [
        ("csv_comma", "customers.csv, line 4: the row has too few or too many cells; mend the row"),
        ("csv_quote", "customers.csv, line 4: a quote is not closed, or text follows a closed one"),
        ("csv_repeated_header", "customers.csv, line 1, column country: the name is there more"),
        ("overflow_sum", "orders.csv, line 2, column amount: it has more than 12 digits before"),
        ("overflow_rate", "orders.csv, line 2, column amount: it has more than 12 digits before"),
    ],
)
def test_the_cases_are_refused(tmp_path: Path, case: str, told: str) -> None:
    given = ("--map", own(tmp_path), CASES / case, "--to", tmp_path / "raw")
    said = ask(*given, "--currency", "CNY", "--timezone", "UTC")
    assert told in said
    assert len(said.splitlines()) == 1
    assert "Meier" not in said


ROW = "o1,c1,2024-03-01 10:00:00,paid,10.00,Zaphod\n"
CELLS: dict[str, tuple[str, str]] = {
    "no_number": (
        f"{ROW}o2,c1,2024-03-01,paid,ten,Zaphod\n",
        "line 3, column amount: it is no number; numbers are read as 1234.50: mend the cell, or",
    ),
    "thousands_not_declared": (
        f'{ROW}o2,c1,2024-03-01,paid,"1,234.50",x\n',
        "line 3, column amount: it is no number",
    ),
    "e_notation": (
        f"{ROW}o2,c1,2024-03-01,paid,1.2E+05,x\n",
        "line 3, column amount: it is no number",
    ),
    "beyond": (
        f"{ROW}o2,c1,2024-03-01,paid,999999999999.00,x\n",
        "line 3, column amount: it makes a number beyond the plausible range of orders.amount",
    ),
    "another_form_of_date": (
        f"{ROW}o2,c1,31/12/2024,paid,1,x\n",
        "line 3, column ordered_at: it is no time; times are read as year, month, day: mend the",
    ),
    "no_such_day": (
        f"{ROW}o2,c1,2024-02-30,paid,1,x\n",
        "line 3, column ordered_at: it is no time",
    ),
    "after_a_cell_of_two_lines": (
        'o1,c1,2024-03-01,paid,1,"Zap\nhod"\n\no2,c1,x,paid,1,x\n',
        "line 5, column ordered_at: it is no time",
    ),
}


@pytest.mark.parametrize("case", CELLS)
def test_a_cell_is_refused_with_its_line_and_column(tmp_path: Path, case: str) -> None:
    rows, told = CELLS[case]
    assert told in refused(tmp_path, (LINES + rows).encode(), "--timezone", "UTC")


def test_what_duckdb_itself_refuses_is_told_with_the_expression(tmp_path: Path) -> None:
    mapping = OWN.replace("amount: amount", "amount: cast(name as integer)")
    told = refused(tmp_path, (LINES + ROW).encode(), "--timezone", "UTC", mapping=mapping)
    assert (
        "/orders.csv, column name, for orders.amount (own.yml, line 23): a value does not" in told
    )


def test_an_encoding_that_is_none_is_told(tmp_path: Path) -> None:
    content = (LINES + ROW).replace("x", "").encode() + b"o2,c2,2024-03-01,paid,1,\xe9\n"
    told = refused(tmp_path, content, "--timezone", "UTC", "--encoding", "klingon")
    assert "there is no encoding 'klingon'" in told


def test_a_local_time_needs_a_zone(tmp_path: Path) -> None:
    told = refused(tmp_path, (LINES + ROW).encode())
    assert "line 2, column ordered_at: it is a local time, and its zone is not declared" in told
    assert "say --timezone ZONE" in told


FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "/orders.csv: it is empty; the first row must have the names"),
    "no_header": (
        b"o1,c1,Zaphod\no2,c2,x\n",
        "/orders.csv, line 1: orders of own.yml, line 18, needs the column",
    ),
    "a_row_too_long": (
        (LINES + "o1,c1,2024-03-01,paid,1,Zaphod,x\n").encode(),
        "line 2: the row has too few or too many cells",
    ),
    "an_open_quote": (
        (LINES + 'o1,c1,2024-03-01,paid,1,"Zaphod\n').encode(),
        "line 2: a quote is not closed",
    ),
    "nul": (
        (LINES + "o1,c1,2024-03-01,paid,1,Zap\0hod\n").encode(),
        "line 2: the row has a NUL byte",
    ),
    "two_line_ends": (
        LINES.replace("\n", "\r\n").encode()
        + b"o1,c1,2024-03-01,paid,1,Zaphod\no2,c1,2024-03-01,paid,1,x\r\n",
        "the rows do not all end alike",
    ),
    "a_workbook_by_another_name": (b"PK\x03\x04....", "it is a workbook or a zip file, not a CSV"),
    "an_encoding_that_is_not_certain": (
        (LINES + "o1,c1,2024-03-01,paid,1,Zaphod Дент\n").encode("cp1251"),
        "line 2: it is not UTF-8, and its encoding is not certain; name it with --encoding",
    ),
    "a_misspelt_column": (
        LINES.replace("ordered_at", "Order at").encode(),
        "needs the column 'ordered_at' (the nearest is 'order at'), which is not there",
    ),
    "a_column_twice": (
        LINES.replace("name", "amount").encode(),
        "line 1, column amount: the name is there more than once; take out all but one",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_is_refused_in_one_line(tmp_path: Path, case: str) -> None:
    content, told = FILES[case]
    assert told in refused(tmp_path, content, "--timezone", "UTC")


MAPPINGS: dict[str, tuple[str, str, str]] = {
    "a_key": (
        "    files: orders*",
        "    fils: orders*",
        "own.yml, line 6: there is no key 'fils' of orders of sources (is it 'files'?)",
    ),
    "a_table": (
        "table: orders",
        "table: order",
        "own.yml, line 15: there is no raw table 'order' (is it 'orders'?)",
    ),
    "a_column": (
        "      amount: amount",
        "      amout: amount",
        "orders has no column 'amout' (is it 'amount'?)",
    ),
    "a_required_column": (
        "      status: status\n",
        "",
        "own.yml, line 17: orders needs status too",
    ),
    "a_source": ("from: orders", "from: order", "there is no source 'order' (is it 'orders'?)"),
    "no_expression": (
        "amount: amount",
        "amount: amount +",
        "own.yml, line 23, amount: it is no expression of DuckDB",
    ),
    "a_function": (
        "amount: amount",
        "amount: monney(amount)",
        "own.yml, line 23, orders.amount: Scalar Function with name monney does not exist",
    ),
    "texts_are_no_numbers": (
        "amount: amount",
        "amount: amount * status",
        "own.yml, line 23, orders.amount:",
    ),
    "a_query": ("amount: amount", "amount: (select 1)", "no * and no select in it"),
    "a_key_twice": (
        "      status: status",
        "      status: status\n      status: status",
        "own.yml, line 22: the key 'status' stands there twice",
    ),
    "no_yaml": ("sources:", "sources: [", "it is no YAML"),
    "a_kind": (
        "kind: currency",
        "kind: money",
        "own.yml, line 3: 'money' of kind of currency of settings must be one of currency",
    ),
    "a_form_of_numbers": (
        "    files: orders*",
        "    numbers: 1.234.50",
        "own.yml, line 6: '1.234.50' of numbers of orders of sources must be one of plain",
    ),
    "a_setting_like_a_column": (
        "optional: [updated_at]",
        "optional: [currency]",
        "own.yml, line 7: 'currency' is a column of the file, and a setting or a let has its name",
    ),
    "a_where": (
        "    from: orders\n",
        "    from: orders\n    where: amount > '1' and monney(amount)\n",
        "own.yml, line 17, where: Scalar Function with name monney does not exist",
    ),
    "a_let": (
        "    optional: [updated_at]",
        "    let: {a: money(amount), b: a + nothing(a)}",
        "own.yml, line 7, b: Scalar Function with name nothing does not exist",
    ),
    "a_list_of_tables": ("tables:\n", "tables: none\nother:\n", "own.yml"),
}


@pytest.mark.parametrize("case", MAPPINGS)
def test_a_wrong_mapping_is_told_with_its_line(tmp_path: Path, case: str) -> None:
    old, new, told = MAPPINGS[case]
    assert OWN.count(old) >= 1
    (tmp_path / "orders.csv").write_text(LINES + ROW, encoding="utf-8")
    mapping = own(
        tmp_path, OWN.replace(old, new, 1) if "order" not in new else OWN.replace(old, new)
    )
    said = ask(
        "--map",
        mapping,
        tmp_path / "orders.csv",
        "--to",
        tmp_path / "raw",
        "--currency",
        "GBP",
        "--timezone",
        "UTC",
    )
    assert told in said
    assert "Traceback" not in said
    assert not (tmp_path / "raw").exists()


def test_what_must_be_declared_is_asked_for_with_its_option(tmp_path: Path) -> None:
    file = tmp_path / "lines.csv"
    file.write_text("InvoiceNo\n1\n", encoding="utf-8")
    told = ask("--map", "invoice_lines", file).splitlines()
    assert [line.partition(": ")[2].partition(" is not declared")[0] for line in told] == [
        "currency",
        "time_zone",
        "tax_rate",
    ]
    assert [line.rpartition(": say ")[2].split()[0] for line in told] == [
        "--currency",
        "--timezone",
        "--set",
    ]
    assert "taxes_included=true or false" in ask("--map", "shopify", file)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--map", "shopfy"], "there is no mapping 'shopfy' (is it 'shopify'?)"),
        ([], "say which mapping: --map NAME"),
        (
            ["--map", "shopify", "--set", "refund_dat=x"],
            "no setting 'refund_dat' (is it 'refund_date'?)",
        ),
        (
            ["--map", "shopify", "--set", "refund_date"],
            "--set must be NAME=VALUE, not 'refund_date'",
        ),
        (
            ["--map", "shopify", "--set", "taxes_included=perhaps"],
            "taxes_included is 'perhaps'; it must be",
        ),
        (
            ["--map", "taobao", "--set", "tax_rate=0", "--timezone", "Asia/Shanghi"],
            "time_zone is 'Asia/Shanghi' (is it 'Asia/Shanghai'?)",
        ),
        (
            ["--map", "taobao", "--set", "tax_rate=0", "--currency", "yuan"],
            "currency is 'yuan'; it must be --currency CODE",
        ),
        (["--map", "taobao", "--set", "tax_rate=0", "--set", "numbers=1.5"], "numbers is '1.5'"),
        (["--map", "shopify", "--set", "taxes_included=no"], "nowhere.csv: there is no such file"),
        (["--guess", "x.csv"], "--guess FILE proposes a mapping: give neither"),
    ],
)
def test_options_are_refused_in_one_line(tmp_path: Path, options: list[str], told: str) -> None:
    said = ask(*options, tmp_path / "nowhere.csv", "--to", tmp_path / "raw")
    assert told in said
    assert all(line.startswith("strata import: ") for line in said.splitlines())


def test_nothing_of_another_import_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(LINES + ROW, encoding="utf-8")
    given = (tmp_path / "orders.csv", "--to", tmp_path / "raw", "--currency", "GBP")
    mapping = own(tmp_path)
    for _ in range(2):
        ask("--map", mapping, *given, "--timezone", "UTC", code=0)
    other = mapping.rename(tmp_path / "other.yml")
    told = ask("--map", other, *given, "--timezone", "UTC")
    assert "orders.parquet was written by --map own: remove it, or give another folder" in told
    (tmp_path / "raw" / "orders.parquet").rename(tmp_path / "raw" / "orders.csv")
    told = ask("--map", other, *given, "--timezone", "UTC")
    assert "orders.csv is there already: remove it" in told
    assert sorted(it.name for it in (tmp_path / "raw").iterdir()) == ["orders.csv"]


def test_what_another_import_has_left_is_told(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(LINES + ROW, encoding="utf-8")
    given = (tmp_path / "orders.csv", "--to", tmp_path / "raw")
    ask("--map", own(tmp_path), *given, "--currency", "GBP", "--timezone", "UTC", code=0)
    people = tmp_path / "people.yml"
    people.write_text(
        "sources: {lines: {files: '*'}}\ntables:\n- {table: customers, from: lines,"
        " group_by: customer_id, columns: {customer_id: customer_id}}\n",
        encoding="utf-8",
    )
    told = ask("--map", people, *given, code=0)
    assert "orders.parquet is of an earlier import by --map own, and stays" in told


def values(tmp_path: Path, content: bytes, *options: str, name: str = "orders.csv") -> list[object]:
    """Import one order, and return its amount and time."""
    (tmp_path / name).write_bytes(content)
    given = ("--map", own(tmp_path), tmp_path / name, "--to", tmp_path / "raw", "--currency", "GBP")
    ask(*given, *options, code=0)
    with duckdb.connect() as connection:
        (found,) = connection.execute(
            "select customer_id, ordered_at, cast(amount as varchar)"
            f" from read_parquet('{tmp_path}/raw/orders.parquet') order by order_id"
        ).fetchall()
    return list(found)


def orders(customer: str, ordered_at: str, amount: str, delimiter: str = ";") -> str:
    head = delimiter.join(["order_id", "customer_id", "ordered_at", "status", "amount"])
    return f"{head}\n{delimiter.join(['o1', customer, ordered_at, 'paid', amount])}\n"


READ: dict[str, tuple[bytes, tuple[str, ...], list[object]]] = {
    "plain": (orders("c1", "2024-03-01", "12.345").encode(), (), ["c1", "2024-03-01", "12.35"]),
    "a_mark_and_spaces": (
        orders(" c1 ", "2024-03-01 ", "\u00a012.30 ").encode("utf-8-sig"),
        (),
        ["c1", "2024-03-01", "12.30"],
    ),
    "utf_16_with_tabs": (
        orders("č", "2024-03-01", "1", "\t").encode("utf-16"),
        (),
        ["č", "2024-03-01", "1.00"],
    ),
    "gb18030": (
        orders("张伟中国人民", "2024/3/1", "￥1.50").encode("gb18030"),
        (),
        ["张伟中国人民", "2024-03-01", "1.50"],
    ),
    "a_declared_encoding": (
        orders("Дент", "2024-03-01", "1").encode("cp1251"),
        ("--encoding", "cp1251"),
        ["Дент", "2024-03-01", "1.00"],
    ),
    "latin_1": (
        orders("Müller", "2024-03-01", "1").encode("latin-1"),
        (),
        ["Müller", "2024-03-01", "1.00"],
    ),
    "parentheses": (
        orders("c1", "2024-03-01", "(12.50)").encode(),
        (),
        ["c1", "2024-03-01", "-12.50"],
    ),
    "a_minus_behind": (
        orders("c1", "2024-03-01", "12.50-").encode(),
        (),
        ["c1", "2024-03-01", "-12.50"],
    ),
    "pounds": (orders("c1", "2024-03-01", "-£12.50").encode(), (), ["c1", "2024-03-01", "-12.50"]),
    "points_for_thousands": (
        orders("c1", "2024-03-01", "1.234,50 €").encode(),
        ("--set", "numbers=1.234,50"),
        ["c1", "2024-03-01", "1234.50"],
    ),
    "day_first": (
        orders("c1", "03/04/2024 09:05", "1").encode(),
        ("--set", "times=%d/%m/%Y %H:%M"),
        ["c1", "2024-04-03 08:05:00Z", "1.00"],
    ),
    "day_first_without_a_time": (
        orders("c1", "03/04/2024", "1").encode(),
        ("--set", "times=%d/%m/%Y"),
        ["c1", "2024-04-03", "1.00"],
    ),
    "an_offset": (
        orders("c1", "2024-03-01T00:30:00+08:00", "1").encode(),
        (),
        ["c1", "2024-02-29 16:30:00Z", "1.00"],
    ),
    "an_offset_without_colon": (
        orders("c1", "2024-03-01 00:30:00.5 -0530", "1").encode(),
        (),
        ["c1", "2024-03-01 06:00:00.500000Z", "1.00"],
    ),
    "zulu": (
        orders("c1", "2024-07-01T00:30:00Z", "1").encode(),
        (),
        ["c1", "2024-07-01 00:30:00Z", "1.00"],
    ),
    "summer": (
        orders("c1", "2024-07-01 00:30", "1").encode(),
        (),
        ["c1", "2024-06-30 23:30:00Z", "1.00"],
    ),
    "a_time_that_occurs_twice_is_the_first": (
        orders("c1", "2024-10-27 01:30", "1").encode(),
        (),
        ["c1", "2024-10-27 00:30:00Z", "1.00"],
    ),
    "a_time_that_does_not_exist_is_moved": (
        orders("c1", "2024-03-31 01:30", "1").encode(),
        (),
        ["c1", "2024-03-31 01:30:00Z", "1.00"],
    ),
    "chinese": (orders("c1", "2024年3月1日", "9元").encode(), (), ["c1", "2024-03-01", "9.00"]),
    "no_value": (orders("NULL", "2024-03-01", "1").encode(), (), [None, "2024-03-01", "1.00"]),
    "masked": (orders("138****1234", "2024-03-01", "1").encode(), (), [None, "2024-03-01", "1.00"]),
    "capitals": (
        orders("c1", "2024-03-01", "1").replace("customer_id", " Customer_ID ").encode(),
        (),
        ["c1", "2024-03-01", "1.00"],
    ),
}


@pytest.mark.parametrize("case", READ)
def test_a_cell_is_read_as_it_was_meant(tmp_path: Path, case: str) -> None:
    content, options, expected = READ[case]
    assert values(tmp_path, content, "--timezone", "Europe/London", *options) == expected


def test_a_last_sum_in_rows_that_are_each_small(tmp_path: Path) -> None:
    """A sum beyond the range is refused too."""
    grouped = OWN.replace(
        "  - table: orders\n    from: orders\n",
        "  - table: orders\n    from: orders\n    group_by: order_id\n",
    )
    for name in ("customer_id", "ordered_at", "status"):
        grouped = grouped.replace(f"      {name}: {name}\n", f"      {name}: first_of({name})\n")
    grouped = grouped.replace("amount: amount", "amount: sum(money(amount))").replace(
        "      currency: currency", "      currency: first_of(currency)"
    )
    row = "o1,c1,2024-03-01,paid,99999999999.00,Zaphod\n"
    told = refused(tmp_path, (LINES + row + row).encode(), "--timezone", "UTC", mapping=grouped)
    assert "line 2, column amount (with further lines): it makes a number beyond the" in told


def test_a_guess_shows_no_value_and_makes_a_mapping_that_works(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text(
        "Invoice No;Kunde;Customer;Date;Description;Qty;Unit price;Mobile\n"
        "R1;x;c1;31/12/2024 10:00;Tea;2;1.234,50;0170\nR1;x;c1;31/12/2024 10:00;Cup;1;0,75;0170\n"
        f"R2;x;c2;01/01/2025 09:00;Tea;1;5,00;{SECRET}\n",
        encoding="utf-8",
    )
    told = ask("--guess", file, code=0)
    assert "Nothing is written" in told
    assert "orders.ordered_at" in told
    assert not list(tmp_path.glob("*.yml"))
    mapping = tmp_path / "sales.yml"
    ask("--guess", file, "--save", mapping, code=0)
    given = ("--currency", "EUR", "--timezone", "Europe/Berlin", "--set", "tax_rate=0")
    ask("--map", mapping, file, "--to", tmp_path / "raw", *given, code=0)
    with duckdb.connect() as connection:
        found = connection.execute(
            "select order_id, customer_id, ordered_at, cast(amount as varchar)"
            f" from read_parquet('{tmp_path}/raw/orders.parquet') order by all"
        ).fetchall()
    assert found == [
        ("R1", "c1", "2024-12-31 09:00:00Z", "2469.75"),
        ("R2", "c2", "2025-01-01 08:00:00Z", "5.00"),
    ]


def test_a_guess_asks_whether_the_day_or_the_month_is_first(tmp_path: Path) -> None:
    file = tmp_path / "members.csv"
    file.write_text("Customer ID,Country,Signup Date\nc1,Germany,05/06/2023\n", encoding="utf-8")
    mapping = tmp_path / "members.yml"
    told = ask("--guess", file, "--save", mapping, code=0)
    assert "--timezone ZONE --set times=" in told
    given = ("--map", mapping, file, "--to", tmp_path / "raw", "--timezone", "Europe/Berlin")
    assert "times is not declared (is a date %d/%m/%Y or %m/%d/%Y)" in ask(*given)
    ask(*given, "--set", "times=%m/%d/%Y", code=0)
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select * from read_parquet('{tmp_path}/raw/customers.parquet')"
        ).fetchall()
    assert found == [("c1", "DE", "2023-05-06")]


def test_a_guess_knows_chinese_and_what_comes_with_strata(tmp_path: Path) -> None:
    file = tmp_path / "单.csv"
    file.write_bytes(
        "订单号,客户名称,下单时间,实付金额\nA1,张伟,2024-03-01,9.5\n".encode("gb18030")
    )
    told = ask("--guess", file, "--encoding", "gb18030", code=0)
    assert "orders.amount" in told
    assert "张伟" not in told
    file.write_text("Id,AccountId,StageName,Amount,CloseDate\n", encoding="utf-8")
    assert "is of the mapping salesforce: strata import --map salesforce" in ask(
        "--guess", file, code=0
    )
    file.write_text(f"a,{SECRET}\n1,2\n", encoding="utf-8")
    assert "none of its columns is called as Strata knows it" in ask("--guess", file)


def test_each_mapping_says_what_it_reads_and_where_that_is_documented() -> None:
    targets = read_targets(ROOT)
    for name in names():
        mapping = read(name, targets)
        assert mapping.about
        assert "documented: http" in mapping.text
        assert all(setting.about for setting in mapping.settings.values())
        assert any(it.table == "orders" for it in mapping.tables)


def test_the_command_is_documented() -> None:
    text = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in names())
    assert import_files.__doc__
    assert os.access(ROOT / "strata" / "imports" / "schema.yml", os.R_OK)


def test_a_sheet_has_rows_and_dates_of_its_own_whatever_is_declared(tmp_path: Path) -> None:
    head = ["order_id", "customer_id", "ordered_at", "status", "amount"]
    for place, amount in enumerate((12.5, "ten")):
        with xlsxwriter.Workbook(str(tmp_path / f"orders{place}.xlsx")) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, head)
            sheet.write_row(1, 0, ["o1", "two\nlines", "2024-03-01 10:00:00", "paid", 1])
            sheet.write_row(2, 0, ["o2", "c2", "", "paid", amount])
            form = book.add_format({"num_format": "dd/mm/yyyy"})
            sheet.write_datetime(2, 2, datetime(2024, 4, 3), form)
    given = ("--to", tmp_path / "raw", "--currency", "GBP", "--timezone", "UTC")
    times = ("--set", "times=%d/%m/%Y %H:%M")
    ask("--map", own(tmp_path), tmp_path / "orders0.xlsx", *given, *times, code=0)
    assert times_of(tmp_path) == ["2024-03-01 10:00:00Z", "2024-04-03"]
    told = ask("--map", own(tmp_path), tmp_path / "orders1.xlsx", *given)
    assert "orders1.xlsx, row 3, column amount: it is no number" in told


def times_of(folder: Path) -> list[object]:
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select ordered_at from read_parquet('{folder}/raw/orders.parquet') order by order_id"
        ).fetchall()
    return [it for (it,) in found]


def test_a_header_without_rows_gives_tables_without_rows(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(LINES, encoding="utf-8")
    given = ("--to", tmp_path / "raw", "--currency", "GBP", "--timezone", "UTC")
    told = ask("--map", own(tmp_path), tmp_path / "orders.csv", *given, code=0)
    assert "orders.parquet: 0 rows" in told
    assert f"customers must come too, before dbt build, into {tmp_path / 'raw'}" in told


FILLED = """
sources:
  lines:
    where: product <> 'subtotal'
tables:
  - table: orders
    from: lines
    group_by: order_id
    columns:
      order_id: order_id
      customer_id: first_of(customer)
      ordered_at: first_of(day)
      status: "'paid'"
      currency: first_of(currency)
      amount: sum(money(amount))
  - table: order_items
    from: lines
    columns:
      order_item_id: order_id || '-' || line_of(order_id)
      order_id: order_id
      product_id: product || ' ' || fill_down(currency, order_id)
      quantity: 1
      unit_price: amount
"""


def test_what_stands_on_the_first_line_is_of_all_of_them(tmp_path: Path) -> None:
    head = "order_id,customer,day,currency,product,amount\n"
    first = "1,c1,2024-03-01,EUR,a,1.10\n1,,,,b,2.20\n2,,,,a,3.30\n1,,,,subtotal,3.30\n"
    (tmp_path / "a.csv").write_text(head + first, encoding="utf-8")
    (tmp_path / "b.csv").write_text(head + "2,c2,2024-03-02,GBP,b,4.40\n", encoding="utf-8")
    files = (tmp_path / "a.csv", tmp_path / "b.csv")
    told = ask("--map", own(tmp_path, FILLED), *files, "--to", tmp_path / "raw", code=0)
    assert "1 orders have lines in several files: if these overlap" in told
    assert "lines: 1 lines are left out, as the mapping says (where)" in told
    with duckdb.connect() as connection:
        read = f"read_parquet('{tmp_path}/raw/{{}}.parquet')"
        orders = connection.execute(
            "select order_id, customer_id, currency, cast(amount as varchar)"
            f" from {read.format('orders')} order by 1"
        ).fetchall()
        items = connection.execute(
            f"select order_item_id, product_id from {read.format('order_items')} order by 1"
        ).fetchall()
    assert orders == [("1", "c1", "EUR", "3.30"), ("2", "c2", "GBP", "7.70")]
    # nothing is above the first line of 2
    assert items == [("1-1", "a EUR"), ("1-2", "b EUR"), ("2-1", None), ("2-2", "b GBP")]
