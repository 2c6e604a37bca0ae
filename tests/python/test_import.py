"""Exports become raw tables: the mappings of Strata, and totals that are added up apart."""

import csv
import io
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
import xlsxwriter
from conftest import ROOT, Project
from raw_data import OPTIONAL_TABLES
from typer.testing import CliRunner, Result

from strata.cli import app
from strata.imports.mapping import names

CENT = Decimal("0.01")
Row = Mapping[str, object]


@pytest.fixture(autouse=True)
def in_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `strata` find the declarations."""
    monkeypatch.chdir(ROOT)


def invoke(*arguments: object) -> Result:
    """Call `strata import`."""
    return CliRunner().invoke(app, ["import", *map(str, arguments)])


def imported(mapping: str, files: Sequence[Path], to: Path, *options: str) -> str:
    """Import files; nothing may be refused."""
    done = invoke("--map", mapping, *files, "--to", to, *options)
    assert done.exit_code == 0, done.output
    return done.output


def rows(to: Path, table: str) -> dict[str, dict[str, Any]]:
    """Return the rows of a raw table by their key, its first column."""
    with duckdb.connect() as connection:
        found = connection.execute(f"select * from read_parquet('{to}/{table}.parquet')")
        columns = [column[0] for column in found.description]
        read = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
    keyed = {row[columns[0]]: row for row in read}
    assert len(keyed) == len(read)
    return keyed


def write(
    path: Path,
    records: Iterable[Row],
    encoding: str = "utf-8",
    delimiter: str = ",",
    line_end: str = "\n",
) -> Path:
    """Write records as CSV."""
    listed = list(records)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(listed[0]), delimiter=delimiter, lineterminator=line_end)
    writer.writeheader()
    writer.writerows(listed)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def cents(amount: Decimal) -> Decimal:
    """Round as tills do."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def total(to: Path, table: str, where: str = "true") -> Decimal:
    """Return the sum of the amounts of a raw table."""
    with duckdb.connect() as connection:
        (found,) = connection.execute(
            f"select coalesce(sum(amount), 0) from read_parquet('{to}/{table}.parquet')"
            f" where {where}"
        ).fetchall()[0]
    return Decimal(found)


def test_these_mappings_come_with_strata() -> None:
    assert set(names()) == {
        "fxiaoke",
        "hubspot",
        "invoice_lines",
        "jiandaoyun",
        "salesforce",
        "shopify",
        "taobao",
        "woocommerce",
        "youzan",
        "zoho",
    }


# Shopify


def shopify_orders(orders: int, seed: int = 1) -> list[dict[str, object]]:
    """Return lines as Shopify exports them: what is of the order is on its first line only."""
    random = Random(seed)
    lines: list[dict[str, object]] = []
    for number in range(orders):
        name, mail = f"#{1001 + number}", f"Buyer{number % 17}@example.co.uk"
        goods = [
            (
                f"SKU{random.randint(1, 9)}",
                random.randint(1, 5),
                Decimal(random.randint(100, 9999)) / 100,
            )
            for _ in range(random.randint(1, 4))
        ]
        subtotal = sum((price * pieces for _, pieces, price in goods), Decimal(0))
        taxes = cents((subtotal + 5) / 6)
        whole = subtotal + 5
        status = random.choice(
            ["paid", "paid", "partially_refunded", "refunded", "pending", "voided"]
        )
        refunded = {"refunded": whole, "partially_refunded": cents(whole / 3)}.get(
            status, Decimal(0)
        )
        created = datetime(2024, 3, 1) + timedelta(hours=7 * number)
        for place, (sku, pieces, price) in enumerate(goods):
            is_first = place == 0
            first = lambda value, is_first=is_first: value if is_first else ""  # noqa: E731
            lines.append(
                {
                    "Name": name,
                    "Email": mail,
                    "Financial Status": first(status),
                    "Paid at": first(f"{created + timedelta(minutes=1)} +0000"),
                    "Fulfillment Status": first("fulfilled"),
                    "Currency": first("GBP"),
                    "Subtotal": first(subtotal),
                    "Shipping": first("5.00"),
                    "Taxes": first(taxes),
                    "Total": first(whole),
                    "Created at": f"{created} +0000",
                    "Lineitem quantity": pieces,
                    "Lineitem name": f"Tea, {sku}\nloose",
                    "Lineitem price": price,
                    "Lineitem sku": sku,
                    "Billing Name": first("O'Hara, Jan"),
                    "Billing Country": first("GB"),
                    "Phone": first("'+447700900123" if number % 17 == 3 else ""),
                    "Cancelled at": "",
                    "Refunded Amount": first(refunded),
                    "Id": first(5_000_000_000 + number),
                }
            )
    return lines


