"""Seeds in a warehouse that an earlier version has made."""

from pathlib import Path

import duckdb
import pytest
from conftest import ROOT, Project


@pytest.mark.slow
def test_a_seed_whose_table_has_other_columns_or_types_is_told_with_the_mend(
    tmp_path: Path,
) -> None:
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
    with duckdb.connect(str(project.database)) as connection:
        connection.execute("alter table seeds.channels alter label_en type integer using 0")
    assert (
        "channels.csv: the table of an earlier run has the column label_en as integer, not as text:"
        " run dbt build --full-refresh once"
    ) in project.dbt("seed", "--select", "channels", expect=1)
