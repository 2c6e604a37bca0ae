"""Settings: what each may be, the line that says what is wrong, unit tests that rest on none."""

import json
import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import ROOT, Project, copy_project

OPERATION = """
{% macro tell_settings(cases) %}
    {%- for name, value in cases -%}
        {%- set given = given_settings() -%}
        {%- do given.update({name: value}) -%}
        {%- do log('TOLD ' ~ tojson(setting_faults(given)), info=true) -%}
    {%- endfor -%}
{% endmacro %}

{% macro tell_as_of_day() %}
    {%- do log('TOLD "' ~ as_of_day() ~ '"', info=true) -%}
{% endmacro %}
"""
RIGHT: dict[str, list[Any]] = {
    "as_of_date": [None, "", " ", "null", "None", "~", "1970-01-01", "2024-02-29", "2025-12-31"],
    "business_timezone": ["UTC", "Asia/Kolkata", "America/New_York", "Etc/GMT+5"],
    "source_timezone": ["UTC", "Europe/London"],
    "source_timezones": [{}, {"orders": "Europe/London", "feedback": "UTC"}],
    "number_format": ["plain", "1,234.50", "1.234,50"],
    "number_formats": [{}, {"orders": "1.234,50"}],
    "reporting_currency": ["EUR", "GBP"],
    "convert_seed_money": [True, False],
    "limits_are_warnings": [True, False],
    "raw_path": [None, "data", "/data/a folder [x]"],
    "raw_schema": ["raw", "_Raw2"],
    "raw_database": [None, "lake"],
    "raw_identifiers": [{}, {"orders": "web_orders"}],
    "raw_models": [{}, {"orders": "web_orders", "customers": "shop.buyers"}],
    "missing_sources": [[], ["feedback", "web_events"]],
    "identifier_folds": [{}, {"leading_zeros": "the till drops them"}],
    "freshness_warn_days": [1, 30],
    "freshness_error_days": [1, 3650],
    "history_months": [0, 1, 1200],
    "restatement_months": [None, 0, 2],
    "rfm_method": ["bands", "quantile"],
    "rfm_window_months": [None, 1, 6],
    "tier_rule_set": ["live", "spring 2026", "试行"],
    "max_rule_bounds": [1, 9],
    "max_rfm_clusters": [1, 100],
}
WRONG: dict[str, list[tuple[object, str]]] = {
    "as_of_date": [
        ("2026-02-30", "a date such as"),
        ("2025-02-29", "a date such as"),
        ("2026-6-1", "a date such as"),
        ("2026-06-15 00:00:00", "a date such as"),
        ("15.06.2026", "a date such as"),
        (20260615, "a date such as"),
        (True, "a date such as"),
        (["2026-06-15"], "a date such as"),
        ("today", "null for today"),
        ("1969-12-31", "a date such as"),
        ("2999-01-01", "today or earlier"),
    ],
    "business_timezone": [
        ("Asia/Shangai", "did you mean Asia/Shanghai?"),
        ("europe/london", "did you mean Europe/London?"),
        ("+08:00", "the name of a time zone"),
        ("", "the name of a time zone"),
        (None, "is null: it must be the name of a time zone"),
        (8, "the name of a time zone"),
    ],
    "source_timezone": [
        (None, "is null"),
        ("Londn", "the name of a time zone"),
        ([], "the name of a time zone"),
    ],
    "source_timezones": [
        ("UTC", "a mapping such as {orders: Europe/London}"),
        ({"order": "UTC"}, "did you mean orders?"),
        ({"orders": "Mars"}, 'orders has "Mars"'),
        ({"orders": None}, "orders has null"),
    ],
    "number_format": [("german", '"plain" or "1,234.50" or "1.234,50"'), (1, '"plain" or')],
    "number_formats": [(["plain"], "a mapping such as"), ({"orders": "x"}, 'orders has "x"')],
    "reporting_currency": [
        ("cny", "write CNY"),
        (" EUR", "write EUR"),
        ("EURO", "three capital letters"),
        ("€", "three capital letters"),
        ("", "three capital letters"),
        (None, "three capital letters"),
    ],
    "convert_seed_money": [("true", "without quotes"), (1, "true or false"), (None, "true or")],
    "limits_are_warnings": [("yes", "true or false"), (0, "true or false")],
    "raw_path": [(" ", "not blank or null"), (2026, "a text"), (["a"], "a text")],
    "raw_schema": [("a b", "letters"), ("1a", "no digit"), ('r"w', "letters"), (None, "letters")],
    "raw_database": [("a b", "letters"), ("", "or null"), (1, "letters")],
    "raw_identifiers": [
        ("orders", "a mapping such as {orders: web_orders}"),
        ({"order": "o"}, "did you mean orders?"),
        ({"orders": "web orders"}, 'orders has "web orders"'),
    ],
    "raw_models": [
        (["orders"], "a mapping such as {orders: web_orders}"),
        ({"orders": "a.b.c"}, "package.orders of another package"),
        ({"orders": None}, "orders has null"),
        ({"sales": "orders"}, "is no raw table"),
    ],
    "missing_sources": [
        ("feedback", "a list such as [web_events, feedback]"),
        (None, "a list such as"),
        ({"feedback": True}, "a list such as"),
        (["feedbak"], "did you mean feedback?"),
        (["orders"], "is a required raw table"),
        (["feedback", None], "no optional raw table"),
    ],
    "identifier_folds": [
        (["leading_zeros"], "a mapping such as"),
        (None, "a mapping such as"),
        ({"leading_zero": "x"}, "did you mean leading_zeros?"),
        ({"leading_zeros": " "}, "needs a reason"),
        ({"letter_case": True}, "needs a reason"),
    ],
    "freshness_warn_days": [(0, "from 1 to 3650"), ("two", "a whole number")],
    "freshness_error_days": [(None, "a whole number"), ([], "a whole number")],
    "history_months": [
        (-1, "from 0 to 1200"),
        ("24", "without quotes"),
        ("24 ", "without quotes"),
        (True, "a whole number"),
        (1.5, "a whole number"),
        (None, "a whole number"),
        (10**9, "from 0 to 1200"),
    ],
    "restatement_months": [(-1, "from 0"), ("null", "or null"), ([], "a whole number")],
    "rfm_method": [("quantiles", "did you mean quantile?"), (None, '"bands" or "quantile"')],
    "rfm_window_months": [(0, "from 1 to 1200 or null"), ("null", "from 1"), (False, "from 1")],
    "tier_rule_set": [("", "not blank"), ("it's", "without quotes"), (None, "text"), (1, "text")],
    "max_rule_bounds": [(0, "from 1"), ("4", "without quotes"), (101, "to 100")],
    "max_rfm_clusters": [(0, "from 1"), (None, "from 1")],
}
ENVIRONMENT = {
    "STRATA_MARKETING": "no",
    "STRATA_PERFORMANCE": "",
    "STRATA_QUALITY": "False",
    "STRATA_SIMULATION": "0",
    "STRATA_THREADS": "two",
    "STRATA_SCHEMA_PREFIX": "my-",
    "STRATA_DUCKDB_MEMORY": "much",
    "STRATA_PG_PORT": "0",
    "STRATA_SPARK_PORT": "",
    "STRATA_HASH_SALT": " ",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = copy_project(tmp_path_factory.mktemp("settings"))
    (project.root / "macros" / "tell_settings.sql").write_text(OPERATION, encoding="utf-8")
    return project


def told(output: str) -> list[object]:
    return [json.loads(text) for text in re.findall(r"TOLD (.*)", output)]


@pytest.mark.slow
def test_each_setting_is_told_right_from_wrong(project: Project) -> None:
    right = [(name, value, "") for name, values in RIGHT.items() for value in values]
    wrong = [(name, value, mend) for name, cases in WRONG.items() for value, mend in cases]
    cases = [*right, *wrong]
    arguments = json.dumps({"cases": [[name, value] for name, value, _ in cases]})
    found: list[Any] = told(project.dbt("run-operation", "tell_settings", "--args", arguments))
    assert len(found) == len(cases)
    for (name, value, mend), faults in zip(cases, found, strict=True):
        assert isinstance(faults, list)
        if not mend:
            assert faults == [], (name, value)
            continue
        assert len(faults) == 1, (name, value, faults)
        assert faults[0].startswith(f"The var {name} ("), faults
        assert mend in faults[0], (faults, mend)
        assert "\n" not in faults[0]


def test_every_var_is_known_and_every_kind_tried() -> None:
    text = (ROOT / "macros" / "run" / "settings.sql").read_text(encoding="utf-8")
    known = set(re.findall(r"^        '([a-z_]+)': \{", text, flags=re.MULTILINE))
    block = (ROOT / "dbt_project.yml").read_text(encoding="utf-8").partition("\nvars:\n")[2]
    there = set(re.findall(r"^  ([a-z_]+):", block.partition("\nmodels:")[0], flags=re.MULTILINE))
    assert there <= known
    assert known == set(RIGHT) == set(WRONG)


def test_all_faults_are_told_at_once_before_anything_is_made(project: Project) -> None:
    """Those of vars, of misspelt names and of the environment."""
    broken = Project(
        project.root,
        project.work / "broken",
        {"reporting_currency": "cny", "max_rule_bounds": "4", "busines_timezone": "UTC", "zzz": 1},
        {**ENVIRONMENT, "STRATA_AS_OF_DATE": "2999-12-31"},
    )
    output = broken.dbt("build", expect=2)
    lines = {line.strip() for line in output.splitlines()}
    subjects = [f"The environment variable {name}" for name in ENVIRONMENT]
    subjects += ["The var reporting_currency", "The var max_rule_bounds", "The var as_of_date"]
    for subject in subjects:
        assert sum(line.startswith(f"{subject} (") for line in lines) == 1, (subject, output)
    misspelt = 'There is no var "busines_timezone" (did you mean business_timezone?)'
    assert any(line.startswith(misspelt) for line in lines)
    assert any(line.startswith('There is no var "zzz".') for line in lines)
    assert "Traceback" not in output
    assert not broken.database.exists()


@pytest.mark.slow
def test_blank_as_of_date_is_today_in_the_business_timezone(project: Project) -> None:
    zone = "Pacific/Kiritimati"
    blank = Project(
        project.root, project.work / "blank", {"business_timezone": zone}, {"STRATA_AS_OF_DATE": ""}
    )
    before = datetime.now(UTC)
    found = told(blank.dbt("run-operation", "tell_as_of_day"))
    days = {str((it).astimezone(ZoneInfo(zone)).date()) for it in (before, datetime.now(UTC))}
    assert found and found[0] in days


def test_unit_tests_fix_every_setting_that_their_model_reads(demo_build: Project) -> None:
    """So that they hold for any business; a date that is given needs no zone to be today in."""
    manifest = json.loads((demo_build.work / "target" / "manifest.json").read_text("utf-8"))
    loose = []
    for test in manifest["unit_tests"].values():
        overrides = test.get("overrides") or {}
        fixed = set(overrides.get("vars") or {})
        mocked = set(overrides.get("macros") or {})
        if "as_of_date" in fixed:
            mocked.add("as_of_day")
        node = manifest["nodes"][f"model.strata.{test['model']}"]
        texts, seen, queue = [node["raw_code"]], set(), list(node["depends_on"]["macros"])
        while queue:
            macro = manifest["macros"].get(queue.pop())
            if not macro or macro["package_name"] != "strata" or macro["unique_id"] in seen:
                continue
            seen.add(macro["unique_id"])
            if macro["name"] in mocked or macro["path"].endswith("run/settings.sql"):
                continue
            texts.append(macro["macro_sql"])
            queue += macro["depends_on"]["macros"]
        read = {
            name
            for text in texts
            for name in re.findall(
                r"""\b(?:var|setting)\(\s*['"](\w+)['"]""", re.sub(r"(?s)\{#.*?#\}", "", text)
            )
        }
        loose += [(test["model"], test["name"], name) for name in sorted(read - fixed)]
    assert loose == []
