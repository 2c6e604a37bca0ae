"""Two builds beside each other: who moves, what they bring, and what the back-test says of both."""

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb

from strata.errors import UserError
from strata.sql import identifier, literal
from strata.warehouse import unreadable

COMPARED: Final = {
    "tier_code": "value tier",
    "rfm_segment": "RFM segment",
    "pareto_class": "Pareto class",
    "rfm_cluster": "RFM cluster",
    "behaviour_status": "behaviour status",
    "lifecycle_stage": "lifecycle stage",
    "churn_risk": "churn risk",
}
"""Columns of customer_tiers that are compared; one that does not exist is left out."""
EXAMPLES: Final = 10


@dataclass(frozen=True)
class Tier:
    """A tier in both builds.

    Attributes
    ----------
    label : str
        In English.
    customers, revenue : tuple
        Now and then: customers, and their net revenue of 12 months.
    """

    label: str
    customers: tuple[int, int]
    revenue: tuple[Decimal, Decimal]


@dataclass(frozen=True)
class Move:
    """Customers who go from one tier to another; ``-`` where they are in one build only."""

    before: str
    after: str
    is_up: bool
    customers: int
    revenue: Decimal


@dataclass(frozen=True)
class Example:
    """A customer who moves, and why: what the mart says of the new tier."""

    customer_id: str
    before: str
    after: str
    reason: str


@dataclass(frozen=True)
class Backtested:
    """What customers of a tier brought in the 90 days after, by the rules of both builds.

    Attributes
    ----------
    label : str
        The tier.
    customers : tuple of int
        Now and then, at the date of the back-test.
    revenue_share, lift : tuple of float or None
        Of the net revenue of the 90 days; times the average of a customer.
    """

    label: str
    customers: tuple[int, int]
    revenue_share: tuple[float | None, float | None]
    lift: tuple[float | None, float | None]


@dataclass(frozen=True)
class Backtest:
    """The back-test of both; correlations of rank between tier and revenue of the 90 days."""

    day: date
    tiers: list[Backtested]
    correlations: tuple[float | None, float | None]


@dataclass(frozen=True)
class Comparison:
    """What differs between two builds.

    Attributes
    ----------
    customers : int
        Customers of the second.
    as_of : date
        The day at whose end they are evaluated.
    currency : str
        Of all money.
    tiers : list of Tier
        The highest first.
    moves : list of Move
        Those with most revenue first.
    not_by_rule : dict of str to int
        Customers of the second whose tier is held, or of an override.
    changed : dict of str to int
        Customers with another value, by what is compared.
    examples : list of Example
        Some who move, of each move those with most revenue.
    backtest : Backtest or None
        None where there is none, and `no_backtest` says why.
    edits : dict of str to dict of str to int
        Seeds that differ: rows that are gone and that are new.
    """

    customers: int
    as_of: date
    currency: str
    tiers: list[Tier]
    moves: list[Move]
    not_by_rule: dict[str, int]
    changed: dict[str, int]
    examples: list[Example]
    backtest: Backtest | None
    no_backtest: str = ""
    edits: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def moved(self) -> int:
        """Customers with another tier."""
        return self.changed.get(COMPARED["tier_code"], 0)