@pytest.mark.parametrize("taxes_included", [True, False])
def test_shopify_to_the_cent(tmp_path: Path, taxes_included: bool) -> None:
    lines = shopify_orders(60)
    half = next(at for at, it in enumerate(lines) if it["Name"] == "#1030")
    # monthly files in a folder, the second with marks of Excel
    write(tmp_path / "in" / "orders_export_1.csv", lines[:half])
    write(tmp_path / "in" / "orders_export_2.csv", lines[half:], "utf-8-sig", ";", "\r\n")
    told = imported(
        "shopify", [tmp_path / "in"], tmp_path / "raw", "--set", f"taxes_included={taxes_included}"
    )
    firsts = [it for it in lines if it["Total"] != ""]
    amounts, refunds = {}, {}
    for it in firsts:
        goods = Decimal(str(it["Subtotal"])) - (Decimal(str(it["Taxes"])) if taxes_included else 0)
        amounts[it["Name"]] = goods
        if Decimal(str(it["Refunded Amount"])):
            share = Decimal(str(it["Refunded Amount"])) * goods / Decimal(str(it["Total"]))
            refunds[f"{it['Name']}-refund"] = cents(share)
    raw = tmp_path / "raw"
    orders = rows(raw, "orders")
    assert {name: it["amount"] for name, it in orders.items()} == amounts
    assert {name: it["amount"] for name, it in rows(raw, "refunds").items()} == refunds
    assert refunds
    items = rows(raw, "order_items")
    assert len(items) == len(lines)
    assert sum(it["quantity"] * it["unit_price"] for it in items.values()) == sum(
        Decimal(str(it["Subtotal"])) for it in firsts
    )
    assert orders["#1001"]["ordered_at"] == "2024-03-01 00:00:00Z"
    statuses = {(it["Financial Status"], orders[it["Name"]]["status"]) for it in firsts}
    assert ("refunded", "paid") in statuses
    assert ("voided", "cancelled") in statuses
    # without an export of customers, they are who ordered
    customers = rows(raw, "customers")
    assert customers["buyer3@example.co.uk"]["phone"] == "+447700900123"
    assert len(customers) == 17
    # a refund without a date has the one that the mapping declares, and that is told
    assert f"taxes_included {str(taxes_included).lower()}, refund_date created_at" in told
    some = next(iter(refunds))
    assert rows(raw, "refunds")[some]["refunded_at"] == orders[some[:5]]["ordered_at"]


def test_shopify_refunds_may_be_dated_otherwise_and_twice_is_harmless(tmp_path: Path) -> None:
    file = write(tmp_path / "orders.csv", shopify_orders(9))
    options = ("--set", "taxes_included=no", "--set", "refund_date=paid_at")
    for _ in range(2):
        imported("shopify", [file], tmp_path / "raw", *options)
    for key, refund in rows(tmp_path / "raw", "refunds").items():
        order = rows(tmp_path / "raw", "orders")[key.removesuffix("-refund")]
        assert refund["refunded_at"] == order["ordered_at"].replace(":00:00Z", ":01:00Z")
    assert not list((tmp_path / "raw").glob(".*"))


def test_an_order_in_two_exports_has_each_line_by_the_same_identifier(tmp_path: Path) -> None:
    lines = shopify_orders(3)
    files = [write(tmp_path / f"orders{it}.csv", lines) for it in range(2)]
    done = invoke(
        "--map", "shopify", *files, "--to", tmp_path / "raw", "--set", "taxes_included=no"
    )
    assert done.exit_code == 0
    with duckdb.connect() as connection:
        found = connection.execute(
            "select count(*), count(distinct order_item_id) from"
            f" read_parquet('{tmp_path}/raw/order_items.parquet')"
        ).fetchone()
    assert found == (2 * len(lines), len(lines))


