"""The files of the raw tables: dbt and `strata load` read them right, or refuse in one line."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from conftest import ROOT, Project
from raw_data import OPTIONAL_TABLES
from typer.testing import CliRunner

from strata.cli import app
from strata.dbt_duckdb import raw_tables
from strata.load.declared import DECLARATION, read_tables

CASES = Path(__file__).with_name("cases")
NAMES = ("customers", "orders")
ORDERS = b"order_id,customer_id,ordered_at,status,currency,amount\n"
SECRET = "Zaphod"
"""A name in the rows, which nothing that is told may hold."""

CUSTOMERS = "customer_id,full_name\nc1,Zaphod\n"


def declared() -> list[dict[str, object]]:
    """Return the declarations of the two required tables, as dbt gives them."""
    return [
        {
            "name": table.name,
            "config": {"meta": {"required": True}},
            "columns": [
                {
                    "name": name,
                    "config": {"meta": {"key": True} if name in table.required_columns else {}},
                }
                for name in table.columns
            ],
        }
        for table in read_tables(ROOT)
        if table.name in NAMES
    ]


def ask_dbt(folder: Path) -> dict[str, object]:
    """Return what the start of a run finds, or the faults."""
    asked = {"raw_path": str(folder), "missing_sources": [], "tables": declared()}
    answer: dict[str, object] = json.loads(raw_tables(json.dumps(asked)))
    return answer


def ask_load(folder: Path, *options: str) -> str:
    """Return what `strata load` says of the same files."""
    missing = ["--missing-sources", ",".join(OPTIONAL_TABLES)]
    done = CliRunner().invoke(app, ["load", "--raw-path", str(folder), *missing, *options])
    assert done.exit_code in (0, 2), done.output
    return done.output


def names_of(folder: Path) -> list[str | None]:
    """Return the names that dbt reads."""
    answer = ask_dbt(folder)
    assert "faults" not in answer, answer
    queries = answer["queries"]
    assert isinstance(queries, Mapping)
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select full_name from ({queries['customers']}) order by customer_id"
        ).fetchall()
    return [name for (name,) in found]


def write(folder: Path, content: bytes, name: str = "customers.csv") -> Path:
    """Write a file of customers beside one of orders."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "orders.csv").write_bytes(ORDERS)
    (folder / name).write_bytes(content)
    return folder


@pytest.fixture(autouse=True)
def in_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `strata` find the declarations."""
    monkeypatch.chdir(ROOT)
    assert DECLARATION.exists()


READ: dict[str, tuple[bytes, list[str | None]]] = {
    "utf_8": ("customer_id,full_name\nc1,张伟 ☕\n".encode(), ["张伟 ☕"]),
    "mark_and_quotes": (
        '"customer_id","full_name"\nc1,"a, b"\n'.encode("utf-8-sig"),
        ["a, b"],
    ),
    "utf_16": ('customer_id,full_name\r\nc1,"张\r\n伟"\r\n'.encode("utf-16"), ["张\r\n伟"]),
    "utf_16_with_tabs": ("customer_id\tfull_name\nc1\tMüller\n".encode("utf-16"), ["Müller"]),
    "latin_1": (
        "customer_id,full_name\nc1,Müller\nc2,créée\nc3,João Muñoz\n".encode("latin-1"),
        ["Müller", "créée", "João Muñoz"],
    ),
    "latin_1_capitals": ("customer_id,full_name\nc1,MÄÄRÄ\n".encode("latin-1"), ["MÄÄRÄ"]),
    "semicolons_and_decimal_commas": (
        b"customer_id;full_name;income_band\nc1;x, y;1,5\n",
        ["x, y"],
    ),
    "tabs_and_quotes": (b'customer_id\tfull_name\nc1\t"a\tb"\nc2\t"a ""b"""\n', ["a\tb", 'a "b"']),
    "nothing_that_is_seen_in_the_header": (
        "\ufeff\ufeff\u200bcustomer_id\u2060,full_name\x1f\nc1,x\n".encode(),
        ["x"],
    ),
    "spaces_in_the_header": (b" Customer_ID ,  full_name\t\nc1,x\n", ["x"]),
    "windows_lines": (b"customer_id,full_name\r\nc1,x\r\n", ["x"]),
    "old_mac_lines": (b"customer_id,full_name\rc1,x\rc2,y\r", ["x", "y"]),
    "one_column": (b"customer_id\nc1\n", [None]),
    "no_rows": (b"customer_id,full_name\n", []),
    "no_last_line_end": (b"customer_id,full_name\nc1,x", ["x"]),
    "a_delimiter_in_a_surplus_name": (b'customer_id,"a;b",full_name\nc1,1,x\n', ["x"]),
    "a_row_like_a_comment": (b"customer_id,full_name\n#c1,x\n", ["x"]),
}


