"""What a build says of its data: shares and counts only, of nobody in particular."""

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import yaml

from strata.errors import UserError
from strata.project import DbtProject
from strata.sql import identifier, literal
from strata.trial.comparison import Builds

SOURCES: Final = "models/staging/_sources.yml"
DEMO_SEEDS: Final = "macros/run/demo_seeds.sql"
WINGS: Final = {
    "marketing": "customer_actions",
    "performance": "tier_backtest",
    "quality": "data_quality_summary",
    "simulation": "tier_rule_simulation",
}
"""Wings, each with a mart of its own."""
NEXT_FILES: Final = {
    "refunds": "revenue is gross without them",
    "order_items": "margin, categories and recommendations need them",
    "products": "categories, brands and costs need them",
    "consents": "no commercial action can be taken without them",
    "feedback": "satisfaction, an eighth of the score",
    "web_events": "what was looked at and not bought",
    "interactions": "silence and inquiries",
    "campaign_contacts": "effects and frequency caps of campaigns",
    "erasure_requests": "persons to forget",
}
"""Optional raw tables, the most useful first, and what each is for."""
WHY_NULL: Final = {
    "satisfaction": "feedback",
    "response_count": "feedback",
    "views_90d": "web_events",
    "carts_90d": "web_events",
    "inquiries_90d": "interactions",
    "last_interaction_date": "interactions",
    "lifetime_refunded": "refunds",
    "margin_12m": "unit_cost in order_items or products",
    "p_alive": "a row of clv_parameters: `strata calibrate --what clv`",
    "potential_12m": "lifetime values that the data bear out: `strata calibrate --what clv`",
    "rfm_cluster": "rows of rfm_clusters: `strata calibrate --what clusters`",
    "median_gap_days": "customers with a second purchase day",
    "revenue_trend": "customers with revenue in both half years",
    "composite_score": "a measure of score_components that is known",
}
"""Measures of customer_tier_history, and what it takes to know them."""
FITTED: Final = (
    "clv_parameters",
    "purchase_cycles",
    "rfm_bands",
    "rfm_clusters",
    "score_components",
    "tier_rules",
)
"""Seeds that calibrate proposes."""
SILENT: Final = 31
"""Days without an order after which the export is old."""
THIN: Final = 12
"""Months of orders below which a measure of 12 months is of less than 12."""


@dataclass(frozen=True)
class Finding:
    """A line of the screen; `is_fault` marks what one would mend."""

    topic: str
    text: str
    is_fault: bool = False


@dataclass(frozen=True)
class Patient:
    """A build and the project that made it."""

    project: DbtProject
    builds: Builds
    given: Mapping[str, Any]

    def table(self, name: str) -> str:
        """Return the full name of a table."""
        return self.builds.table("now", name)

    def has(self, name: str) -> bool:
        """Say whether the build has a table."""
        return self.builds.has("now", name)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self.builds.rows(sql)


def examine(patient: Patient) -> list[Finding]:
    """Return everything that there is to say of a build, in order."""
    parts: tuple[Callable[[Patient], Iterator[Finding]], ...] = (
        _build,
        _raw_tables,
        _history,
        _guests,
        _refunds,
        _wings,
        _measures,
        _lifetime_values,
        _seeds,
        _next_file,
    )
    return [finding for part in parts for finding in part(patient)]


def _build(patient: Patient) -> Iterator[Finding]:
    ((day, customers),) = patient.rows(
        f"select max(evaluation_date), count(*) from {patient.table('customer_tiers')}"
    )
    ((outcome, reason, currency, started),) = patient.rows(
        "select outcome, reason, reporting_currency, started_at"
        f" from {patient.table('builds')} order by started_at desc limit 1"
    )
    yield Finding(
        "build",
        f"of {started:%Y-%m-%d %H:%M} UTC, {outcome}: {customers:,} customers on {day},"
        f" money in {currency}",
    )
    if outcome == "failed":
        yield Finding("", f"{reason}; the marts are those of a run before", is_fault=True)


