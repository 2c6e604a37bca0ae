"""The peer in Polars: one lazy, streaming query, and the scores on its result.

What it computes, and why its tiers may differ from Strata's, is said in ``strata.bench.peers``.
``python -m strata.bench.peer_polars RAW_DIR OUT_FILE``
"""

import sys
from pathlib import Path

import polars as pl

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
    customers = pl.scan_parquet(raw_dir / "customers.parquet").select("customer_id")
    measured = (
        customers.drop_nulls()
        .unique()
        .join(measures(sales(raw_dir / "orders.parquet")), on="customer_id", how="left")
        .with_columns(pl.col("lifetime_orders", "orders_12m", "revenue_12m").fill_null(0))
        .collect(engine="streaming")
    )
    measured.with_columns(
        score(measured, "recency_score", -pl.col("days_since_last_order")),
        score(measured, "frequency_score", pl.col("orders_12m")),
        score(measured, "monetary_score", pl.col("revenue_12m")),
        tier().alias("tier_code"),
    ).write_parquet(out_file)


def sales(path: Path) -> pl.LazyFrame:
    """Scan the sales: customer_id, order_date and amount in the reporting currency."""
    order_date = pl.col("ordered_at").dt.offset_by(f"{BUSINESS_UTC_OFFSET_HOURS}h").dt.date()
    month_index = pl.col("order_date").dt.year() * 12 + pl.col("order_date").dt.month()
    rates = pl.LazyFrame(monthly_rates(), schema_overrides={"month_index": pl.Int32})
    return (
        pl.scan_parquet(path)
        .filter(
            pl.col("status").is_in(SALE_STATUSES),
            pl.col("customer_id").is_not_null(),
            pl.col("amount").is_not_null(),
        )
        .with_columns(order_date.alias("order_date"))
        .filter(pl.col("order_date") <= AS_OF)
        .with_columns(month_index.alias("month_index"))
        .join(rates, on=["currency", "month_index"])
        .select(
            "customer_id",
            "order_date",
            (pl.col("amount").cast(pl.Float64) * pl.col("rate")).alias("amount"),
        )
    )


def measures(orders: pl.LazyFrame) -> pl.LazyFrame:
    """Aggregate the sales to customer-days and these to customers."""
    date, amount = pl.col("order_date"), pl.col("amount")
    frequency = pl.len() - 1
    later_days = amount.sum() - amount.min_by("order_date")
    in_window = date > WINDOW_START
    return (
        orders.group_by("customer_id", "order_date")
        .agg(pl.len().alias("orders"), amount.sum())
        .group_by("customer_id")
        .agg(
            pl.col("orders").sum().cast(pl.Int64).alias("lifetime_orders"),
            (AS_OF - date.max()).dt.total_days().alias("days_since_last_order"),
            pl.col("orders").filter(in_window).sum().cast(pl.Int64).alias("orders_12m"),
            amount.filter(in_window).sum().alias("revenue_12m"),
            frequency.cast(pl.Float64).alias("bgnbd_frequency"),
            (date.max() - date.min()).dt.total_days().cast(pl.Float64).alias("bgnbd_recency_days"),
            (AS_OF - date.min()).dt.total_days().cast(pl.Float64).alias("bgnbd_age_days"),
            pl.when(pl.len() > 1)
            .then(later_days / frequency)
            .otherwise(0.0)
            .alias("bgnbd_monetary"),
        )
    )


def score(measured: pl.DataFrame, name: str, value: pl.Expr) -> pl.Expr:
    """Score the customers with sales: 1 + distinct inner cut points below the value."""
    is_buyer = pl.col("lifetime_orders") > 0
    values = measured.filter(is_buyer).select(value).to_series()
    cut_points = {values.quantile(step / SCORE_BINS, "linear") for step in range(SCORE_BINS + 1)}
    inner = sorted(point for point in cut_points if point is not None)[1:-1]
    below = pl.sum_horizontal([pl.lit(1), *(value > point for point in inner)])
    return pl.when(is_buyer).then(below).alias(name)


def tier() -> pl.Expr:
    """Apply the live rules that need no composite score."""
    revenue, orders = pl.col("revenue_12m"), pl.col("orders_12m")
    return (
        pl.when(pl.col("lifetime_orders") < 1)
        .then(pl.lit("potential"))
        .when((revenue > HIGH_REVENUE) & (orders >= HIGH_ORDERS))
        .then(pl.lit("high"))
        .when((revenue < LOW_REVENUE) & (orders < LOW_ORDERS))
        .then(pl.lit("low"))
        .otherwise(pl.lit("medium"))
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
