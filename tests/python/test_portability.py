"""The SQL of the project is that of all engines; what is not, is in macros that dispatch."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from conftest import REPORTS, ROOT, copy_project
from sql_guard import (
    BUILT_ON,
    DIALECTS,
    Examined,
    compile_without_dispatch,
    examine_all,
    examine_share,
)

pytestmark = pytest.mark.slow

ELSEWHERE: Final = DIALECTS[len(BUILT_ON) :]
"""Engines that the tests do not build on, from which the project is only macros away."""

FUNCTIONS: Final = frozenset(
    [
        *("abs", "cast", "ceil", "chr", "coalesce", "count", "exp", "extract", "floor", "lag"),
        *("lead", "length", "ln", "lower", "max", "min", "mod", "nullif", "power", "rank"),
        *("replace", "row_number", "sqrt", "substring", "sum", "translate", "trim", "upper"),
    ]
)
"""What a model may call: these are there on all eight engines, and mean the same."""

NOT_YET: Final = {
    "bit_or": {"snowflake": "bitor_agg", "trino": "bitwise_or_agg"},
    "percentile_cont": {"bigquery": "only over a window", "trino": "only approx_percentile"},
    "sinh": {"redshift": "by exp"},
    "greatest, least": dict.fromkeys(("snowflake", "bigquery", "trino"), "null if one is null"),
    "union": {"bigquery": "union distinct, which Redshift refuses"},
    "quote in a text": dict.fromkeys(("bigquery", "databricks"), "\\' for ''"),
    "interval": {"bigquery": "the number without quotes"},
    "is distinct from": {"redshift": "by comparing the nulls"},
}
"""Functions and constructs that models use as they are, and engines that lack them or differ."""

DISPATCHED: Final = {
    "try_cast": dict.fromkeys(ELSEWHERE, "no default: a cast by pattern"),
    "matches": dict.fromkeys(ELSEWHERE, "regexp_like or regexp_contains"),
    "without": dict.fromkeys(ELSEWHERE, "regexp_replace of all, without the flag g"),
    "text_of": {},
    "replaced": dict.fromkeys(ELSEWHERE, "regexp_replace of all, without the flag g"),
    "trimmed": dict.fromkeys(ELSEWHERE, "trim of the listed characters"),
    "is_usual_time": {},
    "seconds_later": dict.fromkeys(ELSEWHERE, "dateadd"),
    "salted_hash": dict.fromkeys(ELSEWHERE, "sha256 in hexadecimal"),
    "digits_only": dict.fromkeys(ELSEWHERE, "regexp_replace of all, without the flag g"),
    "bit_count": dict.fromkeys(("snowflake", "redshift", "trino"), "no bit_count(integer)"),
    "days_between": {},
    "list_of": {},
    "row_hash": {it: "a hash of 64 bits of a row" for it in ELSEWHERE if it != "snowflake"},
}
"""Macros that dispatch, and the engines on which the default is not what the engine has."""

OF_ADAPTERS: Final = frozenset({"dateadd", "datediff", "position", "split_part"})
"""Macros of dbt that dispatch: each adapter has its own."""

NEVER_NULL: Final = frozenset(
    [
        *("band_id", "bound", "class_code", "cluster_id", "customer_id", "cut", "decision_table"),
        *("evaluation_date", "is_between"),
        *("further_orders", "further_revenue", "is_excluded", "known_date", "market"),
        *("net_revenue_12m", "next_tier_code", "next_tier_rank", "override_id", "percentile"),
        *("period_from", "place", "rank", "reason_order", "rule_id", "rule_set", "sale_date"),
        *("record_id", "scope_id", "sort_order", "target_cell_id", "tier_rank"),
        *("unified_customer_id", "valid_from"),
    ]
)
"""Keys of an order that may leave out where nulls go, for there are none."""

ENGINES: Final = re.compile(
    r"\b(duckdb|postgres(ql)?|spark|snowflake|bigquery|databricks|redshift|trino)\b"
    r"|(duckdb|postgres|spark|snowflake|bigquery|databricks|redshift|trino)__"
    r"|target\.type|adapter\.type\(",
    re.IGNORECASE,
)
ENGINE_MACRO: Final = re.compile(
    r"{%-? macro (duckdb|postgres|spark|snowflake|bigquery|databricks|redshift|trino)__.*?endmacro",
    re.DOTALL,
)
OWN_MACRO: Final = re.compile(r"(duckdb|postgres|spark)__\w+")
COMMENT: Final = re.compile(r"{#.*?#}", re.DOTALL)
TYPES: Final = re.compile(
    r"\bas (text|varchar|string|char|float|real|double|double precision|numeric)\b", re.IGNORECASE
)
PROSE: Final = ("description",)

SQL_FILES: Final = sorted(
    path for folder in ("models", "tests", "macros") for path in (ROOT / folder).rglob("*.sql")
)
YAML_FILES: Final = sorted(
    path for folder in ("models", "seeds", "macros") for path in (ROOT / folder).rglob("*.yml")
)


@pytest.fixture(scope="module")
def examined(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Examined]:
    """Return what was found in each model and each data test of the project, by its name."""
    sql = compile_without_dispatch(copy_project(tmp_path_factory.mktemp("portable")))
    names = [unique_id.split(".")[2] for unique_id in sql]
    return dict(zip(names, examine_all(list(sql.values())), strict=True))


def users(examined: dict[str, Examined]) -> dict[str, list[str]]:
    """Return who uses each function, construct and dispatched macro."""
    found: dict[str, list[str]] = {}
    for name, it in examined.items():
        for used in it.functions | it.constructs | it.dispatched:
            found.setdefault(used, []).append(name)
    return found


def test_the_guard_reads_the_whole_project(examined: dict[str, Examined]) -> None:
    models = {path.stem for path in (ROOT / "models").rglob("*.sql")}
    singular = {path.stem for path in (ROOT / "tests" / "singular").rglob("*.sql")}
    assert models | singular <= set(examined)


def test_all_dialects_read_the_same_in_every_statement(examined: dict[str, Examined]) -> None:
    problems = {name: it.problems for name, it in examined.items() if it.problems}
    assert problems == {}


def test_models_call_only_functions_that_all_engines_have(examined: dict[str, Examined]) -> None:
    known = FUNCTIONS | {word for name in NOT_YET for word in name.split(", ")}
    unknown = {name: sorted(it.functions - known) for name, it in examined.items()}
    assert {name: functions for name, functions in unknown.items() if functions} == {}


def test_what_is_listed_is_used(examined: dict[str, Examined]) -> None:
    """A list that nobody clears would let back in what was mended."""
    used = users(examined)
    assert [name for name in [*NOT_YET, *DISPATCHED, *FUNCTIONS] if name not in used] == []


def test_it_is_known_where_a_macro_needs_an_implementation(examined: dict[str, Examined]) -> None:
    called = {macro for it in examined.values() for macro in it.dispatched}
    assert called - OF_ADAPTERS == set(DISPATCHED)


def test_orders_say_where_nulls_go(examined: dict[str, Examined]) -> None:
    unsaid = {
        f"{name}: {key}"
        for name, it in examined.items()
        for key in it.unordered_nulls
        if re.fullmatch(r"[\w.]+", key)
        and key.split(".")[-1] not in NEVER_NULL
        and not key.endswith("_step")
    }
    assert unsaid == set()


def test_the_table_of_what_is_spelled_otherwise(examined: dict[str, Examined]) -> None:
    """One line for each macro or function: how many use it, and which engines need their own."""
    used = users(examined)
    counts = Counter({name: len(found) for name, found in used.items()})
    lines = [f"{len(examined)} models and data tests parse to the same tree in {len(DIALECTS)}: "]
    lines[0] += ", ".join(DIALECTS)
    for title, listed in (
        ("in macros that dispatch", DISPATCHED),
        ("as they are, so a macro is needed first", NOT_YET),
    ):
        lines += ["", f"{title}; the engines that need their own:"]
        for name, needs in listed.items():
            where = ", ".join(needs) or "none"
            by = f"{counts[name]} use it" if counts[name] > 1 else used[name][0]
            lines.append(f"  {name:16} {where:50} {by}")
            reasons = sorted(set(needs.values()))
            lines[-1] += f": {'; '.join(reasons)}" if reasons else ""
    REPORTS["portability"] = lines
    assert all(set(needs) <= set(ELSEWHERE) for needs in (*DISPATCHED.values(), *NOT_YET.values()))


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("select a from t qualify row_number() over (order by a) = 1", "qualify"),
        ("select distinct on (a) a, b from t", "distinct on"),
        ("select a, count(*) from t group by all", "group by all"),
        ("select count(distinct a, b) from t", "count distinct"),
        ("select * exclude (a) from t", "star"),
        ("select t.a from t inner join u using (a)", "join"),
        ("select lag(a ignore nulls) over (order by a) from t", "ignore nulls"),
        ('select "A" from t', "quoted"),
        ("with recursive r as (select 1 as a union all select a from r) select * from r", "recurs"),
        ("select sum(a) over (order by b) from t", "frame"),
        ("select sum(a) filter (where b) from t", "filter"),
        ("select a from t asof join u on t.a >= u.a", ""),
        ("select log(a) from t", "reads it otherwise"),
        ("select a from t where b = 'it''s \\' or c", ""),
        ("select a as raw from t", "reserves"),
        ("call refresh()", ""),
    ],
)
def test_the_guard_sees(sql: str, problem: str) -> None:
    (found,) = examine_share([sql])
    assert [it for it in found.problems if problem in it], found


@pytest.mark.parametrize("call", ["median(a)", "nvl(a, b)", "to_char(a)", "max_by(a, b)", "if(a)"])
def test_the_guard_sees_a_function_that_is_not_listed(call: str) -> None:
    (found,) = examine_share([f"select {call} from t"])
    assert found.functions - FUNCTIONS


def test_the_guard_sees_an_order_without_nulls() -> None:
    (found,) = examine_share(["select lag(a) over (order by b) from t"])
    assert found.unordered_nulls == {"b"}


def name(path: Path) -> str:
    """Return the path of a file in the repository."""
    return str(path.relative_to(ROOT))


def engine_names(text: str) -> list[str]:
    """Return the engines that are named outside of the macros of engines."""
    return [found.group() for found in ENGINES.finditer(ENGINE_MACRO.sub("", text))]


def test_no_model_no_test_and_no_common_macro_names_an_engine() -> None:
    assert len(SQL_FILES) > 200
    texts = {
        name(path): path.read_text(encoding="utf-8")
        for path in SQL_FILES
        # it lists the targets that one may set
        if path.name != "settings.sql"
    }
    texts = {
        file: COMMENT.sub("", text) if file.startswith("macros/") else text
        for file, text in texts.items()
    }
    assert {file: found for file, text in texts.items() if (found := engine_names(text))} == {}


def test_the_guard_sees_a_named_engine() -> None:
    assert engine_names("{% if target.type == 'duckdb' %}") == ["target.type", "duckdb"]
    assert engine_names("select {{ postgres__thing() }}") == ["postgres__"]
    assert engine_names("{% macro spark__thing() -%} spark {%- endmacro %}") == []
    assert engine_names("{% macro thing() -%} spark {%- endmacro %}") == ["spark"]


def settings(node: Any) -> Iterator[str]:
    """Yield the texts of a YAML file that are not prose."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield str(key)
            yield from () if key in PROSE else settings(value)
    elif isinstance(node, list):
        for value in node:
            yield from settings(value)
    else:
        yield str(node)


