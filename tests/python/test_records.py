"""Whose record a row is: identifiers as programs write them, two systems, guests, the erased."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import duckdb
import pytest
from cases import build_cases, read_case
from conftest import Project
from raw_data import OPTIONAL_TABLES

pytestmark = pytest.mark.slow

REGISTERED: Final = "2024-01-05 08:00:00"
NBSP, WIDE, BOM = "\u00a0", "\u3000", "\ufeff"
FOLDS: Final = {"leading_zeros": "the till drops them"}

CUSTOMERS: Final[tuple[dict[str, str], ...]] = (
    # of the webshop's 1001 an older row, and one of nobody knows which system
    {"customer_id": "1001.0", "source_system": " WEBSHOP", "updated_at": "2025-12-01 00:00:00"},
    {"customer_id": "1001", "updated_at": "2026-05-01 00:00:00"},
    # a blank system beside one: the newest row of one record
    {"customer_id": "2002", "source_system": "pos", "updated_at": "2026-01-01 00:00:00"},
    {"customer_id": "2002", "updated_at": "2026-02-01 00:00:00"},
    *({"customer_id": "3003", "source_system": system} for system in ("a", "b", "c")),
    # one person in two systems, as the e-mail says
    *(
        {"customer_id": "4004", "source_system": system, "email": "one.person@example.cn"}
        | {"owner_id": owner, "owner_assigned_at": since}
        for system, owner, since in (
            ("crm", "", "2024-01-01 00:00:00"),
            ("webshop", " 71.0", "2025-02-03 04:05:06"),
        )
    ),
    # 6006 of the webshop is gone; a request to erase it is still there
    {"customer_id": "6006", "source_system": "pos"},
    # an identifier that is written like the name of another
    {"customer_id": "sys:77"},
    {"customer_id": "77", "source_system": "sys"},
    {"customer_id": "77", "source_system": "other"},
    {"customer_id": "0789", "owner_id": "Ann Lee", "owner_assigned_at": "soon"},
    {"customer_id": "789", "owner_assigned_at": "2024-01-01 00:00:00"},
    {"customer_id": "o'brien;--"},
    {"customer_id": "😀喵"},
    {"customer_id": "عميل١"},
    {"customer_id": "عميل1"},
    {"customer_id": "١٢٣"},
    {"customer_id": "1.5E+10"},
    {"customer_id": "12345678901234567.0"},
    # the 15 and the 18 letters of one record
    {"customer_id": "001A0000006Vm9r", "updated_at": "2026-01-01 00:00:00"},
    {"customer_id": "001A0000006Vm9rIAC", "updated_at": "2026-01-02 00:00:00"},
    *({"customer_id": "8008", "source_system": system} for system in ("a", "b")),
    {"customer_id": "child", "source_system": "b", "parent_customer_id": " 8008.0"},
    {"customer_id": "lost_child", "parent_customer_id": "8008"},
    {"customer_id": "till_child", "parent_customer_id": "456"},
    {"customer_id": "tested", "is_test": "true", "email": "tested@shop.cn"},
    {"customer_id": "g1", "email": "Guest.One@shop.cn", "phone": "138 0013 8111"},
    {"customer_id": "g2", "email": "guest.two@shop.cn", "phone": "+8613900138222"},
    {"customer_id": "forgotten", "email": "forgotten@shop.cn", "phone": "13700137333"},
    {"customer_id": "unsound", "email": "unsound@shop.cn", "deleted_at": "soon"},
    {"customer_id": "placeholder", "email": "noreply@example.com"},
    *({"customer_id": f"cashier{number}", "phone": "13600136444"} for number in range(5)),
    # of one person two records, of which one is deleted
    {"customer_id": "old", "email": "moved@shop.cn", "deleted_at": "2025-01-01 00:00:00"},
    {"customer_id": "new", "email": "moved@shop.cn"},
)
GUESTS: Final[tuple[tuple[str, str, str], ...]] = (
    # e-mail and phone of an order that names nobody, whose it is or what is wrong with it
    (f" guest.one@SHOP.cn{NBSP}", "", "g1"),
    ("", "+86 138-0013-8111", "g1"),
    ("", "0086 139 0013 8222", "g2"),
    ("no mail", "+86 139 0013 8222", "g2"),
    ("guest.one@shop.cn", "+8613800138111", "g1"),
    ("guest.one@shop.cn", "12345", "g1"),
    ("guest.one@shop.cn", "+8613900138222", ",ambiguous_customer,"),
    # in which country this is dialled, nobody knows
    ("", "13800138111", ",missing_customer,"),
    ("stranger@shop.cn", "", ",missing_customer,"),
    ("noreply@example.com", "", ",missing_customer,"),
    ("", "+8613600136444", ",missing_customer,"),
    ("tested@shop.cn", "", "test_record"),
    ("unsound@shop.cn", "", ",orphan_row,"),
    ("moved@shop.cn", "", "new"),
    ("forgotten@shop.cn", "", "erased_customer"),
    ("", "+8613700137333", "erased_customer"),
    ("guest.one@shop.cn", "+8613700137333", ",ambiguous_customer,"),
)

ORDERS: Final[tuple[tuple[str, str, str], ...]] = (
    # customer_id, source_system, whose it is or what is wrong with it
    (f"\t123{NBSP}", "", "123"),
    (f"{BOM}123.00{WIDE}\n", "", "123"),
    ('="123"', "", "123"),
    ('=" 123.0 "', "", "123"),
    ("'123", "", "123"),
    ("123.5", "", ",unknown_customer,"),
    ("١٢٣", "", "١٢٣"),
    ("1.23E+02", "", ",unknown_customer,"),
    ("1.5E+10", "", ",unknown_customer,"),
    ("12345678901234567.0", "", ",unknown_customer,"),
    ("000456", "", "00456"),
    ("456.0", "", "00456"),
    ("0789", "", ",ambiguous_customer,"),
    ("789", "", ",ambiguous_customer,"),
    ("0035g00000abCdE", "", "0035g00000abCdE"),
    ("0035g00000abCdEAAV", "", ",unknown_customer,"),
    ("0035g00000abcdeAAA", "", ",unknown_customer,"),
    ("001A0000006Vm9r", "", "001A0000006Vm9rIAC"),
    ("1001", "", ",ambiguous_customer,"),
    ("1001.0", "kiosk", ",ambiguous_customer,"),
    ("1001", " POS ", "pos:1001"),
    ("webshop:1001", "", "webshop:1001"),
    ("2002", "webshop", "2002"),
    ("2002", "", "2002"),
    ("3003", "a", "a:3003"),
    ("3003", "b", "erased_customer"),
    ("b:3003", "", "erased_customer"),
    ("3003", "", ",ambiguous_customer,"),
    ("4004", "", "crm:4004"),
    ("4004", "webshop", "crm:4004"),
    ("5005", "", "erased_customer"),
    ("5005.0", "pos", "erased_customer"),
    ("6006", "pos", "6006"),
    ("6006", "webshop", "erased_customer"),
    ("6006", "", ",ambiguous_customer,"),
    ("77", "sys", "sys:77"),
    ("77", "other", "other:77"),
    ("77", "", ",ambiguous_customer,"),
    ("sys:77", "", ",ambiguous_customer,"),
    ("o'brien;--", "", "o'brien;--"),
    ("😀喵", "", "😀喵"),
    ("عميل١", "", "عميل١"),
    ("عميل1", "", "عميل1"),
    ("tested", "pos", "test_record"),
    ("", "", ",missing_customer,"),
    ('=""', "", ",missing_customer,"),
    (f"{NBSP}\t", "", ",missing_customer,"),
    ("nobody", "webshop", ",unknown_customer,"),
)
REQUESTS: Final = (
    ("3003", "b"),
    (" 5005", ""),
    ("6006", "webshop"),
    ("1001", ""),
    ("x'; --", ""),
    ("forgotten", ""),
)
OTHERS: Final[Mapping[str, dict[str, str]]] = {
    "web_events": {"event_type": "view", "occurred_at": "2026-03-01 04:00:00", "product_id": "7.0"},
    "interactions": {"interaction_type": "call", "started_at": "2026-03-01 04:00:00"},
    "feedback": {"feedback_type": "csat", "score": "5", "submitted_at": "2026-03-01 04:00:00"},
    "campaign_contacts": {"contacted_at": "2026-03-01 04:00:00", "channel": "email"},
    "consents": {"channel": "email", "status": "granted", "changed_at": "2026-03-01 04:00:00"},
}
OUTCOME: Final = (
    "case fate when 'used' then customer_id when 'excluded' then exclusion else defects end"
)
KEYS: Final = {
    "web_events": "event_id",
    "interactions": "interaction_id",
    "feedback": "feedback_id",
    "campaign_contacts": "contact_id",
}
NAMED: Final = (
    ("1001", "pos", "pos:1001"),
    ("1001", "", ",ambiguous_customer,"),
    ("123.0", "", "123"),
    ("3003", "b", "erased_customer"),
    ("5005", "", "erased_customer"),
)


def order(order_id: str, customer: str, system: str) -> dict[str, str]:
    """Return an order of 10 yuan."""
    return {
        "order_id": order_id,
        "customer_id": customer,
        "source_system": system,
        "ordered_at": "2026-03-01 04:00:00",
        "status": "paid",
        "currency": "CNY",
        "amount": "10",
    }


def others() -> dict[str, list[dict[str, str]]]:
    """Return rows of the tables of engagement that name the same customers."""
    return {
        table: [
            columns
            | {"customer_id": customer, "source_system": system}
            | ({KEYS[table]: f"{table}{number}"} if table in KEYS else {})
            for number, (customer, system, _) in enumerate(NAMED)
        ]
        for table, columns in OTHERS.items()
    }


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Build two cases and other members of their kinds, with leading zeros declared."""
    shops = read_case("two_shops")
    more = {
        "customers": [*shops["customers"], *(row | {"country": "CN"} for row in CUSTOMERS)],
        "orders": [
            *shops["orders"],
            *(order(f"n{number}", *row[:2]) for number, row in enumerate(ORDERS)),
            *(
                order(f"g{number}", "", "pos") | {"email": email, "phone": phone}
                for number, (email, phone, _) in enumerate(GUESTS)
            ),
        ],
        "erasure_requests": [
            {"customer_id": customer, "source_system": system, "requested_at": REGISTERED}
            for customer, system in REQUESTS
        ],
        "products": [{"product_id": "0007", "product_name": "Seven", "category": "phones"}],
        "order_items": [
            {"order_item_id": "i1", "order_id": '="n0"', "product_id": "7", "unit_cost": "2"}
            | {"quantity": "2", "unit_price": "5"}
        ],
        "refunds": [
            {"refund_id": "r1", "order_id": " n0\t", "amount": "1", "refunded_at": "2026-03-05"}
        ],
        **others(),
    }
    for row in more["customers"]:
        row.setdefault("registered_at", REGISTERED)
    folder = tmp_path_factory.mktemp("declared")
    return build_cases(folder, "identifiers", more=more, variables={"identifier_folds": FOLDS})