def _declared(patient: Patient) -> dict[str, list[str]]:
    """Return the raw tables and their columns, as Strata declares them."""
    path = patient.project.package / SOURCES
    if not path.exists():
        raise UserError(f"there is no {path}: run `dbt deps`")
    declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {
        table["name"]: [column["name"] for column in table["columns"]]
        for source in declared["sources"]
        for table in source["tables"]
    }


def _raw_rows(patient: Patient) -> dict[str, int]:
    """Return the rows of each raw table that has some."""
    return {
        name: int(count)
        for name, count in patient.rows(
            "select source_table, sum(raw_rows)"
            f" from {patient.table('source_reconciliation')} group by 1 having sum(raw_rows) > 0"
        )
    }


def _raw_tables(patient: Patient) -> Iterator[Finding]:
    counts = _raw_rows(patient)
    declared = _declared(patient)
    # products and erasure requests have no amounts; a table that is not reconciled is counted here
    listed = [f"{name} {counts[name]:,}" for name in declared if name in counts]
    yield Finding("raw tables", f"{', '.join(listed)} rows")
    absent = _absent(patient, counts, declared)
    if absent:
        yield Finding("", f"not there, or empty: {', '.join(absent)}", is_fault=True)
    if not patient.has("data_quality_summary"):
        yield _columns_of_files(patient, declared)
        return
    empty: dict[str, list[str]] = {}
    for table, column in patient.rows(
        "select source_table, check_name"
        f" from {patient.table('data_quality_summary')}"
        " where check_type = 'missing_value' and found_share >= 1 order by all"
    ):
        if table not in absent:
            empty.setdefault(table, []).append(column)
    told = "; ".join(f"{table}: {', '.join(columns)}" for table, columns in empty.items())
    yield Finding("columns", f"not there, or blank in every row: {told}" if told else "all filled")


def _columns_of_files(patient: Patient, declared: Mapping[str, list[str]]) -> Finding:
    """Compare the headers of the raw files with what is declared, where no mart counts blanks."""
    found = {}
    for table, columns in declared.items():
        header = _header(patient, _raw_folder(patient) / table)
        lacking = [it for it in columns if it not in header]
        if header and lacking:
            found[table] = lacking
    told = "; ".join(f"{table}: {', '.join(columns)}" for table, columns in found.items())
    if not told:
        return Finding("columns", "unknown: blanks are counted by the wing quality")
    return Finding("columns", f"not in the file: {told}")


def _header(patient: Patient, stem: Path) -> set[str]:
    """Return the columns of a raw file; none if there is none that can be read here."""
    csv_file, parquet_file = (stem.with_name(stem.name + end) for end in (".csv", ".parquet"))
    if parquet_file.exists():
        return patient.builds.columns(f"read_parquet({literal(parquet_file)})")
    if not csv_file.exists():
        return set()
    with csv_file.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return {cell.strip() for cell in next(csv.reader(file), [])}


def _absent(
    patient: Patient, counts: Mapping[str, int], declared: Mapping[str, list[str]]
) -> list[str]:
    """Return the raw tables without a row."""
    missing = patient.project.var("missing_sources", patient.given) or []
    reconciled = {
        row[0]
        for row in patient.rows(
            f"select distinct source_table from {patient.table('source_reconciliation')}"
        )
    }
    return [
        name
        for name in declared
        if name in missing
        or (name in reconciled and name not in counts)
        or (name not in reconciled and not _has_rows(patient, name))
    ]


def _has_rows(patient: Patient, name: str) -> bool:
    """Look into a raw table that no mart counts, if it is a table; a view may be of gone files."""
    try:
        return bool(patient.rows(f"select 1 from {patient.table(name)} limit 1"))
    except UserError:
        return any((_raw_folder(patient) / f"{name}{end}").exists() for end in (".csv", ".parquet"))


def _raw_folder(patient: Patient) -> Path:
    return patient.project.root / str(patient.project.var("raw_path", patient.given) or "")


