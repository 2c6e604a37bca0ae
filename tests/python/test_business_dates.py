"""Business dates against the standard library's time zones."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pytest
from conftest import ROOT, Project

ZONES = ["Europe/Berlin", "Asia/Kathmandu"]


@pytest.mark.parametrize("zone", ZONES)
def test_business_dates_are_those_of_the_zone(zone: str, tmp_path: Path) -> None:
    project = Project(ROOT, tmp_path)
    output = project.dbt(
        "--quiet",
        "compile",
        "--no-introspect",
        "--inline",
        "{{ business_date('instant') }}",
        variables={"business_timezone": zone},
    )
    expression = output[output.index("cast(") : output.rindex("as date") + len("as date")] + ")"
    # instants of 1970 to 2027, with the hours around each change of the zone's offset
    generator = np.random.default_rng(7)
    start = datetime(1970, 1, 1, 14)
    instants = [start + timedelta(seconds=int(s)) for s in generator.uniform(0, 1.8e9, 4_000)]
    days = [datetime(1970, 1, 2) + timedelta(days=day) for day in range(20_800)]
    offsets = [day.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset() for day in days]
    for day, before, after in zip(days[1:], offsets, offsets[1:], strict=False):
        if before != after:
            instants += [day - timedelta(minutes=minutes) for minutes in range(-60, 1_500, 29)]
    with duckdb.connect() as connection:
        connection.execute("create table instants (instant timestamp)")
        connection.executemany("insert into instants values (?)", [[at] for at in instants])
        found = connection.execute(f"select instant, {expression} from instants").fetchall()
    expected = [(at, at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date()) for at in instants]
    assert sorted(found) == sorted(expected)