def test_two_shops_are_two_persons(declared: Project) -> None:
    tiers = declared.query(
        "select customer_id, lifetime_net_revenue, lifetime_orders from marts.customer_tiers"
        " where customer_id like '%1001' order by 1"
    )
    # beside the case, pos:1001 and webshop:1001 have an order of 10 each
    assert tiers == [("pos:1001", 110, 2), ("webshop:1001", 120_010, 3)]


def test_each_order_is_of_the_customer_that_it_names(declared: Project) -> None:
    found: dict[str, str] = dict(
        declared.query(
            f"select coalesce(order_id, ''), {OUTCOME} from intermediate.int_orders_checked"
            " where exclusion is distinct from 'erased_customer'"
        )
    )
    outcomes = {f"n{number}": row[2] for number, row in enumerate(ORDERS)}
    outcomes |= {f"g{number}": row[2] for number, row in enumerate(GUESTS)}
    expected = {
        order: outcome for order, outcome in outcomes.items() if outcome != "erased_customer"
    }
    assert {name: found.get(name) for name in expected} == expected
    erased = len(outcomes) - len(expected)
    hidden = "intermediate.int_orders_checked where exclusion = 'erased_customer'"
    assert declared.value(f"select count(*) from {hidden}") == erased


def test_declared_folds_find_what_is_not_certain(declared: Project) -> None:
    found = declared.query(
        "select order_id, customer_id, defects from intermediate.int_orders_checked"
        " where order_id like 'identifiers%' order by 1"
    )
    assert found == [
        ("identifiers_o1", "123", None),
        ("identifiers_o2", "00456", None),
        ("identifiers_o3", "0035g00000abCdE", None),
        ("identifiers_o4", None, ",unknown_customer,"),
    ]


