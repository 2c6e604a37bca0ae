"""What has changed between a stored evaluation and the last one, read from the marts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from strata.errors import UserError
from strata.sql import literal
from strata.trial.comparison import Builds

BUILD = "now"


@dataclass(frozen=True)
class Tier:
    """A tier then and now: customers, and their net revenue of 12 months."""

    label: str
    customers: tuple[int, int]
    revenue: tuple[Decimal, Decimal]


@dataclass(frozen=True)
class Listing:
    """Customers with what is said of each; the first column is the customer."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]


@dataclass(frozen=True)
class Changes:
    """Everything that a digest tells; the customers with the most revenue come first."""

    since: date
    until: date
    currency: str
    tiers: list[Tier]
    newcomers: int
    rose: Listing
    fell: Listing
    lost: Listing
    act: Listing | None


def changes(builds: Builds, since: date | None) -> Changes:
    """Compare the last evaluation with the stored one that stood on a date.

    Parameters
    ----------
    builds : Builds
        With the warehouse as ``now``.
    since : date or None
        The last stored evaluation up to this day is compared; None = the one before the last.

    Raises
    ------
    UserError
        If nothing is stored for the day, or it is no build.
    """
    history = builds.table(BUILD, "customer_tier_history")
    dates = [
        day
        for (day,) in builds.rows(f"select distinct evaluation_date from {history} order by 1")
        if day
    ]
    if not dates[1:]:
        raise UserError("the build has no history to compare with: build with history_months > 0")
    until = dates[-1]
    before = [day for day in dates[:-1] if since is None or day <= since]
    if since and since >= until:
        raise UserError(f"--since {since} is not before the last evaluation, {until}")
    if not before:
        raise UserError(f"the stored history begins on {dates[0]}: give --since from then on")
    digest = _Digest(builds, history, before[-1])
    return Changes(
        since=before[-1],
        until=until,
        currency=digest.currency(),
        tiers=digest.tiers(),
        newcomers=digest.newcomers(),
        rose=digest.moved("<"),
        fell=digest.moved(">"),
        lost=digest.lost(),
        act=digest.act(),
    )


class _Digest:
    def __init__(self, builds: Builds, history: str, since: date) -> None:
        self._builds = builds
        self._since = f"date {literal(since.isoformat())}"
        self._history = history
        self._then = f"(select * from {history} where evaluation_date = {self._since})"

    def _table(self, name: str) -> str:
        return self._builds.table(BUILD, name)

    def _listing(self, columns: tuple[str, ...], sql: str) -> Listing:
        return Listing(columns, self._builds.rows(sql))

    def currency(self) -> str:
        """Return the reporting currency of the build."""
        rows = self._builds.rows(
            f"select reporting_currency from {self._table('builds')}"
            " order by started_at desc limit 1"
        )
        return str(rows[0][0]) if rows else ""

    def tiers(self) -> list[Tier]:
        """Count each tier then and now."""
        counted = "count(*) as customers, coalesce(sum(net_revenue_12m), 0) as revenue"
        rows = self._builds.rows(
            f"""
            with earlier as (select tier_code, {counted} from {self._then} as h group by tier_code),
            now as (
                select tier_code, {counted} from {self._table("customer_tiers")} group by tier_code
            )
            select
                tiers.label_en,
                coalesce(earlier.customers, 0),
                coalesce(now.customers, 0),
                coalesce(earlier.revenue, 0),
                coalesce(now.revenue, 0)
            from {self._table("tiers")} as tiers
            left join earlier on tiers.tier_code = earlier.tier_code
            left join now on tiers.tier_code = now.tier_code
            order by tiers.tier_rank desc
            """
        )
        return [Tier(row[0], (row[1], row[2]), (row[3], row[4])) for row in rows]

    def newcomers(self) -> int:
        """Count customers who were none earlier."""
        ((count,),) = self._builds.rows(
            f"select count(*) from {self._table('customer_tiers')} as now"
            f" anti join {self._then} as earlier using (customer_id)"
        )
        return int(count)

    def moved(self, comparison: str) -> Listing:
        """List customers whose rank then compares so with that of now, with the last cause."""
        return self._listing(
            ("customer", "from", "to", "why", "net revenue 12 months"),
            f"""
            with causes as (
                select customer_id, arg_max(cause, evaluation_date) as cause
                from {self._table("customer_tier_changes")}
                where evaluation_date > {self._since}
                group by customer_id
            )
            select
                now.customer_id,
                tiers_then.label_en,
                now.tier_label_en,
                replace(coalesce(causes.cause, ''), '_', ' '),
                now.net_revenue_12m
            from {self._table("customer_tiers")} as now
            inner join {self._then} as earlier using (customer_id)
            inner join {self._table("tiers")} as tiers_then
                on earlier.tier_code = tiers_then.tier_code
            left join causes using (customer_id)
            where earlier.tier_rank {comparison} now.tier_rank
            order by greatest(now.net_revenue_12m, earlier.net_revenue_12m) desc, now.customer_id
            """,
        )

    def lost(self) -> Listing:
        """List buyers who could be lost then, and are now."""
        statuses = self._table("behaviour_statuses")
        return self._listing(
            ("customer", "tier", "last order, days ago", "lifetime orders", "lifetime net revenue"),
            f"""
            select
                now.customer_id,
                now.tier_label_en,
                now.days_since_last_order,
                now.lifetime_orders,
                now.lifetime_net_revenue
            from {self._table("customer_tiers")} as now
            inner join {self._then} as earlier using (customer_id)
            inner join {statuses} as status_now
                on now.behaviour_status = status_now.status_code
            inner join {statuses} as status_then
                on earlier.behaviour_status = status_then.status_code
            where now.lifetime_orders > 0 and status_then.can_churn and not status_now.can_churn
            order by now.lifetime_net_revenue desc, now.customer_id
            """,
        )

    def act(self) -> Listing | None:
        """List actions that can be taken now; None without marketing."""
        if not self._builds.has(BUILD, "customer_actions"):
            return None
        return self._listing(
            ("customer", "tier", "action", "channel", "owner", "net revenue 12 months"),
            f"""
            select
                actions.customer_id,
                tiers.tier_label_en,
                actions.label_en,
                actions.channel,
                actions.owner,
                tiers.net_revenue_12m
            from {self._table("customer_actions")} as actions
            inner join {self._table("customer_tiers")} as tiers using (customer_id)
            where actions.channel is not null and actions.suppression_reason is null
            order by tiers.tier_rank desc, tiers.net_revenue_12m desc, actions.customer_id
            """,
        )
