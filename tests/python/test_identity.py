"""Who is one person: what identifies, chains of links, and merges that are undone."""

import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import phonenumbers
import pytest
from conftest import ROOT, Project, read_seed
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from strata.phone_formats import formats

COMPILED = ("int_contact_keys", "int_customer_survivors", "identity_is_sound")
TYPES = {"min_length": "integer", "max_records_per_value": "integer", "is_main_country": "boolean"}
PERSON_TYPES = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE)
Written = tuple[str | None, str | None]
"""A telephone number as entered, and the country of the record."""


class Sql:
    """Compiled models that run on tables of the test."""

    def __init__(self, target: Path) -> None:
        self.text = {
            path.stem: path.read_bytes().decode()
            for path in (target / "compiled").rglob("*.sql")
            if path.stem in COMPILED
        }
        self.connection = duckdb.connect()
        self.connection.execute(
            "attach ':memory:' as strata; create schema strata.seeds;"
            " create schema strata.intermediate; create schema strata.staging;"
            " create table strata.staging.stg_crm__orders"
            " (customer_id text, email text, phone text);"
            " use strata.intermediate"
        )
        for name in ("phone_formats", "placeholder_values", "identity_policies"):
            rows = read_seed(name)
            columns = [f"{column} {TYPES.get(column, 'text')}" for column in rows[0]]
            self.table(f"seeds.{name}", columns, [list(row.values()) for row in rows])

    def table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Make a table; a blank cell is null."""
        self.connection.execute(f"create or replace table strata.{name} ({', '.join(columns)})")
        marks = ", ".join("?" * len(columns))
        cells = [[None if cell == "" else cell for cell in row] for row in rows]
        self.connection.executemany(f"insert into strata.{name} values ({marks})", cells)

    def keys(self, contacts: Sequence[tuple[str | None, ...]]) -> list[tuple[Any, ...]]:
        """Return e-mail key and phone key of (email, phone, country)."""
        columns = ["record_id text", "email text", "phone text", "country text"]
        columns += ["all_defects text", "is_superseded boolean"]
        rows = [(str(at), *contact, None, False) for at, contact in enumerate(contacts)]
        self.table("intermediate.int_customers_checked", columns, rows)
        found = self.connection.execute(
            "select max(case when contact_type = 'email' then contact_value end),"
            " max(case when contact_type = 'phone' then contact_value end)"
            " from int_customers_checked as records"
            f" left join ({self.text['int_contact_keys']}) as keys"
            " on records.record_id = keys.record_id"
            " group by records.record_id order by cast(records.record_id as integer)"
        ).fetchall()
        assert len(found) == len(contacts)
        return found

    def emails(self, *written: str) -> list[str | None]:
        """Return the keys of addresses."""
        return [email for email, _ in self.keys([(it, None, None) for it in written])]

    def phones(self, *written: Written) -> list[str | None]:
        """Return the keys of telephone numbers."""
        return [phone for _, phone in self.keys([(None, *it) for it in written])]

    def components(self, chain: Sequence[int]) -> dict[str, str]:
        """Return the customer of each record of a chain of links; the smallest is the oldest."""
        columns = ["record_id text", "registered_at timestamp", "is_test boolean"]
        columns += ["deleted_at timestamp", "all_defects text"]
        self.connection.execute(
            f"create or replace table int_customers_checked ({', '.join(columns)});"
            " create or replace table chain (place integer, record integer)"
        )
        self.connection.execute(
            "insert into chain select unnest(range(len($1))), unnest($1)", [list(chain)]
        )
        self.connection.execute(
            "insert into int_customers_checked select printf('r%05d', record),"
            " timestamp '2020-01-01' + to_minutes(record), false, null, null from chain;"
            " create or replace table int_customer_links as"
            " select sha256('strata' || printf('r%05d', chain.record)) as record_hash,"
            " sha256('strata' || printf('r%05d', linked.record)) as linked_record_hash,"
            " true as is_identity_link"
            " from chain inner join chain as linked on abs(chain.place - linked.place) < 2"
        )
        return dict(
            self.connection.execute(
                "select records.record_id, earliest.record_id"
                f" from ({self.text['int_customer_survivors']}) as survivors"
                " inner join int_customers_checked as records"
                " on survivors.record_hash = sha256('strata' || records.record_id)"
                " inner join int_customers_checked as earliest"
                " on survivors.survivor_hash = sha256('strata' || earliest.record_id)"
            ).fetchall()
        )

    def defects(
        self, customers: dict[str, str], decisions: Sequence[tuple[str, str, str]] = ()
    ) -> list[tuple[Any, ...]]:
        """Return what identity_is_sound finds."""
        unified = list(customers.items())
        self.table(
            "intermediate.int_customers_unified", ["record_id text", "customer_id text"], unified
        )
        self.connection.execute(
            "create or replace table strata.seeds.customer_merges"
            " (from_customer_id text, into_customer_id text, decision text)"
        )
        for decision in decisions:
            self.connection.execute(
                "insert into strata.seeds.customer_merges values (?, ?, ?)", decision
            )
        return self.connection.execute(self.text["identity_is_sound"]).fetchall()


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sql]:
    project = Project(ROOT, tmp_path_factory.mktemp("compiled"))
    project.dbt("compile", "--select", *COMPILED)
    yield Sql(project.work / "target")


# What identifies somebody


@pytest.mark.parametrize(
    ("key", "written"),
    [
        (
            "+8613800138000",
            [("13800138000", "CN"), ("13800138000.0", "CN"), ("138-0013 8000", "CN")],
        ),
        (
            "+8613800138000",
            [
                ("8613800138000", "CN"),
                ("0086 138 0013 8000", "CN"),
                ("\uff11\uff13\uff18\uff10\uff10\uff11\uff13\uff18\uff10\uff10\uff10", "CN"),
            ],
        ),
        (
            "+8613800138000",
            [
                ("+86 (0)138 0013 8000", "CN"),
                ("+86 138.0013.8000", None),
                ("(+86)13800138000", "DE"),
            ],
        ),
        (
            "+861088887777",
            [("(010) 8888-7777", "CN"), ("1088887777", "CN"), ("+86 010 88887777", "US")],
        ),
        (
            "+491701112223",
            [("+49 (0)170 1112223", "DE"), ("0170/111 22 23", "DE"), ("0049 170 1112223", "CN")],
        ),
        (
            "+491701112223",
            [
                ("\u200e+49\u00a0170\u20091112223 ", "DE"),
                ("01701112223", "de"),
                ("011 49 170 1112223", "US"),
            ],
        ),
        (
            "+390612345679",
            [("06 12345679", "IT"), ("+39 (0)6 12345679", "DE"), ("0039 06 12345679", "IT")],
        ),
        (
            "+12125550123",
            [
                ("(212) 555-0123", "US"),
                ("1-212-555-0123", "US"),
                ("+1 212 555 0123", "CA"),
                ("2125550123", "CA"),
            ],
        ),
        (
            "+79161234568",
            [("8 (916) 123-45-68", "RU"), ("+7 916 123 45 68", "KZ"), ("9161234568", "RU")],
        ),
        (
            "+3612345679",
            [("06 1 234 5679", "HU"), ("+36 1 234 5679", "HU"), ("0036 (06) 1 234 5679", "HU")],
        ),
        ("+525512345679", [("55 1234 5679", "MX"), ("+52 55 1234 5679", "MX")]),
        ("+375294911911", [("8 029 491-19-11", "BY"), ("810 375 29 4911911", "RU")]),
        ("+447911123457", [("07911 123457", "UK"), ("07911 123457", "GB"), ("+447911123457", "")]),
        ("13800138000", [("13800138000", None), ("138 0013 8000", ""), ("138-0013-8000", "China")]),
    ],
)
def test_one_number_has_one_key_however_it_is_written(
    sql: Sql, key: str, written: list[Written]
) -> None:
    assert sql.phones(*written) == [key] * len(written)


@pytest.mark.parametrize(
    "written",
    [
        *[("8.6138E+12", "CN"), ("8,6138E+12", "CN"), ("8613800000000", "CN"), ("1.38E+10", None)],
        *[
            ("11111111111", "CN"),
            ("0000000000", "CN"),
            ("99999999", "HK"),
            ("+86 111 1111 1111", None),
        ],
        *[("1234567890", "US"), ("0123456789", "DE"), ("9876543210", "IN"), ("12345678", "HK")],
        *[("12345678901", "CN"), ("0987654321", None), ("12345678910", "CN"), ("7654321", None)],
        *[
            ("1212121212", "US"),
            ("123123123", "FR"),
            ("10000000000", "CN"),
            ("+1 555 555 5555", "US"),
        ],
        *[
            ("ext. 1", "CN"),
            ("4711", "DE"),
            ("0049 30 1234567 ext. 1", "CN"),
            ("021-6888 x12", "CN"),
        ],
        *[("138****8000", "CN"), ("13800138000;13900139000", "CN"), ("13800138000, 139", "CN")],
        *[("13800138000/13900139000", "CN"), ("13800138000 13900139000", "CN"), ("n/a", "CN")],
        *[
            ("138001380", "CN"),
            ("138001380001", "CN"),
            ("+86 86 13800138000", "CN"),
            ("none", None),
        ],
        *[
            ("65001234", "CN"),
            ("+999 12345678", "CN"),
            ("+0086 13800138000", "CN"),
            ("12+34567890", "CN"),
        ],
        *[
            ("-", "CN"),
            (".", "CN"),
            ("0", None),
            ("+", "DE"),
            ("", "CN"),
            ("   ", "CN"),
            (None, "CN"),
        ],
        *[("1380013", "CN"), ("12345", None), ("1234567890123456", None)],
    ],
)
def test_a_number_that_is_nobodys_has_no_key(sql: Sql, written: Written) -> None:
    assert sql.phones(written) == [None]


def test_phones_are_read_as_the_library_reads_them(sql: Sql) -> None:
    """In all countries: as dialled at home, and with plus, 00 or only the calling code."""
    written, expected = [], []
    for country in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in PERSON_TYPES:
            if not (number := phonenumbers.example_number_for_type(country, kind)):
                continue
            key = phonenumbers.format_number(number, PhoneNumberFormat.E164)
            at_home = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
            abroad = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
            if phonenumbers.parse(at_home, country) == number and country != "AR":
                written.append((at_home, country))
                expected.append(key)
            for text in (abroad, key, f"00{key[1:]}"):
                written += [(text, country), (text, None)]
                expected += [key, key]
    assert len(written) > 3000
    wrong = {
        (text, found, key)
        for (text, _), found, key in zip(written, sql.phones(*written), expected, strict=True)
        if found != key
    }
    assert {it for it in wrong if it[1] is not None} == set()
    assert len({key for _, _, key in wrong}) < 30  # examples that run up: 01 23 45 67 89


def test_numbers_that_the_library_finds_impossible_have_no_key(sql: Sql) -> None:
    """Random digits: each key is what the library reads, or at least possible."""
    draw = random.Random(3)
    countries = ("AT", "CN", "DE", "FR", "GB", "HU", "IN", "IT", "JP", "RU", "US")
    written = []
    for _ in range(3000):
        digits = "".join(draw.choices("0123456789", k=draw.randrange(5, 15)))
        written.append((draw.choice(["", "+", "00", "0"]) + digits, draw.choice(countries)))
    keyed = 0
    for (text, country), key in zip(written, sql.phones(*written), strict=True):
        if key is not None:
            keyed += 1
            number = phonenumbers.parse(key)
            assert phonenumbers.is_possible_number(number), (text, country, key)
            assert phonenumbers.format_number(number, PhoneNumberFormat.E164) == key
    assert keyed > 300


def test_the_seed_is_what_the_library_says() -> None:
    written = [[str(cell) for cell in row] for row in formats()]
    assert [list(row.values()) for row in read_seed("phone_formats")] == written


@pytest.mark.parametrize(
    "written",
    [
        *[
            "li.wei@example.cn",
            " LI.Wei@Example.CN ",
            "\tli.wei@example.cn",
            "li.wei@example.cn\r\n",
        ],
        *[
            "li.wei@example.cn\u00a0",
            "\u3000li.wei\uff20example.cn",
            "li.wei@example。cn",
            "\ufeffli.wei@example.cn\u200b",
        ],
    ],
)
def test_one_address_has_one_key_however_it_is_written(sql: Sql, written: str) -> None:
    assert sql.emails(written) == ["li.wei@example.cn"]


def test_unusual_addresses_are_addresses(sql: Sql) -> None:
    unusual = ["o'brien@x.ie", "a+b@sub.example.co.uk", "李伟@例子.中国", "_x-1@my-shop.museum"]
    assert sql.emails(*unusual) == unusual


@pytest.mark.parametrize(
    "written",
    [
        *["no email", "undefined", "Undefined", "n/a", "NULL", "-", ".", "@", "无", "kein@"],
        *["noreply@shop.com", "No-Reply@shop.com", "no_reply@shop.com", "do.not.reply@shop.de"],
        *["none@gmail.com", "no.email@gmail.com", "unknown@x.cn", "NA@na.cn", "nobody@nowhere.org"],
        *["li@noemail.com", "li@None.com", "test@test.com", "a@a.com", "sin-correo@x.es"],
        *["li@example", "li@@example.cn", "li@ex@ample.cn", "@example.cn", "li@.cn", "li@example."],
        *["li@example..cn", "li wei@example.cn", "li@exam ple.cn", "l***@example.cn", "li@1.2"],
        *["a@x.cn,b@x.cn", "a@x.cn;b@x.cn", "a@x.cn b@x.cn", "Li <li@x.cn>", "unknown@EXAMPLE.com"],
    ],
)
def test_an_address_that_is_nobodys_has_no_key(sql: Sql, written: str) -> None:
    assert sql.emails(written) == [None]


# Chains


def orders(size: int) -> dict[str, list[int]]:
    """Return numbers in orders that are hard for one or another way to follow a chain."""
    numbers = list(range(1, size + 1))
    half = size // 2
    zigzag = [it for pair in zip(numbers[:half], numbers[::-1]) for it in pair]  # noqa: B905
    shuffled = random.Random(size).sample(numbers, size)
    ruler = sorted(numbers, key=lambda it: (it & -it, it))
    return {
        "sorted": numbers,
        "zigzag": zigzag + numbers[half : size - half],
        "evens_first": numbers[1::2] + numbers[::2],
        "from_the_middle": sorted(numbers, key=lambda it: abs(it - half)),
        "blocks": [it for at in range(0, size, 16) for it in reversed(numbers[at : at + 16])],
        "ruler": [ruler.index(it) + 1 for it in numbers],
        "shuffled": shuffled,
    }


@pytest.mark.parametrize("name", orders(4))
@pytest.mark.parametrize("links", [1, 2, 255, 256])
def test_a_chain_is_one_person(sql: Sql, name: str, links: int) -> None:
    chain = orders(links + 1)[name]
    assert sorted(chain) == list(range(1, links + 2))
    customers = sql.components(chain)
    assert len(customers) == links + 1
    assert set(customers.values()) == {"r00001"}
    assert sql.defects(customers) == []


@pytest.mark.parametrize("name", orders(4))
def test_a_longer_chain_is_one_person_or_named(sql: Sql, name: str) -> None:
    customers = sql.components(orders(5001)[name])
    assert len(customers) == 5001
    if set(customers.values()) != {"r00001"}:
        ((seed, records, defect),) = sql.defects(customers)
        assert seed == "customer_merges"
        assert re.fullmatch("r[0-9]{5}, r[0-9]{5}", records)
        assert "longer than 256 links" in defect
    else:
        assert name in ("shuffled", "ruler", "blocks")


def test_records_kept_apart_but_connected_are_named(sql: Sql) -> None:
    customers = sql.components([2, 1, 3])
    assert sql.defects(customers, [("r00001", "r00009", "forbid")]) == []
    found = sql.defects(customers, [("r00003", "r00002", "forbid")])
    assert [row[:2] for row in found] == [("customer_merges", "r00003, r00002")]
    assert "kept apart, yet connected through others as r00001" in found[0][2]