def test_the_marts_show_an_identifier_as_its_own_table_writes_it(declared: Project) -> None:
    shown = {customer for (customer,) in declared.query("select customer_id from marts.customers")}
    assert shown == {
        *("123", "00456", "0035g00000abCdE", "9007199254740993", "001A0000006Vm9rIAC"),
        *("webshop:1001", "pos:1001", "2002", "a:3003", "c:3003", "crm:4004", "6006"),
        *("sys:77", "other:77", "0789", "789", "o'brien;--", "😀喵", "عميل١", "عميل1", "١٢٣"),
        *("g1", "g2", "placeholder", "new", *(f"cashier{number}" for number in range(5))),
        *("a:8008", "b:8008", "child", "lost_child", "till_child"),
    }
    items = "select order_id, product_id, fate from intermediate.int_order_items_checked"
    assert declared.query(items) == [("n0", "0007", "used")]
    refunds = "select order_id, customer_id, fate from intermediate.int_refunds_checked"
    assert declared.query(refunds) == [("n0", "123", "used")]


def test_an_owner_and_the_day_are_of_one_record_and_cost_nobody(declared: Project) -> None:
    assert declared.query(
        "select customer_id, owner_id, owner_assigned_at from marts.customers"
        " where customer_id in ('crm:4004', '0789', '789', '2002') order by 1"
    ) == [
        ("0789", "Ann Lee", None),
        ("2002", None, None),
        ("789", None, None),
        ("crm:4004", "71", datetime(2025, 2, 3, 4, 5, 6)),
    ]


