"""CDNOW, whose answers are published, by a plain build against ``lifetimes`` itself.

It is built as an American record shop would build it: in UTC and USD, with seeds of its own
(``cases/cdnow/seeds``), and with every test. The file has 69,659 transaction lines of 23,570
customers, January 1997 to June 1998 (Fader and Hardie 2001); one line is one order.
"""

import warnings
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import NamedTuple

import pandas as pd
import pytest
from conftest import Project, copy_project, read_seed
from plain_builds import build_plainly, lay_seeds, published
from raw_data import OPTIONAL_TABLES, write_csv

from strata.demo.schema import SCHEMAS

with warnings.catch_warnings():  # it sets an option that pandas 3 ignores
    warnings.simplefilter("ignore")
    from lifetimes import BetaGeoFitter, GammaGammaFitter
    from lifetimes.utils import summary_data_from_transaction_data

pytestmark = pytest.mark.slow

END, HALF_WAY = date(1998, 6, 30), date(1997, 9, 30)
PARAMETERS = {  # published fits of this file, alpha in days; each from the day after the one before
    HALF_WAY: (0.251624, 33.5226, 0.723434, 2.161088, 6.27536, 3.62445, 14.98369),
    END: (0.267128, 41.9054, 0.483517, 2.111608, 5.08604, 3.99512, 21.25224),
}
DISCOUNT_RATE, MARGIN_RATE = 0.01, 0.25
PARAMETER_COLUMNS = (
    "market",
    "valid_from",
    "valid_to",
    "currency",
    "bgnbd_r",
    "bgnbd_alpha",
    "bgnbd_a",
    "bgnbd_b",
    "gamma_gamma_p",
    "gamma_gamma_q",
    "gamma_gamma_v",
    "monthly_discount_rate",
    "margin_rate",
)
EMPTY_COLUMNS = tuple(it for it in read_seed("clv_parameters")[0] if it not in PARAMETER_COLUMNS)


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
            (f"o{number}", customer, moment(day, number * 97 % 1440), "completed", "USD", amount)
            for number, (customer, day, amount) in enumerate(lines)
        ),
    )
    variables = {
        "raw_path": folder / "raw",
        "missing_sources": OPTIONAL_TABLES,
        "as_of_date": END,
        "business_timezone": "UTC",
        "reporting_currency": "USD",
        "history_months": 9,
    }
    project = copy_project(folder, variables)
    lay_seeds(project, "cdnow")
    end_of_first = HALF_WAY + timedelta(days=1)
    validity = {HALF_WAY: ("1970-01-01", end_of_first), END: (end_of_first, "")}
    write_csv(
        project.seed("clv_parameters"),
        (*PARAMETER_COLUMNS, *EMPTY_COLUMNS),
        (
            ["*", *map(str, (*validity[day], "USD", *values, DISCOUNT_RATE, MARGIN_RATE))]
            + [""] * len(EMPTY_COLUMNS)
            for day, values in PARAMETERS.items()
        ),
    )
    build_plainly(project)
    return project


def moment(day: date, minute: int) -> datetime:
    """Return a minute of a day."""
    return datetime(day.year, day.month, day.day) + timedelta(minutes=minute)


def summarise(lines: list[Line], end: date) -> pd.DataFrame:
    """Return the summary of the lines until a day that lifetimes makes, by customer."""
    lines = [line for line in lines if line.day <= end]
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
        observation_period_end=pd.Timestamp(end),
        freq="D",
    )


@pytest.fixture(scope="module")
def summary(lines: list[Line]) -> pd.DataFrame:
    return summarise(lines, END)


class Fitted:
    """The models of lifetimes with published parameters instead of a fit."""

    def __init__(self, day: date):
        self.purchases, self.value = BetaGeoFitter(), GammaGammaFitter()
        r, alpha, a, b, p, q, v = PARAMETERS[day]
        self.purchases.params_ = pd.Series({"r": r, "alpha": alpha, "a": a, "b": b})
        self.value.params_ = pd.Series({"p": p, "q": q, "v": v})
        # as fit() does
        self.purchases.predict = self.purchases.conditional_expected_number_of_purchases_up_to_time

    def predict(self, summary: pd.DataFrame) -> pd.DataFrame:
        """Return the predictions for each customer."""
        x, t_x, age = summary["frequency"], summary["recency"], summary["T"]
        mean = summary["monetary_value"]
        expected = self.purchases.predict
        value = self.value.conditional_expected_average_profit(x, mean)
        clv = self.value.customer_lifetime_value(
            self.purchases, x, t_x, age, mean, time=12, discount_rate=DISCOUNT_RATE, freq="D"
        )
        return pd.DataFrame(
            {
                "p_alive": self.purchases.conditional_probability_alive(x, t_x, age),
                "expected_orders_90d": expected(90, x, t_x, age),
                "expected_orders_365d": expected(365, x, t_x, age),
                "expected_order_value": value,
                "clv_12m": clv,
            },
            index=summary.index,
        )


def worst_error(found: pd.DataFrame, expected: pd.DataFrame) -> float:
    """Return the largest relative difference; the customers must be the same."""
    assert sorted(found.index) == sorted(expected.index)
    expected = expected.loc[found.index, found.columns]
    assert (expected > 0).all(axis=None)
    return float(((found - expected).abs() / expected).max(axis=None))


def test_the_marts_can_be_published(
    cdnow: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = published(cdnow, tmp_path_factory.mktemp("served"))
    assert rows["customer_tiers"] == rows["customers"] == 23_570
    assert "as_of_date: 1998-06-30 (UTC, money in USD)" in cdnow.output
    assert "seeds that still have the figures of the demo" not in cdnow.output
    assert "this market bears them out" in cdnow.output


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


def test_lifetime_values_are_those_of_lifetimes(cdnow: Project, summary: pd.DataFrame) -> None:
    expected = Fitted(END).predict(summary)
    columns = ", ".join(expected)
    found = cdnow.frame(
        f"select customer_id, {columns}, clv_12m_margin from marts.customer_lifetime_values"
    ).set_index("customer_id")
    assert worst_error(found[list(expected)], expected) <= 1e-9
    # no item has a cost, so that the margin is that of the seed
    error = (found["clv_12m_margin"] - MARGIN_RATE * found["clv_12m"]).abs()
    assert (error <= 1e-9 * found["clv_12m"]).all()


@pytest.mark.parametrize("day", [HALF_WAY, END])
def test_history_predicts_with_the_parameters_of_its_day(
    cdnow: Project, lines: list[Line], day: date
) -> None:
    """By a shorter series than on the last date."""
    expected = Fitted(day).predict(summarise(lines, day)).drop(columns="clv_12m")
    found = cdnow.frame(
        f"select customer_id, {', '.join(expected)} from marts.customer_tier_history"
        f" where evaluation_date = date '{day}'"
    ).set_index("customer_id")
    assert len(found) == 23_570
    assert worst_error(found, expected) <= 1e-6


def test_history_counts_the_customers_who_had_bought(cdnow: Project, lines: list[Line]) -> None:
    """Nobody registered, so that a customer is one from the first order on."""
    first: dict[str, date] = {}
    for line in lines:
        first[line.customer_id] = min(first.get(line.customer_id, line.day), line.day)
    for day, customers in cdnow.query(
        "select evaluation_date, count(*) from marts.customer_tier_history group by 1"
    ):
        assert customers == sum(begun <= day for begun in first.values()), day
