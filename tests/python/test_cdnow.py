"""CDNOW, whose answers are published, through the whole project against ``lifetimes`` itself.

The file has 69,659 transaction lines of 23,570 customers, January 1997 to June 1998 (Fader and
Hardie 2001); one line is one order.
"""

import warnings
from collections import defaultdict
from datetime import date
from decimal import Decimal
from importlib.resources import files
from typing import NamedTuple

import pandas as pd
import pytest
from conftest import ROOT, Project
from raw_data import OPTIONAL_TABLES, utc, write_csv

from strata.demo.schema import SCHEMAS

with warnings.catch_warnings():  # it sets an option that pandas 3 ignores
    warnings.simplefilter("ignore")
    from lifetimes.utils import summary_data_from_transaction_data

END = date(1998, 6, 30)


class Line(NamedTuple):
    """A transaction line."""

    customer_id: str
    day: date
    amount: str


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    text = (files("lifetimes") / "datasets" / "CDNOW_master.txt").read_text(encoding="ascii")
    cells = (line.split() for line in text.splitlines()[1:] if line.strip())
    return [
        Line(customer, date(int(day[:4]), int(day[4:6]), int(day[6:])), amount)
        for customer, day, _, amount in cells
    ]


@pytest.fixture(scope="module")
def cdnow(tmp_path_factory: pytest.TempPathFactory, lines: list[Line]) -> Project:
    folder = tmp_path_factory.mktemp("cdnow")
    columns = SCHEMAS["customers"].names
    customers = sorted({line.customer_id for line in lines})
    write_csv(
        folder / "raw" / "customers.csv",
        columns,
        ([customer] + [None] * (len(columns) - 1) for customer in customers),
    )
    write_csv(
        folder / "raw" / "orders.csv",
        ("order_id", "customer_id", "ordered_at", "status", "currency", "amount"),
        (
            # any minute of the business day, so that its borders are met
            (f"o{number}", customer, utc(day, number * 97 % 1440), "completed", "CNY", amount)
            for number, (customer, day, amount) in enumerate(lines)
        ),
    )
    variables = {
        "raw_path": folder / "raw",
        "missing_sources": OPTIONAL_TABLES,
        "as_of_date": END,
        "history_months": 17,
    }
    project = Project(ROOT, folder, variables)
    project.make("+customer_lifetime_values", "+customer_tiers", "+source_reconciliation")
    return project


@pytest.fixture(scope="module")
def summary(lines: list[Line]) -> pd.DataFrame:
    """Return the summary that lifetimes makes, by customer."""
    transactions = pd.DataFrame(
        {
            "customer_id": [line.customer_id for line in lines],
            "date": pd.to_datetime([line.day for line in lines]),
            "amount": [float(line.amount) for line in lines],
        }
    )
    return summary_data_from_transaction_data(
        transactions,
        "customer_id",
        "date",
        monetary_value_col="amount",
        observation_period_end=pd.Timestamp(END),
        freq="D",
    )


def test_every_line_is_used_to_the_cent(cdnow: Project, lines: list[Line]) -> None:
    assert len(lines) == 69_659
    total = sum(Decimal(line.amount) for line in lines)
    rows = cdnow.query(
        "select source_table, raw_rows, used_rows, excluded_rows + quarantined_rows,"
        " raw_amount, used_amount from marts.source_reconciliation order by 1"
    )
    assert rows == [
        ("customers", 23_570, 23_570, 0, 0, 0),
        ("orders", len(lines), len(lines), 0, total, total),
    ]
    assert cdnow.value("select sum(historic_revenue) from marts.customer_lifetime_values") == total


def test_orders_and_revenue_of_each_customer_are_those_of_the_lines(
    cdnow: Project, lines: list[Line]
) -> None:
    amounts: defaultdict[str, list[Decimal]] = defaultdict(list)
    for line in lines:
        amounts[line.customer_id].append(Decimal(line.amount))
    expected = {customer: (len(them), sum(them)) for customer, them in amounts.items()}
    found = cdnow.query(
        "select customer_id, lifetime_orders, lifetime_net_revenue from marts.customer_tiers"
    )
    assert {customer: (orders, revenue) for customer, orders, revenue in found} == expected
    assert len(found) == 23_570


def test_summary_is_that_of_lifetimes(cdnow: Project, summary: pd.DataFrame) -> None:
    found = cdnow.frame(
        "select customer_id, bgnbd_frequency, bgnbd_recency_days, bgnbd_age_days, bgnbd_monetary"
        " from marts.customer_lifetime_values"
    ).set_index("customer_id")
    assert len(found) == len(summary) == 23_570
    both = found.join(summary, how="inner")
    assert len(both) == 23_570
    assert (both["bgnbd_frequency"] == both["frequency"]).all()
    assert (both["bgnbd_recency_days"] == both["recency"]).all()
    assert (both["bgnbd_age_days"] == both["T"]).all()
    error = (both["bgnbd_monetary"] - both["monetary_value"]).abs()
    assert (error <= 1e-9 * both["monetary_value"].abs()).all()


def test_repeat_customer_who_never_paid_is_kept(cdnow: Project, summary: pd.DataFrame) -> None:
    free = summary[(summary["frequency"] > 0) & (summary["monetary_value"] == 0)]
    assert len(free) == 1
    rows = cdnow.query(
        "select customer_id, bgnbd_frequency, bgnbd_monetary"
        " from marts.customer_lifetime_values where bgnbd_frequency > 0 and bgnbd_monetary = 0"
    )
    assert rows == [(free.index[0], free["frequency"].iloc[0], 0)]
    tiers = cdnow.rows("marts.customer_tiers", where=f"customer_id = '{rows[0][0]}'")
    assert len(tiers) == 1


def test_history_counts_the_customers_who_had_bought(cdnow: Project, lines: list[Line]) -> None:
    """Nobody registered, so that a customer is one from the first order on."""
    first: dict[str, date] = {}
    for line in lines:
        first[line.customer_id] = min(first.get(line.customer_id, line.day), line.day)
    for day, customers in cdnow.query(
        "select evaluation_date, count(*) from marts.customer_tier_history group by 1"
    ):
        assert customers == sum(begun <= day for begun in first.values()), day