def test_records_that_nobody_can_tell_are_in_the_quarantine(declared: Project) -> None:
    found = declared.query(
        "select row_key, reason from marts.quarantined_rows where source_table = 'customers'"
    )
    assert sorted(found) == [
        ("001A0000006Vm9r", "duplicate_key"),
        ("1.5E+10", "missing_key"),
        ("1001", "ambiguous_customer"),
        ("1001", "duplicate_key"),
        ("12345678901234567.0", "missing_key"),
        ("2002", "duplicate_key"),
        ("sys:77", "ambiguous_customer"),
        ("unsound", "invalid_timestamp"),
    ]


def test_the_quarantine_names_whom_a_row_may_mean(declared: Project) -> None:
    rows: dict[str, str] = dict(
        declared.query(
            "select row_key, split_part(raw_row, '; possible customers: ', 2)"
            " from marts.quarantined_rows where reason = 'ambiguous_customer'"
        )
    )
    by_name = {row[0] + row[1]: rows.get(f"n{number}") for number, row in enumerate(ORDERS)}
    assert rows["1001"] == by_name["1001"]
    assert by_name["1001"].split(", ")[-2:] == ["pos:1001", "webshop:1001"]
    assert by_name["0789"] == "0789, 789"
    # the erased are not named
    assert by_name["3003"] == "a:3003, an erased customer, c:3003"
    assert by_name["6006"] == "6006, an erased customer"
    by_contact = {row[:2]: rows.get(f"g{number}") for number, row in enumerate(GUESTS)}
    assert by_contact["guest.one@shop.cn", "+8613900138222"] == "g1, g2"
    assert by_contact["guest.one@shop.cn", "+8613700137333"] == "an erased customer, g1"


def test_all_tables_name_customers_alike(declared: Project) -> None:
    for table in OTHERS:
        key = KEYS.get(table, "null")
        found = declared.query(f"select {OUTCOME}, {key} from intermediate.int_{table}_checked")
        assert sorted(row[0] for row in found) == sorted(row[2] for row in NAMED), table
        if table in KEYS:
            assert {row[0] for row in found if row[1] == f"{table}0"} == {"pos:1001"}
    products = "select distinct product_id from intermediate.int_web_events_checked"
    assert declared.query(products) == [("0007",)]


