"""The metrics over the marts: MetricFlow takes them, and what it asks says what the marts say."""

import re
from functools import cache
from typing import Any

import pytest
import yaml
from conftest import ROOT, Project, is_same
from metric_queries import Metrics

FILES = sorted((ROOT / "models" / "marts").glob("*/_metrics.yml"))
KINDS = ("semantic_models", "metrics", "saved_queries")
EQUAL = {
    "strata_overview_totals": (
        "strata_customers, strata_buyer_share, strata_net_revenue_12m, strata_clv_12m,"
        " strata_expected_change, strata_top_tier_revenue_share, strata_customers_at_risk,"
        " strata_net_revenue_12m_at_risk",
        "select count(*), count_if(orders_12m > 0) / count(*), sum(net_revenue_12m), sum(clv_12m),"
        " sum(clv_12m) / cast(sum(net_revenue_12m) as double) - 1,"
        " cast(sum(net_revenue_12m) filter (tier_rank = (select max(tier_rank) from seeds.tiers))"
        " as double) / cast(sum(net_revenue_12m) as double), count_if(churn_risk = 'high'),"
        " sum(net_revenue_12m) filter (churn_risk = 'high') from marts.customer_tiers",
    ),
    "strata_overview_tiers": (
        "strata_customer__tier_rank, strata_customer__tier_label_en,"
        " strata_customer__tier_label_zh, strata_customers, strata_net_revenue_12m,"
        " strata_mean_net_revenue_12m, strata_mean_clv_12m",
        "select tier_rank, tier_label_en, tier_label_zh, count(*), sum(net_revenue_12m),"
        " avg(net_revenue_12m), avg(clv_12m) from marts.customer_tiers group by all",
    ),
    "strata_overview_rfm": (
        "strata_customer__recency_score, strata_customer__frequency_score, strata_customers,"
        " strata_rfm_revenue",
        "select recency_score, frequency_score, count(*), sum(rfm_revenue)"
        " from marts.customer_tiers where recency_score is not null group by all",
    ),
    "strata_overview_history": (
        "metric_time__month, strata_evaluation__tier_code, strata_customers_at_date,"
        " strata_net_revenue_12m_at_date",
        "select evaluation_month, tier_code, count(*), sum(net_revenue_12m)"
        " from marts.customer_tier_history group by all",
    ),
    "strata_overview_year_before": (
        "metric_time__month, strata_net_revenue_12m_of_month, strata_net_revenue_12m_change",
        "with months as (select evaluation_month, sum(net_revenue_12m) as revenue"
        " from marts.customer_tier_history group by all) select months.evaluation_month,"
        " months.revenue, months.revenue / cast(before.revenue as double) - 1 from months"
        " left join months as before"
        " on months.evaluation_month = before.evaluation_month + interval 1 year",
    ),
    "strata_overview_top": (
        "strata_customer, strata_customer__tier_label_en, strata_customer__market,"
        " strata_net_revenue_12m, strata_clv_12m",
        "select customer_id, tier_label_en, market, net_revenue_12m, clv_12m"
        " from marts.customer_tiers order by net_revenue_12m desc, customer_id limit 10",
    ),
    "strata_movement_flows_until_today": (
        "metric_time__month, strata_evaluation__tier_code, strata_customer__tier_code,"
        " strata_customers_at_date",
        "select evaluation_month, before.tier_code, now.tier_code as tier_now, count(*)"
        " from marts.customer_tier_history as before left join marts.customer_tiers as now"
        " using (customer_id) group by all",
    ),
    "strata_movement_months": (
        "metric_time__month, strata_customers_risen, strata_customers_fallen,"
        " strata_customers_new, strata_net_movement",
        "select date_trunc('month', evaluation_date), count_if(direction = 'up'),"
        " count_if(direction = 'down'), count_if(direction = 'first'),"
        " count_if(direction = 'up') - count_if(direction = 'down')"
        " from marts.customer_tier_changes group by all",
    ),
    "strata_movement_causes": (
        "metric_time__month, strata_tier_change__cause, strata_customers_risen,"
        " strata_customers_fallen",
        "select date_trunc('month', evaluation_date), cause, count_if(direction = 'up'),"
        " count_if(direction = 'down') from marts.customer_tier_changes"
        " where direction <> 'first' group by all",
    ),
    "strata_overview_pareto": (
        "strata_revenue_percentile__percentile, strata_cumulative_revenue_share",
        "select percentile, cumulative_revenue_share from marts.revenue_concentration",
    ),
    "strata_movement_flows": (
        "metric_time__month, strata_tier_migration__from_tier_code,"
        " strata_tier_migration__to_tier_code, strata_migrated_customers",
        "select evaluation_month, from_tier_code, to_tier_code, customers"
        " from marts.tier_migrations",
    ),
    "strata_performance_months": (
        "metric_time__month, strata_tier_month__tier_code, strata_monthly_orders,"
        " strata_monthly_net_revenue, strata_repurchase_rate",
        "select month, tier_code, orders, net_revenue, repurchase_rate from marts.tier_performance",
    ),
    "strata_campaigns_actions": (
        "strata_action__action_code, strata_action__label_en, strata_recommended_actions,"
        " strata_open_actions, strata_open_action_share, strata_action_potential_12m",
        "select action_code, label_en, count(*), count_if(suppression_reason is null),"
        " count_if(suppression_reason is null) / count(*), sum(potential_12m)"
        " from marts.customer_actions group by all",
    ),
}
"""What a saved query gives, by its columns, and what the marts say."""


@pytest.fixture(scope="module")
def metrics(demo_build: Project) -> Metrics:
    return Metrics(demo_build)


