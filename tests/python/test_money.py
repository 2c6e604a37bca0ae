"""Laws of currencies: which rate is used, and money of seeds that is not in that of the build.

Queries that were compiled for the demo, in CNY, run on other seeds; that seeds convert is proved by
the builds of test_plain_builds.py and test_retail.py.
"""

from datetime import date, timedelta
from itertools import cycle, permutations
from typing import NamedTuple

import duckdb
import pytest
from conftest import Project
from hypothesis import given
from hypothesis import strategies as st
from reference import declared_measures
from seed_proofs import Proofs, written

FIRST_DAY = date(2026, 1, 1)
CURRENCIES = ("CNY", "EUR", "GBP", "USD")
MONEY_SEEDS = {
    "action_rules",
    "campaigns",
    "clv_parameters",
    "milestones",
    "rfm_bands",
    "rfm_clusters",
    "score_components",
    "tier_rules",
}


@pytest.fixture(scope="module")
def proofs(demo_build: Project, tmp_path_factory: pytest.TempPathFactory) -> Proofs:
    return Proofs(demo_build, tmp_path_factory.mktemp("proofs"))


# Money of seeds


def in_currencies(proofs: Proofs, seed: str, *currencies: str) -> tuple[str, list[str]]:
    """Return a seed whose rows with money have other currencies, and the currencies, in turn."""
    columns, rows = proofs.rows(seed)
    with_money = [row for row in rows if row["currency"]]
    for row, currency in zip(with_money, cycle(currencies), strict=False):
        row["currency"] = currency
    return written(columns, rows), [row["currency"] for row in with_money]


def test_every_seed_with_a_currency_declares_its_money(proofs: Proofs) -> None:
    in_money = {it for it, measure in declared_measures().items() if measure["type"] == "money"}
    found = {
        it
        for it, node in proofs.seeds.items()
        if node["config"]["meta"].get("money")
        or ("decision_table" in node["config"]["meta"] and in_money & set(node["columns"]))
    }
    other = {"currencies", "exchange_rates"}
    with_currency = {it for it, node in proofs.seeds.items() if "currency" in node["columns"]}
    assert found == MONEY_SEEDS == with_currency - other


@pytest.mark.parametrize("seed", sorted(MONEY_SEEDS))
def test_money_in_another_currency_stops_the_build_in_one_line(proofs: Proofs, seed: str) -> None:
    for currencies in (["USD"], ["USD", "CNY", "EUR"]):
        text, given_ones = in_currencies(proofs, seed, *currencies)
        others = [it for it in given_ones if it != "CNY"]
        (line,) = (it for it in proofs.found({seed: text}) if "money" in it)
        assert line == (
            f"seeds: {seed}, {len(others)} row{'s' if len(others) > 1 else ''}: the money is in"
            f" {', '.join(sorted(set(others)))}, and the reporting currency is CNY: give the"
            f" money of {seed} in CNY, or set the var convert_seed_money: true"
        )


@pytest.mark.parametrize("seed", sorted(MONEY_SEEDS))
def test_money_in_no_currency_stops_the_build_by_name(proofs: Proofs, seed: str) -> None:
    for currency, told in (("", "its currency is blank"), ("XXX", "XXX is not in currencies")):
        text, given_ones = in_currencies(proofs, seed, currency, "CNY")
        found = [it for it in proofs.found({seed: text}) if told in it]
        assert len(found) == given_ones.count(currency) > 0
        assert all(line.startswith(f"seeds: {seed}, ") for line in found)


# Rates


class Rate(NamedTuple):
    """A row of exchange_rates."""

    currency: str
    to_currency: str
    valid_from: date
    valid_to: date | None
    rate: float

    def is_in_force(self, day: date) -> bool:
        """Tell whether the row applies on a day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@st.composite
def tables(draw: st.DrawFn) -> list[Rate]:
    """Draw rates of some pairs, in periods of which one may follow another after a gap."""
    rows = []
    for currency, to_currency in draw(
        st.lists(st.sampled_from(list(permutations(CURRENCIES, 2))), unique=True, max_size=6)
    ):
        days = sorted(draw(st.sets(st.integers(0, 20), min_size=1, max_size=4)))
        for begin, end in zip(days[::2], [*days[1::2], None], strict=False):
            rows.append(
                Rate(
                    currency,
                    to_currency,
                    FIRST_DAY + timedelta(begin),
                    None if end is None else FIRST_DAY + timedelta(end),
                    draw(st.integers(1, 10**8)) / 10**4,
                )
            )
    return rows


def leg(rows: list[Rate], currency: str, to_currency: str, day: date) -> float | None:
    """Return what a row says on a day, else the inverse of what one says."""
    for row in rows:
        if (row.currency, row.to_currency) == (currency, to_currency) and row.is_in_force(day):
            return row.rate
    for row in rows:
        if (row.to_currency, row.currency) == (currency, to_currency) and row.is_in_force(day):
            return 1 / row.rate
    return None


def expected_rate(rows: list[Rate], currency: str, to_currency: str, day: date) -> float | None:
    """Return the rate of a day: of one leg, else through the first other currency by code."""
    if (rate := leg(rows, currency, to_currency, day)) is not None:
        return rate
    for via in CURRENCIES:
        if via not in (currency, to_currency):
            legs = leg(rows, currency, via, day), leg(rows, via, to_currency, day)
            if legs[0] is not None and legs[1] is not None:
                return legs[0] * legs[1]
    return None


@pytest.fixture(scope="module")
def rates_sql(proofs: Proofs) -> str:
    """Return the query of int_exchange_rates with the seed and the currency as parameters."""
    node = proofs.nodes["model.strata.int_exchange_rates"]
    seed = proofs.seeds["exchange_rates"]["relation_name"]
    sql: str = node["compiled_code"].replace(seed, "rates_given")
    assert "'CNY'" in sql
    return sql


@given(rows=tables(), reporting_currency=st.sampled_from(CURRENCIES))
def test_a_rate_is_direct_or_inverse_or_crossed_or_missing(
    rates_sql: str, rows: list[Rate], reporting_currency: str
) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "create table rates_given (currency text, to_currency text, valid_from date,"
            " valid_to date, rate decimal(30, 15))"
        )
        if rows:
            connection.executemany("insert into rates_given values (?, ?, ?, ?, ?)", rows)
        found = connection.execute(rates_sql.replace("'CNY'", f"'{reporting_currency}'"))
        names = [column[0] for column in found.description]
        records = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    for currency in CURRENCIES:
        for day in (FIRST_DAY + timedelta(it) for it in range(22)):
            rates = [
                float(it["rate"])
                for it in records
                if it["currency"] == currency and it["valid_from"] <= day < it["valid_to"]
            ]
            expected = expected_rate(rows, currency, reporting_currency, day)
            if expected is None or currency == reporting_currency:
                assert rates == []
            else:
                assert rates == [pytest.approx(expected, rel=1e-11)]