def test_shopify_customers_take_the_place_of_those_who_ordered(tmp_path: Path) -> None:
    orders = write(tmp_path / "orders_export.csv", shopify_orders(5))
    record = {
        "Customer ID": "'9013808660771",
        "First Name": "Jan",
        "Last Name": "O'Hara",
        "Email": "buyer1@example.co.uk",
        "Accepts Email Marketing": "yes",
        "Default Address Country Code": "GB",
        "Phone": "'+447700900123",
        "Total Spent": "1.00",
    }
    customers = write(tmp_path / "customers_export.csv", [record])
    imported("shopify", [orders, customers], tmp_path / "raw", "--set", "taxes_included=true")
    (found,) = rows(tmp_path / "raw", "customers").values()
    assert found["customer_id"] == "9013808660771"
    assert found["phone"] == "+447700900123"
    assert found["full_name"] == "Jan O'Hara"


# Other shops


def test_woocommerce_to_the_cent(tmp_path: Path) -> None:
    records = [
        {
            "order_id": 100 + number,
            "order_number": 100 + number,
            "order_date": f"2024-07-{1 + number:02} 00:30:00",
            "paid_date": f"2024-07-{2 + number:02} 00:30:00",
            "status": status,
            "shipping_total": "4.00",
            "tax_total": "7.33",
            "discount_total": "1.10",
            "order_total": "99.99",
            "order_subtotal": Decimal("20.05") * (number + 1),
            "order_currency": "EUR",
            "customer_id": number % 3,
            "customer_email": f"g{number}@example.de",
            "billing_first_name": "Jürgen",
            "billing_last_name": "Weiß",
            "billing_email": f"G{number}@example.de",
            "billing_phone": "",
            "billing_country": "DE",
        }
        for number, status in enumerate(
            ["completed", "processing", "wc-refunded", "cancelled", "on-hold", "failed", "refunded"]
        )
    ]
    file = write(tmp_path / "orders.csv", records, "utf-16")
    imported("woocommerce", [file], tmp_path / "raw", "--timezone", "Europe/Berlin")
    amounts = {str(it["order_id"]): it["order_subtotal"] - Decimal("1.10") for it in records}  # type: ignore[operator]
    orders = rows(tmp_path / "raw", "orders")
    assert {key: it["amount"] for key, it in orders.items()} == amounts
    assert {key: it["amount"] for key, it in rows(tmp_path / "raw", "refunds").items()} == {
        "102-refund": amounts["102"],
        "106-refund": amounts["106"],
    }
    # half past midnight of a summer day in Berlin
    assert orders["100"]["ordered_at"] == "2024-06-30 22:30:00Z"
    # 0 is a guest
    assert [orders[str(100 + it)]["customer_id"] for it in range(3)] == ["g0@example.de", "1", "2"]
    assert rows(tmp_path / "raw", "customers")["1"]["full_name"] == "Jürgen Weiß"


def test_refunds_that_woocommerce_lists_have_their_own_amounts_and_days(tmp_path: Path) -> None:
    """They are with tax and postage, of which the goods have their share, and in UTC."""
    listed = {
        "1": "amount:11.90|reason:one; amount: of two|date:2024-07-09 22:30:00",
        "2": "amount:5.95|reason:|date:2024-07-09 08:00:00;"
        "amount:2.38|reason:a|b|date:2024-08-01 08:00:00",
        "3": "",
        "4": "",
        "5": "amount:35.70|reason:|date:2024-07-20 08:00:00",
    }
    records = [
        {
            "order_id": number,
            "order_date": "2024-07-01 00:30:00",
            "status": "refunded" if number in ("4", "5") else "completed",
            "shipping_total": "10.00",
            "tax_total": "5.70",
            "discount_total": "1.00",
            "order_total": "35.70",
            "order_subtotal": "21.00",
            "order_currency": "EUR",
            "customer_id": "7",
            "billing_first_name": "Ann",
            "billing_last_name": "Lee",
            "refund_items": text,
        }
        for number, text in listed.items()
    ]
    file = write(tmp_path / "orders.csv", records)
    imported("woocommerce", [file], tmp_path / "raw", "--timezone", "Europe/Berlin")
    found = rows(tmp_path / "raw", "refunds")
    # of 35.70 the goods are 20.00
    assert {key: (it["amount"], it["refunded_at"]) for key, it in found.items()} == {
        "1-refund-1": (Decimal("6.67"), "2024-07-09 22:30:00Z"),
        "2-refund-1": (Decimal("3.33"), "2024-07-09 08:00:00Z"),
        "2-refund-2": (Decimal("1.33"), "2024-08-01 08:00:00Z"),
        "4-refund": (Decimal("20.00"), "2024-06-30 22:30:00Z"),
        "5-refund-1": (Decimal("20.00"), "2024-07-20 08:00:00Z"),
    }
    records[1]["refund_items"] = "amount:5,95|reason:|date:2024-07-09 08:00:00"
    write(tmp_path / "orders.csv", records)
    given = ("--map", "woocommerce", file, "--to", tmp_path / "raw")
    done = invoke(*given, "--timezone", "Europe/Berlin")
    assert done.exit_code == 2
    assert "orders.csv, line 3, column refund_items: it is no number" in done.output


