"""What the tiers bring: a few figures of the demo, worked out once more with pandas."""

import pandas as pd
import pytest
from conftest import Project, read_seed

MONEY = ("gross_revenue", "refunded", "net_revenue")


def months(dates: pd.Series) -> pd.Series:
    """Return the first day of the month of each date."""
    return dates.dt.to_period("M").dt.to_timestamp()


@pytest.fixture(scope="module")
def starts(demo_build: Project) -> pd.DataFrame:
    """Return the stored tier of each customer by the month that begins after the evaluation."""
    history = demo_build.frame(
        "select customer_id, tier_code, evaluation_date from marts.customer_tier_history"
        " where not is_current"
    )
    history["month"] = history["evaluation_date"] + pd.Timedelta(days=1)
    assert set(history["month"].dt.day) == {1}
    return history[["customer_id", "month", "tier_code"]]


@pytest.fixture(scope="module")
def performance(demo_build: Project) -> pd.DataFrame:
    """Return the mart by month and tier."""
    frame = demo_build.frame("select * from marts.tier_performance")
    return frame.set_index(["month", "tier_code"]).sort_index()


@pytest.fixture(scope="module")
def orders(demo_build: Project) -> pd.DataFrame:
    """Return the used orders with what came back of each."""
    found = demo_build.frame(
        "select customer_id, orders.order_id, order_date, orders.reporting_amount as amount,"
        " coalesce(refunds.amount, 0) as refunded"
        " from intermediate.int_orders_checked as orders left join ("
        "  select order_id, sum(reporting_amount) as amount"
        "  from intermediate.int_refunds_checked where fate = 'used' group by order_id"
        " ) as refunds using (order_id) where orders.fate = 'used'"
    )
    found["month"] = months(found["order_date"])
    return found


def with_tier(facts: pd.DataFrame, starts: pd.DataFrame) -> pd.DataFrame:
    """Add the tier at the start of the month; months before the second of the history go."""
    found = facts.merge(starts, how="left", on=["customer_id", "month"])
    return found[found["month"] >= starts["month"].min()].fillna({"tier_code": "none"})


def assert_same(told: pd.Series, expected: pd.Series) -> None:
    """Check that all values are the same where one of both has one; no value is 0."""
    told, expected = told.align(expected)
    pd.testing.assert_series_equal(
        told.fillna(0).astype(float), expected.fillna(0).astype(float), check_names=False
    )


def test_money_is_that_of_the_orders(
    performance: pd.DataFrame, orders: pd.DataFrame, starts: pd.DataFrame
) -> None:
    groups = with_tier(orders, starts).groupby(["month", "tier_code"])
    assert_same(performance["orders"], groups.size())
    assert_same(performance["buyers"], groups["customer_id"].nunique())
    assert_same(performance["gross_revenue"], groups["amount"].sum())
    assert_same(performance["refunded"], groups["refunded"].sum())
    assert (performance["net_revenue"] > 0).sum() > 100
    difference = performance["gross_revenue"] - performance["refunded"]
    assert_same(performance["net_revenue"], difference)


def test_months_are_those_of_the_history_but_the_first(
    demo_build: Project, performance: pd.DataFrame
) -> None:
    evaluated = demo_build.query(
        "select distinct evaluation_month from marts.customer_tier_history order by 1"
    )
    told = performance.index.get_level_values("month").unique()
    assert [day.date() for day in told] == [day for (day,) in evaluated[1:]]
    current = performance.loc[~performance["is_complete"]].index.get_level_values("month")
    assert [day.date() for day in current.unique()] == [evaluated[-1][0]]


def test_customers_are_those_of_the_history(
    demo_build: Project, performance: pd.DataFrame, starts: pd.DataFrame
) -> None:
    """Everybody who is evaluated in the month, by where they were a month before."""
    evaluated = demo_build.frame(
        "select customer_id, evaluation_date from marts.customer_tier_history"
    )
    evaluated["month"] = months(evaluated["evaluation_date"])
    groups = with_tier(evaluated, starts).groupby(["month", "tier_code"])
    assert_same(performance["customers"], groups.size())