@pytest.mark.parametrize("case", READ)
def test_a_file_is_read_as_it_was_written(tmp_path: Path, case: str) -> None:
    content, names = READ[case]
    folder = write(tmp_path, content)
    assert names_of(folder) == names
    assert f"{len(names)} rows are sound" in ask_load(folder)


FAULTS: dict[str, tuple[bytes, str]] = {
    "too_few_cells": (b"customer_id,full_name\nc1\n", ", line 2: the row has too few or too many"),
    "too_many_cells": (
        b"customer_id,full_name\nc1,Zaphod,x\n",
        ", line 2: the row has too few or too many",
    ),
    "open_quote_at_the_end": (
        b'customer_id,full_name\nc1,x\nc2,"Zaphod\n',
        ", line 3: a quote is not closed",
    ),
    "open_quote_in_the_header": (
        b'customer_id,"full_name\nc1,Zaphod\n',
        ", line 1: the names of the columns cannot be read; is a quote not closed?",
    ),
    "nul": (b"customer_id,full_name\nc1,x\nc2,Zap\0hod\n", ", line 3: the row has a NUL byte"),
    "two_line_ends": (
        b'customer_id,full_name\r\n"c\n1",x\r\nc2,Zaphod\nc3,x\r\n',
        ", line 4: the rows do not all end alike",
    ),
    "long_row": (
        b"customer_id,full_name\nc1," + b"Zaphod" * 500_000 + b"\n",
        ", line 2: the row is too long",
    ),
    "empty": (b"", ", line 1: there are no names of columns"),
    "blank_first_line": (b"\ncustomer_id,full_name\nc1,x\n", ", line 1: there are no names"),
    "no_header": (b"c1,Zaphod\nc2,x\n", ", line 1: none of its names is a column of customers"),
    "comment_first": (b"# Zaphod\ncustomer_id,full_name\n", ", line 1: none of its names"),
    "line_of_excel": (b"sep=;\ncustomer_id;full_name\n", ", line 1: none of its names"),
    "no_key": (b"full_name,City\nZaphod,x\n", "has no column customer_id, which is required"),
    "repeated_name": (
        b"customer_id,Country,country \nc1,x,y\n",
        ", line 1: the column country is there more than once",
    ),
    "no_header_but_a_word_like_one": (
        b"c1,Zaphod,CN,email\nc2,x,US,phone\n",
        "has no column customer_id, which is required; it has email, 3 names that Strata does not",
    ),
    "two_cells_alike_in_the_first_row": (
        b"email,Zaphod,Zaphod\nc2,x,y\n",
        "line 1: a name that Strata does not know is there more than once; take out all but one",
    ),
    "a_byte_lost": (
        b"customer_id,full_name\nc1,Zap\xffhod\n",
        ", line 2: it is not UTF-8, and its encoding is not certain",
    ),
    "two_delimiters": (b"customer_id,full_name;city\nc1,Zaphod;x\n", "write it with one of them"),
    "gb18030": (
        "customer_id,full_name\nc1,Zaphod 张伟\n".encode("gb18030"),
        ", line 2: it is not UTF-8, and its encoding is not certain; convert it: strata load",
    ),
    "rare_gb18030": ("customer_id,full_name\nc1,VIP张\n".encode("gb18030"), "strata load"),
    "big5": ("customer_id,full_name\nc1,張偉\n".encode("big5"), "strata load"),
    "korean": ("customer_id,full_name\nc1,김철수\n".encode("euc-kr"), "strata load"),
    "japanese": ("customer_id,full_name\nc1,田中\n".encode("shift_jis"), "strata load"),
    "russian": ("customer_id,full_name\nc1,Иван\n".encode("cp1251"), "strata load"),
    "polish": ("customer_id,full_name\nc1,Paweł\n".encode("iso8859-2"), "strata load"),
    "czech": ("customer_id,full_name\nc1,Dvořák\n".encode("iso8859-2"), "strata load"),
    "turkish": ("customer_id,full_name\nc1,Şule\n".encode("cp1254"), "strata load"),
    "windows_1252": ("customer_id,full_name\nc1,“Zaphod”\n".encode("cp1252"), "strata load"),
    "utf_8_cut_short": ("customer_id,full_name\nc1,é 张".encode()[:-1], ", line 2: it is not"),
    "utf_16_without_mark": (CUSTOMERS.encode("utf-16-le"), "looks like UTF-16 without its mark"),
    "utf_16_be": ("\ufeff".encode("utf-16-be") + CUSTOMERS.encode("utf-16-be"), "strata load"),
    "utf_16_emoji": ("customer_id,full_name\nc1,Zaphod ☕😀\n".encode("utf-16"), "strata load"),
    "workbook_by_another_name": (b"PK\x03\x04....", ": it is a workbook or a zip file"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_faulty_file_is_told_in_one_line_without_its_rows(tmp_path: Path, case: str) -> None:
    content, told = FAULTS[case]
    folder = write(tmp_path, content)
    faults = ask_dbt(folder)["faults"]
    assert isinstance(faults, str)
    assert faults.startswith(f"{folder}/customers.csv")
    for said in (faults, ask_load(folder)):
        assert told in said
        assert SECRET not in said
        assert len(said.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("case", "told"),
    [
        ("csv_comma", "customers.csv, line 4: the row has too few or too many cells"),
        ("csv_quote", "customers.csv, line 4: a quote is not closed, or text follows a closed"),
        ("csv_repeated_header", "customers.csv, line 1: the column country is there more than"),
    ],
)
def test_the_cases_are_refused(case: str, told: str) -> None:
    for said in (str(ask_dbt(CASES / case)["faults"]), ask_load(CASES / case)):
        assert told in said
        assert "Meier" not in said


@pytest.mark.parametrize("name", ["[ab]", "a*b?", "status=paid", "it's", "张 伟", "a{b,c}"])
def test_a_folder_is_taken_by_its_name(tmp_path: Path, name: str) -> None:
    write(tmp_path / "a", b"customer_id,full_name\nc1,another\n")
    for folder in (tmp_path / name, tmp_path / name / name):
        write(folder, b"customer_id,full_name\nc1,x\n")
        assert names_of(folder) == ["x"]
        told = ask_load(folder)
        assert "1 rows are sound" in told
        assert f"raw_path: {folder}, missing_sources: [campaign_contacts, consents, " in told


def test_all_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    write(tmp_path, b"full_name\nZaphod\n")
    (tmp_path / "orders.csv").write_bytes(b"order_id;amount\n")
    told = str(ask_dbt(tmp_path)["faults"]).splitlines()
    assert [line.partition(" has no column ")[2].partition(";")[0] for line in told] == [
        "customer_id, which is required",
        "customer_id, ordered_at, status, currency, which are required",
    ]


def parquet(folder: Path, columns: Mapping[str, pa.Array]) -> Path:
    """Write a Parquet file of customers beside orders."""
    write(folder, b"")
    (folder / "customers.csv").unlink()
    names = list(columns)
    pq.write_table(pa.table([columns[name] for name in names], names), folder / "customers.parquet")
    return folder


def damaged(folder: Path) -> None:
    """Overwrite the pages of a file, whose footer stays."""
    many = pa.array(f"{SECRET} {number * number}" for number in range(50_000))
    parquet(folder, {"customer_id": many})
    with (folder / "customers.parquet").open("r+b") as file:
        file.seek(50_000)
        file.write(b"x" * 4_000)


def not_text(folder: Path) -> None:
    """Write a text that is not UTF-8."""
    wrong = pa.Array.from_buffers(
        pa.string(), 1, pa.array([f"{SECRET}é".encode("latin-1")], pa.binary()).buffers()
    )
    parquet(folder, {"customer_id": wrong})


PARQUET_FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "damaged": (damaged, "customers.parquet: it is damaged; write it anew"),
    "not_text": (not_text, "customers.parquet: a text in it is not UTF-8"),
    "no_parquet": (
        lambda folder: write(folder, b"x" * 100, "customers.parquet"),
        "customers.parquet: it is no Parquet file",
    ),
    "empty": (
        lambda folder: write(folder, b"", "customers.parquet"),
        "customers.parquet: it is no Parquet file",
    ),
    "no_key": (
        lambda folder: parquet(folder, {"city": pa.array([SECRET])}),
        "customers.parquet has no column customer_id, which is required; it has city",
    ),
    "lists": (
        lambda folder: parquet(
            folder, {"customer_id": pa.array(["c"]), "full_name": pa.array([[SECRET]])}
        ),
        "customers.parquet: full_name has lists or records, not values",
    ),
    "records": (
        lambda folder: parquet(folder, {"customer_id": pa.array([{"name": SECRET}])}),
        "customers.parquet: customer_id has lists or records, not values",
    ),
    "repeated": (
        lambda folder: parquet(
            folder,
            {"customer_id": pa.array(["c"]), "City": pa.array([{"a": 1}]), "city": pa.array([1])},
        ),
        "customers.parquet: the column city is there more than once",
    ),
}


@pytest.mark.parametrize("case", PARQUET_FAULTS)
def test_a_faulty_parquet_file_is_told_in_one_line(tmp_path: Path, case: str) -> None:
    make, told = PARQUET_FAULTS[case]
    make(tmp_path)
    for said in (str(ask_dbt(tmp_path)["faults"]), ask_load(tmp_path)):
        assert told in said
        assert SECRET not in said
        assert len(said.strip().splitlines()) == 1


def test_a_table_that_is_not_there_is_said_with_what_is(tmp_path: Path) -> None:
    write(tmp_path, b"customer_id\n")
    (tmp_path / "customers.parquet").write_bytes(b"")
    assert "remove one of them" in str(ask_dbt(tmp_path)["faults"])
    (tmp_path / "customers.csv").unlink()
    (tmp_path / "customers.csv").mkdir()
    (tmp_path / "customers.parquet").unlink()
    assert "customers.csv is no file; put" in str(ask_dbt(tmp_path)["faults"])
    (tmp_path / "customers.csv").rmdir()
    for name, told in {
        "customers.xlsx": "customers.xlsx is a workbook; convert it: strata load",
        "customers.tsv": "; customers.tsv must be one of them",
        "Customers.CSV": "; Customers.CSV must be one of them",
    }.items():
        for path in tmp_path.glob("[cC]ustomers.*"):
            path.unlink()
        (tmp_path / name).write_bytes(b"x")
        assert told in str(ask_dbt(tmp_path)["faults"])
    assert "none is not a folder" in str(ask_dbt(tmp_path / "none")["faults"])
    assert "orders.csv is not a folder" in str(ask_dbt(tmp_path / "orders.csv")["faults"])


@pytest.mark.slow
def test_dbt_stops_with_the_line_and_goes_on_when_it_is_mended(tmp_path: Path) -> None:
    variables = {"raw_path": str(tmp_path / "[raw]"), "missing_sources": OPTIONAL_TABLES}
    project = Project(ROOT, tmp_path / "work", variables)
    write(tmp_path / "[raw]", b"customer_id,full_name\nc1,Zaphod,x\n")
    told = project.dbt("run", "--select", "stg_crm__customers", expect=None)
    assert "[raw]/customers.csv, line 2: the row has too few or too many cells" in told
    assert "Traceback" not in told
    write(tmp_path / "[raw]", "customer_id;full_name\nc1;Müller\n".encode("latin-1"))
    project.dbt("run", "--select", "stg_crm__customers")
    assert project.query("select customer_id, full_name from raw.customers") == [("c1", "Müller")]
    (log,) = (tmp_path / "work" / "logs").iterdir()
    assert SECRET not in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


def converted(folder: Path, *options: str) -> str:
    """Call `strata load --to` beside a folder, and return what it says."""
    return ask_load(folder, "--to", str(folder.parent / "to"), *options)


CONVERTED: dict[str, tuple[bytes, tuple[str, ...], list[str | None]]] = {
    "gb18030": ("customer_id,full_name\nc1,张伟\n".encode("gb18030"), (), ["张伟"]),
    "gb18030_named": (
        'customer_id;full_name\nc1;"镕, 𠀀"\n'.encode("gb18030"),
        ("--encoding", "gb18030"),
        ["镕, 𠀀"],
    ),
    "big5": ("customer_id,full_name\nc1,張偉\n".encode("big5"), ("--encoding", "big5"), ["張偉"]),
    "windows_1252": (
        "customer_id,full_name\nc1,“créée” €\n".encode("cp1252"),
        ("--encoding", "windows-1252"),
        ["“créée” €"],
    ),
    "utf_16_emoji": ("customer_id,full_name\r\nc1,☕😀\r\n".encode("utf-16"), (), ["☕😀"]),
    "utf_16_without_mark": (CUSTOMERS.encode("utf-16-be"), (), ["Zaphod"]),
    "utf_8_stays": (CUSTOMERS.encode("utf-8-sig"), ("--encoding", "gb18030"), ["Zaphod"]),
    "latin_1": ("customer_id,full_name\nc1,Müller\n".encode("latin-1"), (), ["Müller"]),
}


@pytest.mark.parametrize("case", CONVERTED)
def test_strata_load_writes_what_dbt_reads(tmp_path: Path, case: str) -> None:
    content, options, names = CONVERTED[case]
    folder = write(tmp_path / "raw", content)
    assert "1 rows written to" in converted(folder, *options)
    assert names_of(tmp_path / "to") == names
    assert {path.name for path in (tmp_path / "to").iterdir()} == {"customers.csv", "orders.csv"}
    assert (tmp_path / "to" / "customers.csv").stat().st_mode & 0o077 == 0


def workbook(folder: Path) -> Path:
    """Write customers and orders as workbooks, as Excel does."""
    folder.mkdir()
    with xlsxwriter.Workbook(folder / "customers.xlsx") as book:
        sheet = book.add_worksheet("Kunden")
        for row, cells in enumerate([("customer_id", "full_name"), ("00456", "a, b"), (123, "x")]):
            sheet.write_row(row, 0, cells)
        sheet.write_blank(3, 5, None, book.add_format({"bold": True}))
        book.add_worksheet("Other").write_row(0, 0, ("customer_id",))
    with xlsxwriter.Workbook(folder / "orders.xlsx") as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ORDERS.decode().strip().split(","))
        sheet.write_row(1, 0, ("o1", "00456"))
        sheet.write_datetime(1, 2, datetime(2026, 3, 1, 4, 5, 6), moment)
        sheet.write_row(1, 3, ("paid", "CNY", 60000.5))
        sheet.write_row(2, 0, (2.0, 123))
        sheet.write_datetime(2, 2, datetime(2026, 3, 1), day)
        sheet.write_row(2, 3, ("paid", "CNY", -3))
    return folder