def test_no_yaml_names_an_engine_but_in_prose() -> None:
    """The macros of an engine are described by their names."""
    assert len(YAML_FILES) > 100
    found = {
        name(path): [text for text in settings(yaml.safe_load(path.read_text("utf-8"))) if text]
        for path in YAML_FILES
    }
    named = {
        file: [it for it in texts if engine_names(it) and not OWN_MACRO.fullmatch(it)]
        for file, texts in found.items()
    }
    assert {file: texts for file, texts in named.items() if texts} == {}


def test_types_that_engines_name_otherwise_come_from_macros() -> None:
    """Texts and doubles, that is: `dbt.type_string()` and `type_double()`."""
    found = {
        name(path): TYPES.findall(COMMENT.sub("", ENGINE_MACRO.sub("", path.read_text("utf-8"))))
        for path in SQL_FILES
    }
    assert {file: types for file, types in found.items() if types} == {}


def test_an_engine_has_a_macro_only_of_what_dispatches() -> None:
    """`spark__x` is there only if `x` dispatches, here or in dbt, or if a macro calls it."""
    text = "\n".join(path.read_text("utf-8") for path in SQL_FILES if "macros" in path.parts)
    dispatched = set(re.findall(r"adapter\.dispatch\('(\w+)', 'strata'\)", text))
    own = set(re.findall(r"macro (duckdb|postgres|spark)__(\w+)", text))
    called = {it for it in own if len(re.findall(rf"{it[0]}__{it[1]}\(", text)) > 1}
    of_dbt = {macro for _, macro in own} & {"cast", "load_csv_rows", "create_csv_table"}
    assert own
    assert {macro for _, macro in own - called} <= dispatched | of_dbt