STATUSES = {
    "交易成功": "completed",
    "卖家已发货，等待买家确认": "shipped",  # noqa: RUF001
    "买家已付款，等待卖家发货": "paid",  # noqa: RUF001
    "等待买家付款": "pending",
    "交易关闭": "cancelled",
}


def test_taobao_to_the_cent_and_who_is_masked_is_nobody(tmp_path: Path) -> None:
    random = Random(2)
    records, items = [], []
    for number in range(40):
        goods = Decimal(random.randint(1000, 99999)) / 100
        status = list(STATUSES)[number % 5]
        refunded = cents(goods / 4) if number % 5 == 0 else Decimal(0)
        records.append(
            {
                "订单编号": f'="{2024000000000000000 + number}"',
                "买家会员名": f"t**{number}" if number % 4 == 0 else f"买家{number % 7}",
                "买家应付货款": f"￥{goods}",
                "买家应付邮费": "10.00",
                "买家实际支付金额": goods + 10,
                "订单状态": status,
                "收货人姓名": "张*",
                "收货地址": "浙江省 杭州市 西湖区 某路1号",
                "联系手机": "'138****1234" if number % 2 else f"'1381234{number:04}",
                "订单创建时间": f"2024/3/{1 + number % 28} 00:05",
                "订单付款时间": ""
                if status == "等待买家付款"
                else f"2024-03-{1 + number % 28:02} 00:06:01",
                "退款金额": refunded,
            }
        )
        items.append(
            {
                "订单编号": f'="{2024000000000000000 + number}"',
                "标题": "茶",
                "价格": goods,
                "购买数量": 1,
                "商家编码": "T1",
            }
        )
    write(tmp_path / "in" / "ExportOrderList202403.csv", records, "gb18030")
    write(tmp_path / "in" / "ExportOrderDetailList202403.csv", items, "gb18030")
    imported("taobao", [tmp_path / "in"], tmp_path / "raw", "--set", "tax_rate=13")
    raw = tmp_path / "raw"
    orders = rows(raw, "orders")
    for it in records:
        goods = Decimal(str(it["买家应付货款"])[1:])
        found = orders[str(it["订单编号"])[2:-1]]
        assert found["amount"] == goods - cents(goods * 13 / 113)
        assert found["status"] == STATUSES[str(it["订单状态"])]
        assert "*" not in f"{found['customer_id']}{found['phone']}"
    # five past midnight in Shanghai is the day before in UTC
    assert orders["2024000000000000000"]["ordered_at"] == "2024-02-29 16:06:01Z"
    refunds = {
        f"{str(it['订单编号'])[2:-1]}-refund": Decimal(str(it["退款金额"]))
        for it in records
        if it["退款金额"]
    }
    assert {key: it["amount"] for key, it in rows(raw, "refunds").items()} == {
        key: amount - cents(amount * 13 / 113) for key, amount in refunds.items()
    }
    customers = rows(raw, "customers")
    assert all("*" not in str(list(it.values())) for it in customers.values())
    assert {it["full_name"] for it in customers.values()} == {None}
    assert customers["买家1"]["region"] == "浙江省"
    assert sum(it["unit_price"] for it in rows(raw, "order_items").values()) == sum(
        Decimal(str(it["价格"])) for it in items
    )
    # of those who are masked in name and telephone nothing is known
    assert [it["customer_id"] for it in orders.values() if it["phone"] is None].count(None) == 0
    assert orders["2024000000000000004"]["customer_id"] == "13812340004"


