"""Seeds in a warehouse that an earlier version has made."""

from pathlib import Path

import duckdb
from conftest import ROOT, Project


def test_a_seed_whose_table_has_other_columns_is_told_with_the_mend(tmp_path: Path) -> None:
    project = Project(ROOT, tmp_path)
    project.dbt("seed", "--select", "channels")
    with duckdb.connect(str(project.database)) as connection:
        connection.execute("alter table seeds.channels add column forgotten text")
    told = project.dbt("seed", "--select", "channels", expect=1)
    assert (
        "channels.csv: the table of an earlier run has other columns: run dbt build --full-refresh"
        in told
    )
    assert "sniff" not in told.lower()
    project.dbt("seed", "--select", "channels", "--full-refresh")
