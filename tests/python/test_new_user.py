"""As a new user would: three commands from an export to tiers of one's own, and no file edited.

The same sales are written as each mapping reads them; what the customers have spent is added up
from the sales alone. One mapping in each run of the tests, all of them in the long ones.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import NamedTuple

import duckdb
import pytest
import yaml
from conftest import ROOT
from test_import import cents, workbook, write
from typer.testing import CliRunner

from strata.cli import app
from strata.imports.mapping import names

LAST = date(2025, 12, 31)


class Sale(NamedTuple):
    """An order, with tax, and what became of it."""

    number: int
    customer: int
    at: datetime
    gross: Decimal
    is_lost: bool
    is_returned: bool


def sales() -> Iterator[Sale]:
    """Yield two years of sales to customers small and large."""
    random = Random(17)
    number = 1000
    for customer in range(30):
        for _ in range(random.randint(1, 9)):
            number += 1
            day = datetime(2024, 1, 10) + timedelta(days=random.randrange(700))
            chance = random.random()
            yield Sale(
                number,
                customer,
                day.replace(hour=random.choice((0, 9, 23)), minute=40),
                Decimal(random.randint(900, 90000) * (1 + customer)) / 100,
                chance < 0.1,
                0.1 <= chance < 0.2,
            )


def spent(rate: int, *, with_returns: bool) -> list[Decimal]:
    """Return what each customer has spent without tax, if anything, the lowest first."""
    found: dict[int, Decimal] = defaultdict(Decimal)
    for it in sales():
        is_kept = not it.is_lost and not (with_returns and it.is_returned)
        net = it.gross - cents(it.gross * rate / (100 + rate))
        found[it.customer] += net if is_kept else Decimal(0)
    return sorted(it for it in found.values() if it)


def mail(customer: int) -> str:
    """Return the address of a customer."""
    return f"buyer{customer}@shop{customer}.example"


def shopify(folder: Path) -> None:
    """Write orders, an order a line."""
    records = [
        {
            "Name": f"#{it.number}",
            "Email": mail(it.customer),
            "Financial Status": "refunded" if it.is_returned else "paid",
            "Fulfillment Status": "fulfilled",
            "Currency": "EUR",
            "Subtotal": it.gross,
            "Shipping": "4.90",
            "Taxes": cents(it.gross * 19 / 119),
            "Total": it.gross + Decimal("4.90"),
            "Created at": f"{it.at} +0100",
            "Cancelled at": f"{it.at} +0100" if it.is_lost else "",
            "Lineitem quantity": 1,
            "Lineitem name": "Tea",
            "Lineitem price": it.gross,
            "Refunded Amount": it.gross + Decimal("4.90") if it.is_returned else 0,
            "Billing Country": "DE",
            "Id": 5_000_000_000 + it.number,
        }
        for it in sales()
    ]
    for month in sorted({it["Created at"][:7] for it in records}):
        chosen = [it for it in records if it["Created at"][:7] == month]
        write(folder / f"orders_export {month}.csv", chosen)


def woocommerce(folder: Path) -> None:
    """Write orders; a whole refund is a status."""
    records = [
        {
            "order_id": it.number,
            "order_number": it.number,
            "order_date": it.at,
            "paid_date": it.at,
            "status": "cancelled" if it.is_lost else "refunded" if it.is_returned else "completed",
            "shipping_total": "4.00",
            "tax_total": "0.00",
            "discount_total": "1.10",
            "order_total": it.gross + Decimal("2.90"),
            "order_subtotal": it.gross + Decimal("1.10"),
            "order_currency": "EUR",
            "customer_id": 1 + it.customer,
            "customer_email": mail(it.customer),
            "billing_first_name": "Jürgen",
            "billing_last_name": "Weiß",
            "billing_email": mail(it.customer),
            "billing_phone": "",
            "billing_country": "DE",
        }
        for it in sales()
    ]
    write(folder / "orders.csv", records, "utf-16")


def salesforce(folder: Path) -> None:
    """Write accounts and opportunities."""
    accounts = [
        {"Id": f"001A{it:011}", "Name": f"Acme {it}", "BillingCountry": "United Kingdom"}
        for it in range(30)
    ]
    write(folder / "Account.csv", accounts)
    deals = [
        {
            "Id": f"006A{it.number}",
            "AccountId": f"001A{it.customer:011}",
            "Name": "Deal",
            "StageName": "Closed Lost" if it.is_lost else "Closed Won",
            "Amount": it.gross,
            "CloseDate": it.at.date(),
        }
        for it in sales()
    ]
    write(folder / "Opportunity.csv", deals)


def hubspot(folder: Path) -> None:
    """Write contacts and deals."""
    contacts = [
        {"Record ID": 500 + it, "First Name": "Ann", "Last Name": "Lee", "Email": mail(it)}
        for it in range(30)
    ]
    write(folder / "contacts.csv", contacts)
    deals = [
        {
            "Record ID": it.number,
            "Deal Name": "x",
            "Deal Stage": "Closed Lost" if it.is_lost else "Closed Won",
            "Amount": it.gross,
            "Close Date": f"{it.at:%Y-%m-%d %H:%M}",
            "Associated Contact IDs": 500 + it.customer,
        }
        for it in sales()
    ]
    write(folder / "deals.csv", deals)


def zoho(folder: Path) -> None:
    """Write accounts and deals."""
    accounts = [
        {"Record Id": f"zcrm_{it}", "Account Name": f"Acme {it}", "Phone": ""} for it in range(30)
    ]
    write(folder / "Accounts_001.csv", accounts)
    deals = [
        {
            "Record Id": f"zcrm_{it.number}",
            "Deal Name": "x",
            "Amount": f"{it.gross:,}",
            "Stage": "Closed Lost" if it.is_lost else "Closed Won",
            "Closing Date": it.at.date(),
            "Account Name.id": f"zcrm_{it.customer}",
        }
        for it in sales()
    ]
    write(folder / "Deals_001.csv", deals)


def invoice_lines(folder: Path) -> None:
    """Write two lines an invoice; an invoice of its own takes back what is returned."""
    lines = []
    for it in sales():
        for sign in (1, -1) if it.is_returned else (1,):
            for price in (it.gross - Decimal("0.40"), Decimal("0.10")):
                pieces = 4 if price == Decimal("0.10") else 1
                line = {
                    "InvoiceNo": f"{'C' if sign < 0 else ''}{536000 + it.number}",
                    "StockCode": f"S{pieces}",
                    "Description": 'HEART "WHITE", SMALL',
                    "Quantity": sign * pieces,
                    "InvoiceDate": f"{it.at:%d/%m/%Y %H:%M}",
                    "UnitPrice": price,
                    "CustomerID": 12000 + it.customer,
                    "Country": "United Kingdom",
                }
                lines += [] if it.is_lost else [line]
    for year in (2024, 2025):
        chosen = [it for it in lines if f"/{year} " in str(it["InvoiceDate"])]
        write(folder / f"lines {year}.csv", chosen, "latin-1", ";")


def taobao(folder: Path) -> None:
    """Write orders as Excel for China reads them; some telephones are masked."""
    records = [
        {
            "订单编号": f'="{2024000000000000000 + it.number}"',
            "买家会员名": f"买家{it.customer}",
            "买家应付货款": f"￥{it.gross}",
            "买家应付邮费": "0.00",
            "买家实际支付金额": it.gross,
            "订单状态": "交易关闭" if it.is_lost else "交易成功",
            "收货人姓名": "张*",
            "收货地址": "浙江省 杭州市 西湖区 某路1号",
            "联系手机": "'138****1234",
            "订单创建时间": f"{it.at:%Y/%m/%d %H:%M}",
            "订单付款时间": f"{it.at}",
            "退款金额": it.gross if it.is_returned else 0,
        }
        for it in sales()
    ]
    write(folder / "ExportOrderList.csv", records, "gb18030")


def youzan(folder: Path) -> None:
    """Write orders."""
    records = [
        {
            "订单号": f"E{it.number}",
            "销售渠道": "网店",
            "订单状态": "交易关闭" if it.is_lost else "交易完成",
            "订单创建时间": f"{it.at}",
            "买家付款时间": f"{it.at}",
            "交易成功时间": f"{it.at}",
            "商品金额合计": it.gross,
            "运费": "0.00",
            "店铺优惠合计": "0.00",
            "订单实付金额": it.gross,
            "买家昵称": f"小{it.customer}",
            "买家手机号": f"13812340{it.customer:03}",
            "收货人省份": "浙江省",
            "收货人城市": "杭州市",
            "订单已退款金额": it.gross if it.is_returned else 0,
        }
        for it in sales()
    ]
    write(folder / "订单.csv", records, "utf-8-sig")


def chinese_crm(folder: Path, titles: str, lost: str) -> None:
    """Write workbooks of customers and orders; titles are those of number, day, amount, status."""
    buyers = [f"杭州茶业{it}" for it in range(30)]
    customers = [{"客户名称": it, "电话": "0571-1***4", "省": "浙江省"} for it in buyers]
    workbook(folder / "客户.xlsx", customers)
    number, day, amount, status = titles.split()
    orders = [
        {
            number: f"SO{it.number}",
            "客户名称": buyers[it.customer],
            day: f"{it.at:%Y-%m-%d}",
            amount: float(it.gross),
            status: lost if it.is_lost else "正常",
        }
        for it in sales()
    ]
    workbook(folder / "订单.xlsx", orders)


def fxiaoke(folder: Path) -> None:
    """Write workbooks of 纷享销客."""
    chinese_crm(folder, "销售订单编号 下单日期 销售订单金额(元) 生命周期状态", "已作废")


def jiandaoyun(folder: Path) -> None:
    """Write workbooks of 简道云."""
    chinese_crm(folder, "订单编号 订单日期 订单金额 订单状态", "已取消")


class Way(NamedTuple):
    """A mapping, and the way of who uses it.

    Attributes
    ----------
    write : callable
        Writes the export into a folder.
    place : str
        Currency, time zone and home.
    declared : str
        Options of the import.
    rate : int
        Percent of the tax in the prices.
    with_returns : bool
        Whether the export tells what was returned.
    """

    write: Callable[[Path], None]
    place: str
    declared: str
    rate: int
    with_returns: bool


BRITAIN = "GBP Europe/London GB"
GERMANY = "EUR Europe/Berlin DE"
AMERICA = "USD America/New_York US"
CHINA = "CNY Asia/Shanghai CN"
LINES = "--currency GBP --timezone Europe/London --set tax_rate=20 --set times=%d/%m/%Y_%H:%M"
WAYS = {
    "invoice_lines": Way(invoice_lines, BRITAIN, LINES, 20, True),
    "shopify": Way(shopify, GERMANY, "--set taxes_included=true", 19, True),
    "woocommerce": Way(woocommerce, GERMANY, "--timezone Europe/Berlin", 0, True),
    "salesforce": Way(salesforce, BRITAIN, "--currency GBP --set tax_rate=20", 20, False),
    "hubspot": Way(
        hubspot,
        AMERICA,
        "--currency USD --timezone America/New_York --set tax_rate=0",
        0,
        False,
    ),
    "zoho": Way(
        zoho,
        AMERICA,
        "--currency USD --timezone America/New_York --set tax_rate=7 --set customer=account"
        " --set numbers=1,234.50",
        7,
        False,
    ),
    "taobao": Way(taobao, CHINA, "--set tax_rate=13", 13, True),
    "youzan": Way(youzan, CHINA, "--set tax_rate=13", 13, True),
    "fxiaoke": Way(fxiaoke, CHINA, "--set tax_rate=13", 13, False),
    "jiandaoyun": Way(jiandaoyun, CHINA, "--set tax_rate=6", 6, False),
}


def strata(*arguments: object) -> str:
    """Call `strata` without a terminal; nothing may be refused."""
    done = CliRunner().invoke(app, [*map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.output


def test_each_mapping_has_its_way() -> None:
    assert set(WAYS) == set(names())


@pytest.mark.parametrize("name", WAYS)
def test_raw_tables_have_what_was_spent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    way = WAYS[name]
    (exports := tmp_path / "exports").mkdir()
    way.write(exports)
    monkeypatch.chdir(ROOT)
    declared = [it.replace("_%H", " %H") for it in way.declared.split()]
    strata("import", "--map", name, exports, "--to", tmp_path / "raw", *declared)
    with duckdb.connect() as connection:
        found = connection.execute(
            "select table_name, sum(amount) from (select 'orders' as table_name, amount"
            f" from '{tmp_path}/raw/orders.parquet' where status <> 'cancelled'"
            + (
                f" union all select 'refunds', amount from '{tmp_path}/raw/refunds.parquet'"
                if (tmp_path / "raw" / "refunds.parquet").exists()
                else ""
            )
            + ") group by table_name"
        ).fetchall()
    sums = {table: Decimal(amount) for table, amount in found}
    whole = sum(spent(way.rate, with_returns=way.with_returns))
    assert sums["orders"] - sums.get("refunds", Decimal(0)) == whole


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [it if it == "invoice_lines" else pytest.param(it, marks=pytest.mark.long) for it in WAYS],
)
def test_three_commands_lead_from_an_export_to_published_tiers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    way = WAYS[name]
    for variable in ("STRATA_DUCKDB_PATH", "STRATA_AS_OF_DATE", "STRATA_SCHEMA_PREFIX"):
        monkeypatch.delenv(variable, raising=False)
    exports = tmp_path / "exports"
    exports.mkdir()
    way.write(exports)
    monkeypatch.chdir(tmp_path)
    currency, zone, home = way.place.split()
    given = ("--currency", currency, "--timezone", zone, "--home", home, "--as-of", LAST)
    strata("init", "my tiers", *given)
    monkeypatch.chdir(tmp_path / "my tiers")
    declared = [it.replace("_%H", " %H") for it in way.declared.split()]
    told = strata("import", "--map", name, exports, *declared)
    assert "Next: strata calibrate, or dbt build" in told
    kept = yaml.safe_load(Path(f"{name}.yml").read_text(encoding="utf-8"))["settings"]
    said = [it for option, it in pairwise(declared) if option == "--set"]
    assert {it.partition("=")[0] for it in said} <= set(kept)
    told = strata("calibrate", "--shares", "vip=10,high=20,medium=30", "--yes")
    assert "there is no build in build/strata.duckdb: the core is built first" in told
    assert "Built; `strata summary` shows the tiers." in told
    assert re.search(r"^  orders: [0-9]+ rows, [0-9]+ \(.* %\) used", told, re.MULTILINE)
    rules = Path("seeds/tiers/tier_rules.csv").read_text(encoding="utf-8")
    assert "placeholder" not in rules
    assert f",{currency}," in rules
    assert f"Value tiers on {LAST}" in strata("summary")
    strata("publish")
    with duckdb.connect("serve/strata.duckdb", read_only=True) as connection:
        found = connection.execute(
            "select tier_code, lifetime_net_revenue from marts.customer_tiers"
        ).fetchall()
    revenues = sorted(revenue for _, revenue in found if revenue)
    assert revenues == spent(way.rate, with_returns=way.with_returns)
    tiers = [tier for tier, _ in found]
    vip, high = (tiers.count(it) for it in ("vip", "high"))
    assert [vip, vip + high] == pytest.approx([3, 9], abs=1)