def test_youzan_shares_a_refund_between_goods_and_postage(tmp_path: Path) -> None:
    records = [
        {
            "订单号": "E20240301",
            "销售渠道": "网店",
            "订单状态": "交易完成",
            "订单创建时间": "2024-03-01 23:59:00",
            "买家付款时间": "2024-03-02 00:01:00",
            "交易成功时间": "2024-03-09 10:00:00",
            "商品金额合计": "100.00",
            "运费": "10.00",
            "店铺优惠合计": "5.00",
            "订单实付金额": "105.00",
            "买家昵称": "小*",
            "买家手机号": "138****1234",
            "收货人省份": "浙江省",
            "收货人城市": "杭州市",
            "订单已退款金额": "35.00",
        }
    ]
    file = write(tmp_path / "订单.csv", records, "utf-8-sig")
    options = ("--set", "tax_rate=0", "--set", "refund_date=completed")
    imported("youzan", [file], tmp_path / "raw", *options)
    (order,) = rows(tmp_path / "raw", "orders").values()
    assert (order["amount"], order["customer_id"]) == (Decimal("95.00"), None)
    assert order["ordered_at"] == "2024-03-01 16:01:00Z"
    (refund,) = rows(tmp_path / "raw", "refunds").values()
    assert refund["amount"] == cents(Decimal("35.00") * 95 / 105)
    assert refund["refunded_at"] == "2024-03-09 02:00:00Z"
    assert rows(tmp_path / "raw", "customers") == {}


# CRMs


def test_salesforce_stages_decide_and_a_close_date_stays_its_day(tmp_path: Path) -> None:
    accounts = [
        {
            "Id": "001A000001LobPK",
            "Name": "Acme, Ltd",
            "ParentId": "",
            "Phone": "",
            "Industry": "Energy",
            "NumberOfEmployees": "1200",
            "BillingCountry": "United Kingdom",
            "CreatedDate": "2024-01-05T23:30:00.000+0000",
            "OwnerId": "005A0000000aBcDIAU",
            "IsDeleted": "0",
        },
        {
            "Id": "001A000001LobPL",
            "Name": "Gone",
            "ParentId": "",
            "Phone": "",
            "Industry": "",
            "NumberOfEmployees": "",
            "BillingCountry": "",
            "CreatedDate": "2024-01-05T23:30:00.000Z",
            "OwnerId": "005A0000000aBcDIAU",
            "IsDeleted": "1",
        },
    ]
    stages = ["Closed Won", "Closed Lost", "Prospecting", "Signed"]
    deals = [
        {
            "Id": f"006A{number}",
            "AccountId": "001A000001LobPK",
            "Name": "Deal",
            "StageName": stage,
            "Amount": "" if stage == "Prospecting" else "1200.55",
            # as the Data Loader, the weekly export and a workbook write a date
            "CloseDate": f"2024-03-31{('', ' 00:00:00', 'T00:00:00.000Z')[number % 3]}",
            "LastModifiedDate": "2024-04-01T08:00:00.000Z",
        }
        for number, stage in enumerate(stages)
    ]
    files = [
        write(tmp_path / "Account.csv", accounts),
        write(tmp_path / "Opportunity.csv", deals),
    ]
    told = imported(
        "salesforce",
        files,
        tmp_path / "raw",
        "--currency",
        "gbp",
        "--set",
        "tax_rate=20",
        "--set",
        "won_stages=Closed Won,Signed",
    )
    assert "accounts: 1 lines are left out, as the mapping says" in told
    orders = rows(tmp_path / "raw", "orders")
    assert [it["status"] for it in orders.values()] == [
        "completed",
        "cancelled",
        "pending",
        "completed",
    ]
    assert {it["ordered_at"] for it in orders.values()} == {"2024-03-31"}
    assert "has no row for" not in told
    net = Decimal("1200.55") - cents(Decimal("1200.55") * 20 / 120)
    assert total(tmp_path / "raw", "orders", "status = 'completed'") == 2 * net
    (customer,) = rows(tmp_path / "raw", "customers").values()
    assert (customer["country"], customer["employee_count"]) == ("GB", 1200)
    assert customer["registered_at"] == "2024-01-05 23:30:00Z"
    assert customer["owner_id"] == "005A0000000aBcDIAU"


