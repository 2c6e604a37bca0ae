"""The peer in pandas and lifetimes: the notebook that most teams have.

What it computes, and why its tiers may differ from Strata's, is said in ``strata.bench.peers``.
``python -m strata.bench.peer_pandas RAW_DIR OUT_FILE``
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from lifetimes.utils import summary_data_from_transaction_data

from strata.bench.peers import (
    AS_OF,
    BUSINESS_UTC_OFFSET_HOURS,
    HIGH_ORDERS,
    HIGH_REVENUE,
    LOW_ORDERS,
    LOW_REVENUE,
    SALE_STATUSES,
    SCORE_BINS,
    WINDOW_START,
    monthly_rates,
)


def main(raw_dir: Path, out_file: Path) -> None:
    """Classify the raw customer records.

    Parameters
    ----------
    raw_dir : Path
        Folder with ``customers.parquet`` and ``orders.parquet``.
    out_file : Path
        Parquet file to write, one row per distinct raw customer_id.
    """
    customers = pd.read_parquet(raw_dir / "customers.parquet", columns=["customer_id"])
    sales = read_sales(raw_dir / "orders.parquet")
    result = customers.dropna().drop_duplicates().set_index("customer_id")
    result = result.join(measure(sales)).join(lifetime_value_inputs(sales))
    counts = ["lifetime_orders", "orders_12m"]
    result[counts] = result[counts].fillna(0).astype("int64")
    result["revenue_12m"] = result["revenue_12m"].fillna(0.0)
    add_scores(result)
    result["tier_code"] = np.select(
        [
            result["lifetime_orders"] < 1,
            (result["revenue_12m"] > HIGH_REVENUE) & (result["orders_12m"] >= HIGH_ORDERS),
            (result["revenue_12m"] < LOW_REVENUE) & (result["orders_12m"] < LOW_ORDERS),
        ],
        ["potential", "high", "low"],
        default="medium",
    )
    result.reset_index().to_parquet(out_file, index=False)


def read_sales(path: Path) -> pd.DataFrame:
    """Read the sales: customer_id, order_date and amount in the reporting currency.

    The decimals become floats in Arrow, since pandas would make Python objects of them.
    """
    table = pq.read_table(
        path,
        columns=["customer_id", "ordered_at", "currency", "amount"],
        filters=pc.field("status").isin(SALE_STATUSES) & pc.field("customer_id").is_valid(),
    )
    amount = table["amount"].cast(pa.float64())
    orders = table.drop_columns(["amount"]).append_column("amount", amount).to_pandas()
    business_time = orders["ordered_at"] + pd.Timedelta(hours=BUSINESS_UTC_OFFSET_HOURS)
    orders["order_date"] = business_time.dt.normalize()
    orders = orders[orders["order_date"] <= pd.Timestamp(AS_OF)].dropna(subset=["amount"])
    dates = orders["order_date"].dt
    orders["month_index"] = dates.year * 12 + dates.month
    orders = orders.merge(pd.DataFrame(monthly_rates()), on=["currency", "month_index"])
    orders["amount"] *= orders["rate"]
    return orders[["customer_id", "order_date", "amount"]]


def measure(sales: pd.DataFrame) -> pd.DataFrame:
    """Count and add up the sales of each customer, indexed by customer_id."""
    lifetime = sales.groupby("customer_id")["order_date"].agg(["size", "max"])
    window = sales[sales["order_date"] > pd.Timestamp(WINDOW_START)].groupby("customer_id")
    measures = window["amount"].agg(orders_12m="size", revenue_12m="sum")
    return pd.DataFrame(
        {
            "lifetime_orders": lifetime["size"],
            "days_since_last_order": (pd.Timestamp(AS_OF) - lifetime["max"]).dt.days,
        }
    ).join(measures)


def lifetime_value_inputs(sales: pd.DataFrame) -> pd.DataFrame:
    """Summarise the sales for BG/NBD and Gamma-Gamma by lifetimes, indexed by customer_id."""
    summary = summary_data_from_transaction_data(
        sales,
        customer_id_col="customer_id",
        datetime_col="order_date",
        monetary_value_col="amount",
        observation_period_end=AS_OF,
    )
    return summary.rename(
        columns={
            "frequency": "bgnbd_frequency",
            "recency": "bgnbd_recency_days",
            "T": "bgnbd_age_days",
            "monetary_value": "bgnbd_monetary",
        }
    )


def add_scores(result: pd.DataFrame) -> None:
    """Add the quintile scores of the customers with sales, in place."""
    buyers = result[result["lifetime_orders"] > 0]
    for score, values in {
        "recency_score": -buyers["days_since_last_order"],
        "frequency_score": buyers["orders_12m"],
        "monetary_score": buyers["revenue_12m"],
    }.items():
        result[score] = pd.qcut(values, SCORE_BINS, labels=False, duplicates="drop") + 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