@cache
def declared(kind: str) -> tuple[dict[str, Any], ...]:
    """Return all that the files declare of a kind."""
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in FILES]
    return tuple(it for content in files for it in content[kind])


def test_metricflow_has_nothing_against_them(metrics: Metrics) -> None:
    assert metrics.problems() == []
    assert len(metrics.manifest.semantic_models) == len(declared("semantic_models")) > 5
    assert len(metrics.manifest.saved_queries) == len(declared("saved_queries")) > 5


def test_names_are_told_apart_from_those_of_others(metrics: Metrics) -> None:
    """A project that has Strata as a package shares one room of names with it."""
    ours = [it["name"] for kind in KINDS for it in declared(kind)]
    for model in declared("semantic_models"):
        ours += [it["name"] for it in (*model["measures"], *model.get("entities", ()))]
        ours += [model["primary_entity"]] if "primary_entity" in model else []
    assert [it for it in ours if not re.fullmatch(r"strata_[a-z0-9_]+", it)] == []
    measures = [it["name"] for model in declared("semantic_models") for it in model["measures"]]
    known = [it["name"] for it in declared("metrics")]
    assert len({*measures, *known}) == len(measures) + len(known)


def test_files_are_short_and_all_is_described() -> None:
    assert len(FILES) > 2
    for path in FILES:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
    assert all(len(it["description"]) > 10 for kind in KINDS for it in declared(kind))
    labels = [it["label"] for it in declared("metrics")]
    assert len(set(labels)) == len(labels)


def test_dimensions_are_columns_of_their_mart(metrics: Metrics, demo_build: Project) -> None:
    """Each metric is asked by each of its dimensions: DuckDB knows all that the queries name."""
    asked = 0
    for model in declared("semantic_models"):
        entity = model.get("primary_entity") or model["entities"][0]["name"]
        named = [it["name"] for it in model["dimensions"] if it["type"] == "categorical"]
        measures = {it["name"] for it in model["measures"]}
        names = [
            it["name"] for it in declared("metrics") if it["type_params"].get("measure") in measures
        ]
        sql = metrics.sql(
            metric_names=names, group_by_names=["metric_time", *(f"{entity}__{it}" for it in named)]
        )
        demo_build.query(f"explain {sql}")
        asked += len(names)
    assert asked > 15


def test_each_metric_gives_one_figure(metrics: Metrics) -> None:
    """One that looks a year back gives one a month."""
    for metric in declared("metrics"):
        if any("offset_window" in it for it in metric["type_params"].get("metrics", ())):
            sql = metrics.sql(metric_names=[metric["name"]], group_by_names=["metric_time__month"])
            assert len(metrics.project.query(sql)) > 12, metric["name"]
            continue
        rows = metrics.project.query(metrics.sql(metric_names=[metric["name"]]))
        assert len(rows) == 1, metric["name"]
        assert rows[0][0] is not None, metric["name"]


def test_each_saved_query_has_its_sql() -> None:
    assert {it["name"] for it in declared("saved_queries")} == set(EQUAL)


@pytest.mark.parametrize("name", EQUAL)
def test_a_saved_query_says_what_the_marts_say(name: str, metrics: Metrics) -> None:
    columns, expected = EQUAL[name]
    sql = metrics.sql(saved_query_name=name)
    project = metrics.project
    found = project.query(f"select {columns} from ({sql}) order by all")
    right = project.query(f"from ({expected}) order by all")
    assert len(found) == len(right) > 0
    for row, its in zip(found, right, strict=True):
        assert is_same(map(comparable, row), map(comparable, its)), (row, its)
    width = len(project.query(f"select * from ({sql}) limit 1")[0])
    assert width == len(columns.split(",")), "columns that nothing compares"


def comparable(cell: Any) -> Any:
    """Return sums of money as doubles, and times at midnight as dates."""
    if hasattr(cell, "as_tuple"):
        return float(cell)
    return cell.date() if hasattr(cell, "hour") else cell


def test_a_customer_counts_once_in_a_year(metrics: Metrics) -> None:
    sql = metrics.sql(
        metric_names=["strata_customers_at_date"], group_by_names=["metric_time__year"]
    )
    expected = (
        "select year(evaluation_date), count(*) from marts.customer_tier_history"
        " where evaluation_date in (select max(evaluation_date) from marts.customer_tier_history"
        " group by year(evaluation_date)) group by all order by all"
    )
    found = metrics.project.query(
        f"select year(metric_time__year), * exclude (metric_time__year) from ({sql}) order by all"
    )
    assert found == metrics.project.query(expected)
    assert len(found) > 1


def test_changes_are_asked_by_what_customers_are_today(metrics: Metrics) -> None:
    sql = metrics.sql(
        metric_names=["strata_customers_fallen"], group_by_names=["strata_customer__market"]
    )
    expected = (
        "select market, count_if(direction = 'down') from marts.customer_tier_changes"
        " inner join marts.customer_tiers using (customer_id) group by all order by all"
    )
    found = metrics.project.query(f"from ({sql}) order by all")
    assert found == metrics.project.query(expected)


def test_the_time_spine_has_each_day_once(demo_build: Project) -> None:
    ((days, first, last, distinct),) = demo_build.query(
        "select count(*), min(calendar_date), max(calendar_date), count(distinct calendar_date)"
        " from marts.calendar_days"
    )
    assert days == distinct == (last - first).days + 1
    ((month, current),) = demo_build.query(
        "select min(evaluation_month), max(evaluation_date) from marts.customer_tier_history"
    )
    assert (first, last) == (month, current)