def test_a_hubspot_deal_is_of_its_primary_contact_or_of_none(tmp_path: Path) -> None:
    contacts = [
        {
            "Record ID": number,
            "First Name": "Ann",
            "Last Name": "Lee",
            "Email": f"a{number}@example.org",
            "Create Date": "2024-01-01 09:14",
            "Contact owner": owner,
            "Owner assigned date": "2024-02-01 09:14" if owner else "",
        }
        for number, owner in ((501, "Jo Doe"), (502, ""))
    ]
    deals = [
        {
            "Record ID": 7000 + number,
            "Deal Name": "x",
            "Deal Stage": stage,
            "Amount": "10.10",
            "Close Date": "2024-05-01 00:10",
            "Associated Contact IDs": several,
            "Associated Contact IDs (Primary)": primary,
            # a column, which is not the setting of nearly the same name
            "Currency": "USD" if primary else "",
        }
        for number, (stage, several, primary) in enumerate(
            [
                ("Closed Won", "501", ""),
                ("closedwon", "501;502", "502"),
                ("Closed Won", "501; 502", ""),
                ("Closed Lost", "", ""),
                ("Closed Won", "501;501", ""),
            ]
        )
    ]
    files = [
        write(tmp_path / "all-contacts.csv", contacts),
        write(tmp_path / "all-deals.csv", deals),
    ]
    options = ("--currency", "EUR", "--timezone", "Europe/Berlin", "--set", "tax_rate=0")
    imported("hubspot", files, tmp_path / "raw", *options)
    orders = rows(tmp_path / "raw", "orders")
    # two contacts and no primary: an identifier that nobody has, so that it is quarantined
    assert [it["customer_id"] for it in orders.values()] == [
        "501",
        "502",
        "501; 502",
        None,
        "501",
    ]
    assert total(tmp_path / "raw", "orders", "status = 'completed'") == Decimal("40.40")
    assert orders["7000"]["ordered_at"] == "2024-04-30 22:10:00Z"
    assert [it["currency"] for it in orders.values()] == ["EUR", "USD", "EUR", "EUR", "EUR"]
    owners = [
        (it["owner_id"], it["owner_assigned_at"])
        for it in rows(tmp_path / "raw", "customers").values()
    ]
    assert owners == [("Jo Doe", "2024-02-01 08:14:00Z"), (None, None)]


@pytest.mark.parametrize("customer", ["contact", "account"])
def test_a_zoho_deal_is_of_its_contact_or_its_account(tmp_path: Path, customer: str) -> None:
    files = [
        write(
            tmp_path / "Contacts_001.csv",
            [
                {
                    "Record Id": "zcrm_1",
                    "First Name": "Ann",
                    "Last Name": "Lee",
                    "Email": "a@example.org",
                    "Date of Birth": "1980-02-03",
                    "Contact Owner.id": "zcrm_9",
                }
            ],
        ),
        write(
            tmp_path / "Accounts_001.csv",
            [
                {
                    "Record Id": "zcrm_2",
                    "Account Name": "Acme",
                    "Phone": "",
                    "Account Owner.id": "zcrm_9",
                }
            ],
        ),
        write(
            tmp_path / "Deals_001.csv",
            [
                {
                    "Record Id": "zcrm_3",
                    "Deal Name": "x",
                    "Amount": "1,000.50",
                    "Stage": "Closed Won",
                    "Closing Date": "2024-05-06 00:00",
                    "Contact Name.id": "zcrm_1",
                    "Account Name.id": "zcrm_2",
                }
            ],
        ),
    ]
    options = ("--currency", "USD", "--timezone", "America/New_York", "--set", "tax_rate=0")
    numbers = ("--set", "numbers=1,234.50", "--set", f"customer={customer}")
    imported("zoho", files, tmp_path / "raw", *options, *numbers)
    (order,) = rows(tmp_path / "raw", "orders").values()
    (found,) = (customers := rows(tmp_path / "raw", "customers"))
    assert customers[found]["owner_id"] == "zcrm_9"
    assert order["customer_id"] == found == ("zcrm_1" if customer == "contact" else "zcrm_2")
    assert (order["amount"], order["ordered_at"]) == (Decimal("1000.50"), "2024-05-06")


