"""What the three peers share: one classification for one date, as a notebook would do it.

A peer reads two raw tables and writes one row per raw customer record:

- sales are the orders in a sale status, with a customer, dated no later than ``AS_OF`` in business
  time, in a currency with a rate; their amounts are converted at the rate of the order's month;
- ``lifetime_orders``; ``orders_12m`` and ``revenue_12m`` of the trailing 12 months (0 if none);
  ``days_since_last_order`` (null without sales);
- ``recency_score``, ``frequency_score``, ``monetary_score``: quintiles as by ``pandas.qcut`` with
  ``duplicates="drop"``, over the records with sales (null for the others), 5 best;
- ``tier_code`` by the live rules that need no composite score;
- ``bgnbd_frequency``, ``bgnbd_recency_days``, ``bgnbd_age_days``, ``bgnbd_monetary`` as by
  ``lifetimes`` (null without sales).

The peers agree with one another, not with Strata: they neither unify the records of one person, nor
quarantine or deduplicate rows, nor subtract refunds; they know neither history, held tiers, markets
nor the composite score. They say what that minimum costs, and each is written the cheapest way its
tool offers. The numbers below are copies of the live seeds on purpose: peers decide nothing.
"""

import csv
from datetime import date
from pathlib import Path
from typing import Final

AS_OF: Final = date(2026, 6, 15)
"""The day at whose end customers are evaluated: the last day of the generated data."""
WINDOW_START: Final = date(2025, 6, 15)
"""Twelve months before; the window holds the days after it."""
BUSINESS_UTC_OFFSET_HOURS: Final = 8

SALE_STATUSES: Final = ("paid", "shipped", "completed")
SCORE_BINS: Final = 5

HIGH_REVENUE: Final = 100_000
"""More than this, with ``HIGH_ORDERS`` orders or more, is high."""
HIGH_ORDERS: Final = 12
LOW_REVENUE: Final = 50_000
"""Less than this, with fewer than ``LOW_ORDERS`` orders, is low; what is left is medium."""
LOW_ORDERS: Final = 4

REPORTING_CURRENCY: Final = "CNY"
EXCHANGE_RATES: Final = Path(__file__).parents[2] / "seeds" / "crm" / "exchange_rates.csv"

THREADS_VARIABLE: Final = "STRATA_THREADS"
MEMORY_VARIABLE: Final = "STRATA_DUCKDB_MEMORY"


def month_index(day: date) -> int:
    """Return the number of a calendar month: year * 12 + month."""
    return day.year * 12 + day.month


def monthly_rates(path: Path = EXCHANGE_RATES) -> dict[str, list[str] | list[int] | list[float]]:
    """Spread the effective-dated rates over the calendar months up to ``AS_OF``.

    Parameters
    ----------
    path : Path
        CSV with the columns currency, to_currency, valid_from, valid_to (exclusive, blank =
        forever) and rate; only direct rates are used. Each period must begin on the first day of a
        month.

    Returns
    -------
    dict
        Three columns of equal length: ``currency``, ``month_index``, ``rate`` (units of the
        reporting currency, whose own rate is 1).
    """
    last = month_index(AS_OF)
    currencies: list[str] = []
    months: list[int] = []
    rates: list[float] = []
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["to_currency"] != REPORTING_CURRENCY:
                continue
            first = month_index(date.fromisoformat(row["valid_from"]))
            end = month_index(date.fromisoformat(row["valid_to"])) if row["valid_to"] else last + 1
            for month in range(first, min(end, last + 1)):
                currencies.append(row["currency"])
                months.append(month)
                rates.append(float(row["rate"]))
    for month in range(min(months), last + 1):
        currencies.append(REPORTING_CURRENCY)
        months.append(month)
        rates.append(1.0)
    return {"currency": currencies, "month_index": months, "rate": rates}