def test_a_workbook_is_read_as_it_shows(tmp_path: Path) -> None:
    folder = workbook(tmp_path / "raw")
    assert "4 rows written to" in converted(folder)
    assert (tmp_path / "to" / "customers.csv").read_text() == (
        'customer_id,full_name\n00456,"a, b"\n123,x\n'
    )
    assert (tmp_path / "to" / "orders.csv").read_text().splitlines()[1:] == [
        "o1,00456,2026-03-01 04:05:06,paid,CNY,60000.5",
        "2,123,2026-03-01,paid,CNY,-3",
    ]
    assert "customers.xlsx has no sheet 'None', only Kunden, Other" in converted(
        folder, "--sheet", "None"
    )


def test_what_strata_load_cannot_convert_gets_one_line(tmp_path: Path) -> None:
    folder = write(tmp_path / "raw", "customer_id,full_name\nc1,Zaphod Иван\n".encode("cp1251"))
    (folder / "orders.csv").write_bytes(ORDERS)
    broken = "customer_id,full_name\nc1,x\nc2,Zaphod 张,y\n".encode("gb18030")
    calls: list[tuple[bytes | None, tuple[str, ...], str]] = [
        (None, (), "customers.csv, line 2: it is not UTF-8, and its encoding is not certain; name"),
        (None, ("--encoding", "utf-9"), "--encoding: there is no encoding 'utf-9'"),
        (None, ("--encoding", "base64"), "--encoding: there is no encoding 'base64'"),
        (None, ("--encoding", "ascii"), "customers.csv, line 2: it is not ascii; name another"),
        (broken, ("--encoding", "gb18030"), "raw/customers.csv, line 3: the row has too few or"),
        (b"PK\x03\x04", (), "customers.csv: it is a workbook or a zip file, not a CSV"),
    ]
    for content, options, told in calls:
        if content is not None:
            (folder / "customers.csv").write_bytes(content)
        said = converted(folder, *options)
        assert told in said
        assert SECRET not in said
        assert len(said.strip().splitlines()) == 1
        assert list((tmp_path / "to").glob("*")) == []
    assert "must be another folder" in ask_load(folder, "--to", str(folder))
    assert "with --to FOLDER" in ask_load(folder, "--encoding", "gb18030")
    (folder / "customers.csv").rename(folder / "customers.xlsx")
    assert "customers.xlsx cannot be read as a workbook; is it whole?" in converted(folder)
    (tmp_path / "to" / "orders.parquet").write_bytes(b"")
    write(folder, CUSTOMERS.encode())
    (folder / "customers.xlsx").unlink()
    assert "orders.parquet is an earlier file of the table: remove it" in converted(folder)
    (folder / "customers.csv").unlink()
    told = "is neither customers.csv nor customers.parquet nor customers.xlsx in"
    assert told in converted(folder)