def _history(patient: Patient) -> Iterator[Finding]:
    table = patient.table("customer_tier_history")
    ((first, last, day),) = patient.rows(
        "select min(first_order_date), max(last_order_date), max(evaluation_date)"
        f" from {table} where is_current"
    )
    ((evaluations,),) = patient.rows(f"select count(distinct evaluation_date) from {table}")
    if first is None:
        yield Finding("history", "no order at all", is_fault=True)
        return
    months = _months(first, last)
    yield Finding(
        "history",
        f"orders of {months} months, {first} to {last}; {evaluations} evaluation dates are stored",
    )
    if months < THIN:
        yield Finding(
            "",
            f"measures of 12 months are of {months}; a longer export says more",
            is_fault=True,
        )
    if (silent := (day - last).days) > SILENT:
        yield Finding(
            "",
            f"the last order is {silent} days before {day}: set as_of_date to the last day of the"
            " export",
            is_fault=True,
        )


def _months(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month + 1


def _counts(patient: Patient, table: str, defect: str) -> tuple[int, int]:
    """Return the raw rows with a defect, and all raw rows of a table."""
    ((found, whole),) = patient.rows(
        "select coalesce(sum(rows_found) filter (where fate = 'quarantined' and defects like"
        f" {literal(f'%,{defect},%')}), 0), coalesce(sum(rows_found), 0)"
        f" from {patient.table('int_raw_row_counts')} where source_table = {literal(table)}"
    )
    return int(found), int(whole)


def _guests(patient: Patient) -> Iterator[Finding]:
    nobodys, orders = _counts(patient, "orders", "missing_customer")
    if not orders:
        return
    blank = None
    if patient.has("data_quality_summary"):
        rows = patient.rows(
            f"select found from {patient.table('data_quality_summary')} where source_table ="
            " 'orders' and check_type = 'missing_value' and check_name = 'customer_id'"
        )
        blank = int(rows[0][0]) if rows else 0
    told = f"{_share(nobodys, orders)} of the orders have no customer, by number, e-mail or phone"
    if blank is not None:
        told = f"{_share(blank, orders)} of the orders have no customer number; {told}"
    yield Finding("guests", told, is_fault=nobodys * 20 > orders)


def _refunds(patient: Patient) -> Iterator[Finding]:
    orphans, refunds = _counts(patient, "refunds", "orphan_row")
    if not refunds:
        yield Finding("refunds", "none: revenue is as ordered")
        return
    yield Finding(
        "refunds",
        f"{_share(refunds - orphans, refunds)} of {refunds:,} belong to an order that is there and"
        " sound",
        is_fault=orphans * 20 > refunds,
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}"


def _wings(patient: Patient) -> Iterator[Finding]:
    on = [name for name, mart in WINGS.items() if patient.has(mart)]
    off = [name for name in WINGS if name not in on]
    told = f"built: {', '.join(on) or 'none'}"
    yield Finding("wings", told + (f"; not built: {', '.join(off)}" if off else ""))


def _measures(patient: Patient) -> Iterator[Finding]:
    table = patient.table("customer_tier_history")
    columns = patient.builds.columns(table)
    asked = [name for name in WHY_NULL if name in columns]
    zero = ("response_count", "views_90d", "carts_90d", "inquiries_90d", "lifetime_refunded")
    counts = ", ".join(
        f"count(nullif({name}, 0))" if name in zero else f"count({name})" for name in asked
    )
    (known,) = patient.rows(f"select {counts} from {table} where is_current")
    reasons: dict[str, list[str]] = {}
    for name, count in zip(asked, known, strict=True):
        if not count:
            reasons.setdefault(WHY_NULL[name], []).append(name)
    if not reasons:
        yield Finding("measures", "each is known of somebody")
    for place, (reason, names) in enumerate(reasons.items()):
        yield Finding(
            "" if place else "measures",
            f"of nobody: {', '.join(names)}; it takes {reason}",
            is_fault=True,
        )
    ((coverage,),) = patient.rows(
        f"select avg(score_coverage) from {table} where is_current and composite_score is not null"
    )
    if coverage is not None:
        yield Finding("score", f"{coverage:.0%} of its weight is known of a customer, on average")


def _lifetime_values(patient: Patient) -> Iterator[Finding]:
    findings = {
        "borne_out": "borne out by the data",
        "not_judged": "too few customers to judge them",
        "not_borne_out": "not used: purchases here are worth something else",
    }
    table = patient.table("clv_parameters")
    currencies = dict(patient.rows(f"select market, max(currency) from {table} group by 1"))
    told: dict[str, list[str]] = {}
    faults = set()
    for market, finding, parameters, fitted_on, fitted_at in patient.rows(
        "select market, finding, parameters_market, fitted_on, fitted_at"
        f" from {patient.table('int_clv_fits')} where customers > 0 and evaluation_date ="
        f" (select max(evaluation_date) from {patient.table('int_clv_fits')}) order by market"
    ):
        if finding == "no_parameters":
            text = "none, for clv_parameters has no row: `strata calibrate --what clv`"
        else:
            text = (
                f"fitted on {fitted_on or 'nothing, set by hand'}"
                f" ({fitted_at or 'no date'}, {currencies.get(parameters) or 'no currency'}),"
                f" {findings.get(finding, finding)}"
            )
        told.setdefault(text, []).append(market)
        if finding in ("no_parameters", "not_borne_out"):
            faults.add(text)
    for place, (text, markets) in enumerate(told.items()):
        yield Finding(
            "" if place else "lifetime values",
            f"{text} (market {', '.join(markets)})",
            is_fault=text in faults,
        )


def _seeds(patient: Patient) -> Iterator[Finding]:
    raw = patient.project.var("raw_path", patient.given)
    is_demo = raw == "demo" and patient.project.package == patient.project.root
    demo = [] if is_demo else _demo_seeds(patient.project)
    marketing = patient.project.package / "seeds" / "marketing"
    placeholders = [
        name
        for name in _placeholders(patient)
        if patient.has(WINGS["marketing"]) or not (marketing / f"{name}.csv").exists()
    ]
    if is_demo:
        yield Finding("seeds", "those of the demo, whose data these are")
    elif demo:
        yield Finding(
            "seeds",
            f"still with the figures of the demo: {', '.join(demo)}",
            is_fault=True,
        )
    topic = "" if demo or is_demo else "seeds"
    for names, mend in (
        (
            [it for it in placeholders if it in FITTED],
            "`strata calibrate` proposes what your data bear out; else write your own",
        ),
        ([it for it in placeholders if it not in FITTED], "edit them"),
    ):
        if names:
            yield Finding(topic, f"with placeholders: {', '.join(names)}; {mend}", is_fault=True)
            topic = ""
    if not (is_demo or demo or placeholders):
        yield Finding("seeds", "no figure of the demo and no placeholder is in force")


def _demo_seeds(project: DbtProject) -> list[str]:
    """Return the seeds that are as they came with Strata, by the checksums of dbt."""
    path = project.package / DEMO_SEEDS
    if not path.exists():
        return []
    known = re.findall(r"'(\w+)': '([0-9a-f]{64})'", path.read_text(encoding="utf-8"))
    found = []
    for name, checksum in known:
        files = [it for folder in project.seed_folders for it in folder.rglob(f"{name}.csv")]
        files = files or list((project.package / "seeds").rglob(f"{name}.csv"))
        for file in files[:1]:
            text = file.read_text(encoding="utf-8").strip()
            if sha256(text.encode("utf-8")).hexdigest() == checksum:
                found.append(name)
    return found


def _placeholders(patient: Patient) -> list[str]:
    """Return the seeds of which rows in force begin their note with the word."""
    schema = patient.table("tiers").rpartition(".")[0].rpartition(".")[2].strip('"')
    found = []
    for (name,) in patient.rows(
        "select table_name from duckdb_columns() where database_name = 'now' and schema_name ="
        f" {literal(schema)} and column_name in ('note', 'valid_to') group by 1"
        " having count(*) = 2 order by 1"
    ):
        ((count,),) = patient.rows(
            f"select count(*) from {identifier('now', schema, name)}"
            " where lower(note) like 'placeholder%' and valid_to is null"
        )
        if count:
            found.append(name)
    return found


def _next_file(patient: Patient) -> Iterator[Finding]:
    absent = _absent(patient, _raw_rows(patient), _declared(patient))
    for name, reason in NEXT_FILES.items():
        if name in absent:
            yield Finding("next file", f"{name}: {reason}")
            return
    yield Finding("next file", "none: every raw table is there")