def workbook(path: Path, records: Sequence[Row]) -> Path:
    """Write records as a sheet."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, list(records[0]))
        for place, record in enumerate(records, 1):
            sheet.write_row(place, 0, list(record.values()))
    return path


@pytest.mark.parametrize(
    ("mapping", "orders", "net"),
    [
        (
            "fxiaoke",
            {
                "销售订单编号": "SO1",
                "客户名称": "杭州茶业",
                "下单日期": "2024-03-05",
                "销售订单金额(元)": 1130.5,
                "生命周期状态": "正常",
            },
            True,
        ),
        (
            "jiandaoyun",
            {
                "订单编号": "SO1",
                "客户名称": "杭州茶业",
                "订单日期": "2024-03-05",
                "订单金额": 1130.5,
                "订单状态": "已完成",
            },
            True,
        ),
    ],
)
def test_chinese_crms_from_workbooks(tmp_path: Path, mapping: str, orders: Row, net: bool) -> None:
    files = [
        workbook(tmp_path / "订单.xlsx", [orders]),
        workbook(
            tmp_path / "客户.xlsx",
            [{"客户名称": "杭州茶业", "电话": "0571-1***4", "省": "浙江省", "负责人": "张三"}],
        ),
    ]
    imported(mapping, files, tmp_path / "raw", "--set", "tax_rate=13")
    (order,) = rows(tmp_path / "raw", "orders").values()
    assert order["amount"] == Decimal("1130.50") - cents(Decimal("1130.50") * 13 / 113)
    assert (order["status"], order["ordered_at"]) == ("completed", "2024-03-05")
    (customer,) = rows(tmp_path / "raw", "customers").values()
    assert customer["customer_id"] == order["customer_id"]
    assert (customer["phone"], customer["region"]) == (None, "浙江省")
    assert customer["owner_id"] == "张三"
    assert order["currency"] == "CNY"
    assert net


# Invoice lines


def invoice_lines(invoices: int = 120, seed: int = 3) -> list[dict[str, object]]:
    """Return lines of a British shop, cancellations as invoices of their own."""
    random = Random(seed)
    lines: list[dict[str, object]] = []
    for number in range(invoices):
        customer = "" if number % 11 == 0 else str(12346 + number % 23)
        day = date(2011, 1, 3) + timedelta(days=3 * number)
        goods = [
            (
                f"8{random.randint(100, 120)}A",
                random.choice([1, 2, 6, 12]),
                random.choice(["2.55", "12.75", "0.42", "1.255"]),
            )
            for _ in range(random.randint(1, 5))
        ]
        for sign in (1, -1) if number % 9 == 0 else (1,):
            for code, pieces, price in goods[: None if sign == 1 else 1]:
                lines.append(
                    {
                        "InvoiceNo": f"{'C' if sign < 0 else ''}{536365 + number}",
                        "StockCode": code,
                        "Description": 'HEART "WHITE", SMALL',
                        "Quantity": sign * pieces,
                        "InvoiceDate": f"{day} 00:{26 + (sign < 0)}",
                        "UnitPrice": price,
                        "CustomerID": customer,
                        "Country": "United Kingdom" if number % 3 else "EIRE",
                    }
                )
    return lines


def clerk(lines: Iterable[Row]) -> dict[str, Decimal]:
    """Add the invoices up."""
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for it in lines:
        amount = Decimal(str(it["Quantity"])) * Decimal(str(it["UnitPrice"]))
        found[str(it["InvoiceNo"])] += cents(amount)
    return dict(found)


def test_invoice_lines_in_pounds_are_what_a_clerk_adds_up(tmp_path: Path) -> None:
    lines = invoice_lines()
    half = len(lines) // 2 - len(lines) // 2 % 2
    while lines[half]["InvoiceNo"] == lines[half - 1]["InvoiceNo"]:
        half += 1
    write(tmp_path / "in" / "2011-01.csv", lines[:half], "latin-1", ";")
    write(tmp_path / "in" / "2011-07.csv", lines[half:])
    raw = tmp_path / "raw"
    options = ("--currency", "GBP", "--timezone", "Europe/London", "--set", "tax_rate=0")
    told = imported("invoice_lines", [tmp_path / "in"], raw, *options)
    assert f"the seed order_statuses has no row for invoice ({len(clerk(lines))} orders)" in told
    expected = clerk(lines)
    assert {key: it["amount"] for key, it in rows(raw, "orders").items()} == expected
    assert f"amount {sum(expected.values()):,} GBP" in told
    missing = [it for it in OPTIONAL_TABLES if it not in ("order_items", "products")]
    assert f"missing_sources: [{', '.join(missing)}]" in told
    guests = {key for key, it in rows(raw, "orders").items() if it["customer_id"] is None}
    assert guests == {str(it["InvoiceNo"]) for it in lines if not it["CustomerID"]}
    assert guests


def test_prices_with_tax_in_them(tmp_path: Path) -> None:
    lines = invoice_lines(30)
    file = write(tmp_path / "lines.csv", lines)
    options = ("--currency", "GBP", "--timezone", "Europe/London", "--set", "tax_rate=17.5")
    imported("invoice_lines", [file], tmp_path / "raw", *options)
    assert {key: it["amount"] for key, it in rows(tmp_path / "raw", "orders").items()} == {
        key: amount - (cents(abs(amount) * 35 / 235) * (1 if amount > 0 else -1))
        for key, amount in clerk(lines).items()
    }


def test_a_file_a_month_is_as_one_file(tmp_path: Path) -> None:
    """Many files take no more memory than one; each by itself had 32 MB for as long as it ran."""
    lines = invoice_lines(900)
    numbers = [str(it["InvoiceNo"]) for it in lines]
    size = len(lines) // 60 + 1
    for month, at in enumerate(range(0, len(lines), size)):
        # read as they are, and converted; with what is a pattern elsewhere
        kind = "latin-1" if month % 10 == 9 else "utf-8"
        write(tmp_path / "in" / f"[{month:02}] lines*.csv", lines[at : at + size], kind)
    options = ("--currency", "GBP", "--timezone", "Europe/London", "--set", "tax_rate=0")
    told = imported("invoice_lines", [tmp_path / "in"], tmp_path / "raw", *options)
    imported("invoice_lines", [write(tmp_path / "all.csv", lines)], tmp_path / "one", *options)
    for table in ("customers", "orders", "order_items", "products"):
        assert rows(tmp_path / "raw", table) == rows(tmp_path / "one", table)
    cuts = range(size, len(lines), size)
    split = {numbers[at] for at in cuts if numbers[at] == numbers[at - 1]}
    assert f"{len(split)} orders have lines in several files" in told
    last = -(-len(lines) // size)
    assert f"[02] lines*.csv, ... {tmp_path}/in/[{last - 1:02}] lines*.csv ({last} files)" in told


def test_parquet_is_read_as_it_is(tmp_path: Path) -> None:
    file = write(tmp_path / "lines.csv", invoice_lines(30))
    made = tmp_path / "lines.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"copy (from read_csv('{file}')) to '{made}' (format parquet)")
    options = ("--currency", "GBP", "--timezone", "Europe/London", "--set", "tax_rate=0")
    for it in (file, made):
        imported("invoice_lines", [it], tmp_path / f"raw{it.suffix}", *options)
    for table in ("customers", "orders", "order_items", "products"):
        assert rows(tmp_path / "raw.csv", table) == rows(tmp_path / "raw.parquet", table)


def test_a_saved_mapping_needs_no_option(tmp_path: Path) -> None:
    file = write(tmp_path / "lines.csv", invoice_lines(5))
    own = tmp_path / "mine.yml"
    options = ("--currency", "GBP", "--timezone", "Europe/London", "--set", "tax_rate=0")
    imported("invoice_lines", [file], tmp_path / "raw", *options, "--save", str(own))
    imported(str(own), [file], tmp_path / "again")
    assert rows(tmp_path / "raw", "orders") == rows(tmp_path / "again", "orders")
    shutil.rmtree(tmp_path / "again")


def test_the_raw_tables_are_sound(tmp_path: Path) -> None:
    file = write(tmp_path / "lines.csv", invoice_lines(30))
    options = ("--currency", "GBP", "--timezone", "Europe/London", "--set", "tax_rate=0")
    imported("invoice_lines", [file], tmp_path / "raw", *options)
    missing = [it for it in OPTIONAL_TABLES if it not in ("order_items", "products")]
    load = ["load", "--raw-path", str(tmp_path / "raw"), "--missing-sources", ",".join(missing)]
    done = CliRunner().invoke(app, load)
    assert done.exit_code == 0, done.output
    assert isinstance(Project, type)
