"""``strata summary``: what the last build says, in one small table."""

import os
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from strata.errors import UserError
from strata.warehouse import reading, warehouse_path

TIERS = """
    select
        tiers.label_en,
        tiers.label_zh,
        count(customer_tiers.customer_id) as customers,
        coalesce(sum(customer_tiers.net_revenue_12m), 0) as net_revenue_12m
    from {prefix}seeds.tiers as tiers
    left join {prefix}marts.customer_tiers as customer_tiers
        on tiers.tier_code = customer_tiers.tier_code
    group by tiers.tier_rank, tiers.label_en, tiers.label_zh
    order by tiers.tier_rank desc
"""


def summary() -> None:
    """Show the customers and the revenue share of each tier, and where the results lie.

    Raises
    ------
    UserError
        If there is no warehouse file or no build in it.
    """
    path = warehouse_path()
    prefix = os.environ.get("STRATA_SCHEMA_PREFIX", "")
    if not path.exists():
        raise UserError(f"there is no build to show ({path} does not exist); run `dbt build`")
    with reading(path) as connection:
        try:
            tiers = connection.execute(TIERS.format(prefix=prefix)).fetchall()
            dates = connection.execute(
                f"select max(evaluation_date) from {prefix}marts.customer_tiers"
            ).fetchall()
        except duckdb.CatalogException as error:
            raise UserError(
                f"there is no build to show ({path} has no tiers); run `dbt build`"
            ) from error

    customers = sum(row[2] for row in tiers)
    revenue = sum(row[3] for row in tiers)
    table = Table(title=f"Value tiers on {dates[0][0]}", title_justify="left")
    table.add_column("tier")
    table.add_column("")
    for heading in ("customers", "share", "revenue 12 months", "share"):
        table.add_column(heading, justify="right")
    for label_en, label_zh, count, amount in tiers:
        table.add_row(
            label_en,
            label_zh,
            f"{count:,}",
            f"{count / customers:.1%}" if customers else "",
            f"{amount:,.2f}",
            f"{amount / revenue:.1%}" if revenue else "",
        )
    console = Console()
    console.print(table)
    console.print(f"warehouse  {path}")
    docs = Path("build/docs/index.html")
    if docs.exists():
        console.print(f"docs       {docs}")