def test_nobody_is_erased_on_a_guess(declared: Project) -> None:
    assert declared.query(
        "select fate, defects, exclusion, count(*) from intermediate.int_erasure_requests_checked"
        " group by all order by all"
    ) == [
        ("excluded", None, "erased_customer", 5),
        ("quarantined", ",ambiguous_customer,", None, 1),
    ]


def test_no_table_names_the_erased(declared: Project) -> None:
    tables = declared.query(
        "select table_schema || '.' || table_name from information_schema.tables"
        " where table_type = 'BASE TABLE' and table_schema in ('intermediate', 'marts')"
    )
    theirs = "5005|b:3003|webshop:6006|forgotten|37001373"
    named = " union all ".join(
        f"select '{table}' from {table} as kept"
        f" where regexp_matches(cast(kept as varchar), '{theirs}')"
        for (table,) in tables
    )
    assert len(tables) > 20 and declared.query(named) == []


def test_a_parent_is_looked_up_in_the_system_of_its_child(declared: Project) -> None:
    parents: dict[str, str] = dict(
        declared.query(
            "select customer_id, parent_customer_id from marts.customers"
            " where customer_id like '%child'"
        )
    )
    assert parents == {"child": "b:8008", "lost_child": None, "till_child": "00456"}
    assert declared.query(
        "select found from marts.data_quality_summary"
        " where check_type = 'nulled_value' and check_name = 'parent_customer_id'"
    ) == [(1,)]


def test_every_row_is_accounted_for(declared: Project) -> None:
    rows = declared.query(
        "select source_table, sum(raw_rows), sum(used_rows + excluded_rows + quarantined_rows),"
        " sum(raw_amount - used_amount - excluded_amount - quarantined_amount)"
        " from marts.source_reconciliation group by 1"
    )
    assert {row[0]: row[1] for row in rows}["orders"] == len(ORDERS) + len(GUESTS) + 7
    assert all(raw == accounted and left == 0 for _, raw, accounted, left in rows)


# Without a declaration, and from files that have types


@pytest.fixture(scope="module")
def undeclared(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Build two cases without a fold, beside Parquet files whose identifiers are doubles."""
    folder = tmp_path_factory.mktemp("undeclared")
    doubles = {
        "refunds": "select 'r1' as refund_id, 5001::double as order_id, '1' as amount,"
        " '2026-03-05' as refunded_at",
        "web_events": "select event_id, customer_id::double as customer_id, 'view' as event_type,"
        " '2026-03-01 04:00:00' as occurred_at from (values (1, 123), (2, 9007199254740993),"
        " (3, null), (4, 456)) as given (event_id, customer_id)",
    }
    (folder / "raw").mkdir()
    for table, query in doubles.items():
        duckdb.sql(f"copy ({query}) to '{folder}/raw/{table}.parquet'")
    present = ("order_items", "products", *doubles)
    return build_cases(
        folder,
        *("identifiers", "values"),
        more={"orders": [order("5001", "'123", "")]},
        variables={"missing_sources": [name for name in OPTIONAL_TABLES if name not in present]},
    )


def test_what_is_not_declared_is_not_folded(undeclared: Project) -> None:
    found = undeclared.query(
        f"select order_id, {OUTCOME} from intermediate.int_orders_checked"
        " where order_id like 'identifiers%' order by 1"
    )
    assert found == [
        ("identifiers_o1", "123"),
        ("identifiers_o2", ",unknown_customer,"),
        ("identifiers_o3", "0035g00000abCdE"),
        ("identifiers_o4", ",unknown_customer,"),
    ]


def test_the_guest_of_the_case_has_the_order(undeclared: Project) -> None:
    tiers = "select lifetime_net_revenue from marts.customer_tiers where customer_id = 'guest1'"
    assert undeclared.query(tiers) == [(60_000,)]


def test_a_double_is_the_number_that_it_was(undeclared: Project) -> None:
    refunds = "select order_id, customer_id, fate from intermediate.int_refunds_checked"
    assert undeclared.query(refunds) == [("5001", "123", "used")]
    events = f"select event_id, {OUTCOME} from intermediate.int_web_events_checked order by 1"
    assert undeclared.query(events) == [
        ("1", "123"),
        ("2", ",unknown_customer,"),
        ("3", ",missing_customer,"),
        ("4", ",unknown_customer,"),
    ]
