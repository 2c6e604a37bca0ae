"""One workbook: tiers, changes, definitions."""

import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from strata.errors import UserError
from strata.export.audiences import Warehouse
from strata.unfinished import whole

MOST_ROWS: Final = 1_048_575
"""Rows of a sheet, without its heading."""


def write_workbook(build: Warehouse, path: Path) -> dict[str, int]:
    """Write customers with their tiers, the changes of tiers, and what the words mean.

    Returns
    -------
    dict
        Rows by sheet.

    Raises
    ------
    UserError
        If there are more rows than a sheet holds.
    """
    tiers = build.relation("customer_tiers")
    queries = {
        "Tiers": f"""
            select
                customer_id as "Customer",
                market as "Market",
                tier_label_en as "Tier",
                tier_label_zh as "等级",
                tier_basis as "Basis",
                orders_12m as "Orders 12 months",
                net_revenue_12m as "Net revenue 12 months",
                rfm_segment as "RFM segment",
                behaviour_status as "Status",
                lifecycle_stage as "Stage",
                churn_risk as "Churn risk",
                clv_12m as "CLV 12 months",
                next_tier_code as "Next tier",
                orders_to_next_tier as "Orders to it",
                revenue_to_next_tier as "Revenue to it",
                explanation as "Why"
            from {tiers}
            order by tier_rank desc, net_revenue_12m desc, customer_id
        """,
        "Changes": f"""
            select
                changes.evaluation_date as "Date",
                changes.customer_id as "Customer",
                changes.from_tier_code as "From",
                changes.to_tier_code as "To",
                changes.direction as "Direction",
                changes.cause as "Cause"
            from {build.relation("customer_tier_changes")} as changes
            order by changes.evaluation_date desc, changes.customer_id
        """,
        "Definitions": f"""
            select
                'tier' as "What",
                label_en as "Name",
                label_zh as "名称",
                description as "Meaning"
            from {build.relation("tiers")}
            union all
            select 'status', label_en, label_zh, description
            from {build.relation("behaviour_statuses")}
            union all
            select 'stage', label_en, label_zh, description
            from {build.relation("lifecycle_stages")}
            union all
            select distinct 'rule ' || rules.rule_id, rules.outcome, '', rules.sentence
            from {build.relation("int_rules_in_force")} as rules
            inner join {tiers} as customers on rules.rule_id = customers.rule_id
            where rules.decision_table = 'tier_rules'
        """,
    }
    written: dict[str, int] = {}
    with whole(path) as unfinished:
        try:
            _write(build, queries, unfinished, written)
        except FileCreateError as error:
            with suppress(OSError):
                os.truncate(unfinished, 0)  # room for what its zip file writes when it closes
            raise error.args[0] from error
    return written


def _write(
    build: Warehouse, queries: Mapping[str, str], path: Path, written: dict[str, int]
) -> None:
    with xlsxwriter.Workbook(
        path,
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
    ) as book:
        bold = book.add_format({"bold": True})
        money = book.add_format({"num_format": "#,##0.00"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, query in queries.items():
            headings = [str(it[0]) for it in build.rows(f"describe {query}")]
            rows = build.rows(query)
            if len(rows) > MOST_ROWS:
                raise UserError(f"{len(rows):,} rows are more than a sheet of a workbook holds")
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 1)
            sheet.autofilter(0, 0, max(len(rows), 1), len(headings) - 1)
            sheet.set_column(0, len(headings) - 1, 16)
            sheet.write_row(0, 0, headings, bold)
            for place, row in enumerate(rows, start=1):
                for column, value in enumerate(row):
                    if isinstance(value, date):
                        sheet.write_datetime(place, column, value, day)
                    elif isinstance(value, (Decimal, float)):
                        sheet.write_number(place, column, float(value), money)
                    elif isinstance(value, int):
                        sheet.write_number(place, column, value)
                    elif value is not None:
                        sheet.write_string(place, column, str(value))
            written[name] = len(rows)