class Builds:
    """Two warehouse files, attached for reading as ``now`` and ``then``."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, prefix: str) -> None:
        self.connection = connection
        self.prefix = prefix

    def table(self, build: str, name: str) -> str:
        """Return the full name of a table, whatever schemas the project makes.

        Raises
        ------
        UserError
            If there is none, or several.
        """
        rows = self.connection.execute(
            "select schema_name from duckdb_tables() where database_name = ? and table_name = ?",
            [build, name],
        ).fetchall()
        schemas = [row[0] for row in rows]
        usual = [it for it in schemas if it.startswith(self.prefix)] if self.prefix else schemas
        if len(usual) != 1:
            raise UserError(f"the build has {len(usual) or 'no'} tables {name}: run `dbt build`")
        return identifier(build, usual[0], name)

    def has(self, build: str, name: str) -> bool:
        """Say whether a build has a table."""
        try:
            self.table(build, name)
        except UserError:
            return False
        return True

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self.connection.execute(sql).fetchall()

    def columns(self, table: str) -> set[str]:
        """Return the columns of a table."""
        return {row[0] for row in self.rows(f"describe from {table}")}


@contextmanager
def opened(**paths: Path) -> Iterator[Builds]:
    """Attach warehouse files, each under a name."""
    with duckdb.connect() as connection:
        path = Path()
        try:
            for name, path in paths.items():
                connection.execute(f"attach {literal(path)} as {identifier(name)} (read_only)")
            yield Builds(connection, os.environ.get("STRATA_SCHEMA_PREFIX", ""))
        except duckdb.Error as error:
            raise unreadable(path, error) from error


def last_evaluation(path: Path) -> tuple[date, datetime]:
    """Return the evaluation date of a build, and when its last run began, UTC.

    Raises
    ------
    UserError
        If it is no build.
    """
    with opened(now=path) as builds:
        ((day,),) = builds.rows(
            f"select max(evaluation_date) from {builds.table('now', 'customer_tiers')}"
        )
        ((started,),) = builds.rows(f"select max(started_at) from {builds.table('now', 'builds')}")
    if day is None or started is None:
        raise UserError("the build has no customers: run `dbt build`")
    return day, started


def compare(now: Path, then: Path, rule_set: str) -> Comparison:
    """Compare the customers of two builds.

    Parameters
    ----------
    now, then : Path
        The warehouse files.
    rule_set : str
        The rule set of tier_rules in force.

    Raises
    ------
    UserError
        If one is no build.
    """
    with opened(now=now, then=then) as builds:
        tiers = [builds.table(it, "customer_tiers") for it in ("now", "then")]
        ((customers, as_of),) = builds.rows(
            f"select count(*), max(evaluation_date) from {tiers[1]}"
        )
        ((currency,),) = builds.rows(
            "select reporting_currency from"
            f" {builds.table('then', 'builds')} order by started_at desc limit 1"
        )
        backtest, reason = _backtest(builds, rule_set)
        return Comparison(
            customers=customers,
            as_of=as_of,
            currency=currency or "",
            tiers=_tiers(builds, tiers),
            moves=_moves(builds, tiers),
            not_by_rule=dict(
                builds.rows(
                    "select case tier_basis when 'held' then 'held' else 'by an override' end,"
                    f" count(*) from {tiers[1]} where tier_basis <> 'computed'"
                    " group by 1 order by 1 desc"
                )
            ),
            changed=_changed(builds, tiers),
            examples=_examples(builds, tiers),
            backtest=backtest,
            no_backtest=reason,
            edits=_edits(builds),
        )


def _edits(builds: Builds) -> dict[str, dict[str, int]]:
    """Count the rows of each seed that are in one build only."""
    schemas = {
        build: builds.table(build, "tiers").rpartition(".")[0].rpartition(".")[2].strip('"')
        for build in ("now", "then")
    }
    found = {}
    for (name,) in builds.rows(
        "select table_name from duckdb_tables() where database_name = 'then'"
        f" and schema_name = {literal(schemas['then'])} order by 1"
    ):
        both = [
            identifier(build, schemas[build], name)
            for build in ("now", "then")
            if builds.has(build, name)
        ]
        if len(both) == 1:
            found[name] = {"rows new": builds.rows(f"select count(*) from {both[0]}")[0][0]}
            continue
        if builds.columns(both[0]) != builds.columns(both[1]):
            found[name] = {"columns other": 1}
            continue
        gone, new = (
            builds.rows(f"select count(*) from (from {one} except all from {other})")[0][0]
            for one, other in (both, both[::-1])
        )
        if gone or new:
            found[name] = {"rows gone": gone, "rows new": new}
    return found


def _labels(builds: Builds) -> str:
    """Return a query of the tiers of both builds, code, label and rank."""
    names = [builds.table(it, "tiers") for it in ("now", "then")]
    listed = [f"select tier_code, label_en, tier_rank from {it}" for it in names]
    old = f" union all {listed[0]} where tier_code not in (select tier_code from {names[1]})"
    return f"({listed[1]}{old})"


def _tiers(builds: Builds, tiers: list[str]) -> list[Tier]:
    counted = [
        "(select tier_code, count(*) as customers, sum(net_revenue_12m) as revenue"
        f" from {it} group by tier_code)"
        for it in tiers
    ]
    return [
        Tier(label, (before, after), (revenue, new_revenue))
        for label, before, after, revenue, new_revenue in builds.rows(
            "select label_en, coalesce(a.customers, 0), coalesce(b.customers, 0),"
            " coalesce(a.revenue, 0), coalesce(b.revenue, 0)"
            f" from {_labels(builds)} as labels"
            f" left join {counted[0]} as a on labels.tier_code = a.tier_code"
            f" left join {counted[1]} as b on labels.tier_code = b.tier_code"
            " order by tier_rank desc, labels.tier_code"
        )
    ]


def _moved(builds: Builds, tiers: list[str]) -> str:
    """Return a query of the customers who move."""
    return (
        "(select coalesce(b.customer_id, a.customer_id) as customer_id,"
        " coalesce(x.label_en, '-') as before, coalesce(y.label_en, '-') as after,"
        " coalesce(y.tier_rank, 0) > coalesce(x.tier_rank, 0) as is_up,"
        " coalesce(b.net_revenue_12m, a.net_revenue_12m, 0) as revenue,"
        " coalesce(b.explanation, '') as reason,"
        " coalesce(x.tier_rank, 0) as before_rank, coalesce(y.tier_rank, 0) as after_rank"
        f" from {tiers[0]} as a full join {tiers[1]} as b on a.customer_id = b.customer_id"
        f" left join {_labels(builds)} as x on a.tier_code = x.tier_code"
        f" left join {_labels(builds)} as y on b.tier_code = y.tier_code"
        " where a.tier_code is distinct from b.tier_code)"
    )


def _moves(builds: Builds, tiers: list[str]) -> list[Move]:
    return [
        Move(*row)
        for row in builds.rows(
            "select before, after, is_up, count(*), sum(revenue)"
            f" from {_moved(builds, tiers)} group by all"
            " order by sum(revenue) desc, count(*) desc, before, after"
        )
    ]


def _examples(builds: Builds, tiers: list[str]) -> list[Example]:
    """Return customers who move: of each move in turn the one with most revenue."""
    return [
        Example(*row)
        for row in builds.rows(
            "select customer_id, before, after, reason from (select *, row_number() over ("
            "partition by before, after order by abs(revenue) desc, customer_id) as place"
            f" from {_moved(builds, tiers)})"
            f" order by place, abs(revenue) desc, customer_id limit {EXAMPLES}"
        )
    ]


def _changed(builds: Builds, tiers: list[str]) -> dict[str, int]:
    """Count the customers with another value; who is in one build only has others."""
    present = builds.columns(tiers[0]) & builds.columns(tiers[1])
    columns = [it for it in COMPARED if it in present]
    counts = ", ".join(
        "count(*) filter (a.customer_id is null or b.customer_id is null"
        f" or a.{it} is distinct from b.{it})"
        for it in columns
    )
    (row,) = builds.rows(
        f"select {counts} from {tiers[0]} as a full join {tiers[1]} as b"
        " on a.customer_id = b.customer_id"
    )
    return dict(zip([COMPARED[it] for it in columns], row, strict=True))


def _backtest(builds: Builds, rule_set: str) -> tuple[Backtest | None, str]:
    """Judge the rules of both by what customers brought in the 90 days after a past date."""
    if not all(builds.has(it, "int_simulated_tiers") for it in ("now", "then")):
        return None, "no back-test: it takes a build with the wing simulation (STRATA_SIMULATION)"
    judged = []
    for build in ("now", "then"):
        judged.append(
            "(select customer_id, tier_code, tier_rank, evaluation_date,"
            " net_revenue_next_90d as revenue from"
            f" {builds.table(build, 'int_simulated_tiers')}"
            f" where rule_set = {literal(rule_set)} and net_revenue_next_90d is not null)"
        )
    ((day, customers, revenue),) = builds.rows(
        f"select max(evaluation_date), count(*), sum(revenue) from {judged[1]}"
    )
    if not customers:
        return None, "no back-test: no month end is 90 days old"
    counted = [
        "(select tier_code, count(*) as customers, sum(revenue) as revenue"
        f" from {it} group by tier_code)"
        for it in judged
    ]
    tiers = []
    for label, before, after, old, new in builds.rows(
        "select label_en, coalesce(a.customers, 0), coalesce(b.customers, 0),"
        " coalesce(a.revenue, 0), coalesce(b.revenue, 0)"
        f" from {_labels(builds)} as labels"
        f" left join {counted[0]} as a on labels.tier_code = a.tier_code"
        f" left join {counted[1]} as b on labels.tier_code = b.tier_code"
        " order by tier_rank desc, labels.tier_code"
    ):
        shares = [float(it / revenue) if revenue else None for it in (old, new)]
        lifts = [
            share / (count / customers) if share is not None and count else None
            for share, count in zip(shares, (before, after), strict=True)
        ]
        tiers.append(
            Backtested(label, (before, after), (shares[0], shares[1]), (lifts[0], lifts[1]))
        )
    correlations = [_correlation(builds, it) for it in judged]
    return Backtest(day, tiers, (correlations[0], correlations[1])), ""


def _correlation(builds: Builds, judged: str) -> float | None:
    """Return Spearman's rank correlation of tier and revenue, equals having their mean rank."""

    def mean_rank(column: str) -> str:
        return (
            f"rank() over (order by {column}) + (count(*) over (partition by {column}) - 1) / 2.0"
        )

    ((found,),) = builds.rows(
        f"select corr(x, y) from (select {mean_rank('tier_rank')} as x,"
        f" {mean_rank('revenue')} as y from {judged})"
    )
    return None if found is None or math.isnan(found) else float(found)
