"""The queries that MetricFlow writes for the metrics of a project.

It writes them and the tests run them, for its command line asks the package index for a newer
version of itself whenever it is called.
"""

from typing import Any

from conftest import Project
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantic_interfaces.validations.semantic_manifest_validator import (
    SemanticManifestValidator,
)
from metricflow_semantics.model.dbt_manifest_parser import (
    parse_manifest_from_dbt_generated_manifest,
)
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup


class OnlyWrites:
    """A connection to DuckDB of MetricFlow that nothing is asked of."""

    sql_engine_type = SqlEngine.DUCKDB
    sql_plan_renderer = DuckDbSqlPlanRenderer()


class Metrics:
    """The metrics of a project that dbt has parsed."""

    def __init__(self, project: Project):
        self.project = project
        text = (project.work / "target" / "semantic_manifest.json").read_text(encoding="utf-8")
        self.manifest = parse_manifest_from_dbt_generated_manifest(text)
        self.engine = MetricFlowEngine(SemanticManifestLookup(self.manifest), OnlyWrites())

    def sql(self, **request: Any) -> str:
        """Return the SQL of a query, as ``mf query --explain`` shows it."""
        written = self.engine.explain(MetricFlowQueryRequest.create(**request))
        return str(written.sql_statement.without_descriptions.sql)

    def problems(self) -> list[str]:
        """Return what ``mf validate-configs`` has against them."""
        found = SemanticManifestValidator().validate_semantic_manifest(self.manifest)
        return [str(it.message) for it in (*found.errors, *found.future_errors, *found.warnings)]