def test_repurchase_and_retention_are_those_of_the_orders(
    performance: pd.DataFrame, orders: pd.DataFrame, starts: pd.DataFrame
) -> None:
    """By sets of customers, for a whole month and for the current one."""
    for month, last_day in (("2025-11-01", "2025-11-30"), ("2026-06-01", "2026-06-15")):
        start, end = pd.Timestamp(month), pd.Timestamp(last_day)
        year_before = end - pd.DateOffset(months=12)
        two_years_before = end - pd.DateOffset(months=24)

        def buyers(after: pd.Timestamp, up_to: pd.Timestamp) -> set[str]:
            is_between = (orders["order_date"] > after) & (orders["order_date"] <= up_to)
            return set(orders.loc[is_between, "customer_id"])

        prior = buyers(pd.Timestamp.min, start - pd.Timedelta(days=1))
        now = buyers(start - pd.Timedelta(days=1), end)
        previous, latest = buyers(two_years_before, year_before), buyers(year_before, end)
        for tier in (row["tier_code"] for row in read_seed("tiers")):
            of_tier = starts[(starts["month"] == start) & (starts["tier_code"] == tier)]
            members = set(of_tier["customer_id"])
            told = performance.loc[(start, tier)]
            assert told["customers"] == len(members) > 0
            assert told["prior_buyers"] == len(members & prior)
            assert told["repeat_buyers"] == len(members & prior & now)
            assert told["buyers_previous_12m"] == len(members & previous)
            assert told["retained_buyers"] == len(members & previous & latest)
            if members & prior:
                rate = len(members & prior & now) / len(members & prior)
                assert told["repurchase_rate"] == pytest.approx(rate)
            if members & previous:
                rate = len(members & previous & latest) / len(members & previous)
                assert told["retention_rate"] == pytest.approx(rate)


def test_contacts_and_satisfaction_are_those_of_the_raw_rows(
    demo_build: Project, performance: pd.DataFrame, starts: pd.DataFrame
) -> None:
    contacts = demo_build.frame(
        "select customer_id, contact_date, coalesce(contact_cost, 0) as contact_cost"
        " from intermediate.int_campaign_contacts_checked"
        " left join seeds.campaigns using (campaign_id) where fate = 'used' and not is_control"
    )
    contacts["month"] = months(contacts["contact_date"])
    groups = with_tier(contacts, starts).groupby(["month", "tier_code"])
    assert_same(performance["contacts"], groups.size())
    assert_same(performance["contact_cost"], groups["contact_cost"].sum())
    assert_same(performance["contacted_customers"], groups["customer_id"].nunique())
    answers = demo_build.frame(
        "select customer_id, feedback_date, feedback_type, score"
        " from intermediate.int_feedback_checked where fate = 'used'"
    ).dropna()
    scales = {row["feedback_type"]: row for row in read_seed("feedback_scales")}
    lowest = answers["feedback_type"].map(lambda it: float(scales[it]["min_score"]))
    highest = answers["feedback_type"].map(lambda it: float(scales[it]["max_score"]))
    answers["points"] = 100 * (answers["score"] - lowest) / (highest - lowest)
    answers["month"] = months(answers["feedback_date"])
    groups = with_tier(answers, starts).groupby(["month", "tier_code"])
    assert_same(performance["responses"], groups.size())
    assert_same(performance["satisfaction"], groups["points"].mean())


def test_demand_is_that_of_the_items(demo_build: Project, starts: pd.DataFrame) -> None:
    items = demo_build.frame(
        "select customer_id, order_id, order_date, coalesce(category, 'unknown') as category,"
        " items.quantity, round(items.amount * coalesce(items.exchange_rate, 1), 2) as revenue"
        " from intermediate.int_order_items_checked as items"
        " left join (select product_id, category from intermediate.int_products_checked"
        "  where fate = 'used') as products using (product_id) where items.fate = 'used'"
    )
    items["month"] = months(items["order_date"])
    groups = with_tier(items, starts).groupby(["month", "tier_code", "category"])
    frame = demo_build.frame("select * from marts.segment_product_demand")
    demand = frame.set_index(["month", "tier_code", "category"]).sort_index()
    assert_same(demand["revenue"], groups["revenue"].sum())
    assert_same(demand["quantity"], groups["quantity"].sum())
    assert_same(demand["orders"], groups["order_id"].nunique())
    assert_same(demand["customers"], groups["customer_id"].nunique())


def test_growth_compares_with_the_rows_before(demo_build: Project) -> None:
    """Each growth is found again in the earlier row; a fall to nothing has its row."""
    for mart in ("segment_product_demand", "attribute_product_demand"):
        frame = demo_build.frame(f"select * from marts.{mart}")
        key = [name for name in ("tier_code", "attribute", "segment_code") if name in frame]
        key += ["category", "month"]
        first, last = frame["month"].min(), frame["month"].max()
        for growth, months_before in (("growth", 1), ("growth_year", 12)):
            earlier = frame[[*key, "revenue"]].copy()
            earlier["month"] += pd.DateOffset(months=months_before)
            earlier = earlier[(earlier["month"] <= last) & (earlier["revenue"] > 0)]
            joined = frame.merge(earlier, how="outer", on=key, suffixes=("", "_earlier"))
            assert joined["revenue"].notna().all()
            expected = joined["revenue"] / joined["revenue_earlier"] - 1
            expected[joined["month"] == last] = float("nan")
            told = joined[growth].astype(float)
            pd.testing.assert_series_equal(told, expected, check_names=False)
            assert (joined[growth] == -1).any()
            is_early = joined["month"] < first + pd.DateOffset(months=months_before)
            assert joined.loc[is_early, growth].isna().all()
