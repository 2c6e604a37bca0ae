"""What the guard of portability reads: SQL without the macros that engines spell for themselves.

A copy of the project is compiled in which every dispatched macro that takes arguments gives
``dispatched__<name>(...)``. What is left is the SQL that all engines get alike; sqlglot parses it
in each dialect, and the trees must be the same.
"""

import json
import logging
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from multiprocessing import get_context
from typing import Any, Final

import sqlglot
from conftest import Project
from sqlglot import Dialect, ErrorLevel, TokenType, exp
from sqlglot.errors import SqlglotError

DIALECTS: Final = (
    "duckdb",
    "postgres",
    "spark",
    "snowflake",
    "bigquery",
    "databricks",
    "redshift",
    "trino",
)
BASE: Final = DIALECTS[0]
"""The other trees are compared with that of this dialect."""

BUILT_ON: Final = DIALECTS[:3]
"""Engines on which the tests build the project, so that they say themselves what they lack."""

MARK: Final = "dispatched__"
DBT_MACROS: Final = (
    "dateadd",
    "datediff",
    "date_trunc",
    "last_day",
    "listagg",
    "split_part",
    "hash",
    "concat",
    "position",
    "safe_cast",
)
"""Macros of dbt that each adapter brings itself."""

NOT_SQL: Final = (
    *("attach_raw_tables", "analyze_table", "forget_erased_in", "record_start", "record_end"),
    *("reads_the_demo", "replaced_by", "stored_as", "history_strategy", "kept_rows"),
    "stored_types",
)
"""Macros that dispatch, but are statements of their own or settings of a model."""

MARKER: Final = """
{% macro dispatched(name, arguments) -%}
    {%- set shown = [] -%}
    {%- for argument in arguments if not modules.re.match('order by', argument | string) -%}
        {%- set is_type = modules.re.match(
            '(text|integer|bigint|date|timestamp|boolean|decimal|double)( precision|[(].*)?$',
            argument | string) -%}
        {%- set is_pattern = name in ('matches', 'without', 'replaced') and not loop.first -%}
        {%- do shown.append(
            'cast(null as ' ~ argument ~ ')' if is_type
            else "'" ~ argument | replace("''", '') ~ "'" if is_pattern else argument) -%}
    {%- endfor -%}
    {{ return('dispatched__' ~ name ~ '(' ~ shown | join(', ') ~ ')') }}
{%- endmacro %}
"""
OF_DBT: Final = (
    "{% macro dbt_NAME() -%} {{ return(dispatched('NAME', varargs)) }} {%- endmacro %}\n"
)

BEFORE_PARENTHESIS: Final = frozenset(
    [
        *("all", "and", "as", "between", "by", "case", "decimal", "distinct", "else", "exists"),
        *("from", "group", "having", "in", "join", "not", "on", "or", "over", "select", "then"),
        *("union", "values", "when", "where"),
    ]
)
"""Words that are no function."""

TAMED: Final = {
    "quote in a text": (
        r"(?<=\w)''(?=\w)",
        dict.fromkeys(("bigquery", "spark", "databricks"), r"\\'"),
    ),
    "union": (r"(?i)\bunion\b(?!\s+(all|distinct)\b)", {"bigquery": "union distinct"}),
    "bit_or": (r"(?i)\bbit_or\(", dict.fromkeys(DIALECTS, "an_aggregate(")),
}
"""What one dialect does not parse and a macro must spell there: what it is to read instead."""

ONLY_WITH_RANGE: Final = "'NULLS LAST' translation not supported in window function"
"""BigQuery refuses it in frames of ranges; all frames here are of rows."""

BUILT_IN_TESTS: Final = ("not_null", "unique", "accepted_values", "relationships")

OTHERWISE_WRITTEN: Final = (
    "typed",
    "safe",
    "nulls_first",
    "coalesce",
    "requires_string",
    "ignore_nulls",
    "binary",
    "encoding",
    "zero_start",
)
"""How a dialect treats errors, types and nulls: where it matters, a construct is listed by name."""

Shape = tuple[Any, ...]


@dataclass
class Examined:
    """What was found in a statement.

    Attributes
    ----------
    problems : list[str]
        Why it is not portable, one line each.
    functions : set[str]
        Functions as they are written, without the marks.
    dispatched : set[str]
        Macros that engines spell for themselves.
    constructs : set[str]
        Constructs that engines do not all have, or not alike: union, interval, ...
    unordered_nulls : set[str]
        Keys of an order that does not say where nulls go.
    """

    problems: list[str] = field(default_factory=list)
    functions: set[str] = field(default_factory=set)
    dispatched: set[str] = field(default_factory=set)
    constructs: set[str] = field(default_factory=set)
    unordered_nulls: set[str] = field(default_factory=set)


def compile_without_dispatch(project: Project) -> dict[str, str]:
    """Compile a copy of the project, dispatched macros being marks.

    Parameters
    ----------
    project : Project
        Copy of the project; its files are edited.

    Returns
    -------
    dict[str, str]
        The SQL of each model and of each data test that is the project's own, by its unique id.
    """
    of_dbt = re.compile(rf"\bdbt\.({'|'.join(DBT_MACROS)})\(")
    files = [
        path
        for folder in ("macros", "models", "tests")
        for path in (project.root / folder).rglob("*.sql")
    ]
    for path in files:
        text = path.read_text(encoding="utf-8")
        for macro, arguments in re.findall(
            r"adapter\.dispatch\('(\w+)', 'strata'\)\(([^()]*)\)", text
        ):
            if macro in NOT_SQL:
                continue
            call = f"dispatched('{macro}', [{arguments}])" if arguments else f"default__{macro}()"
            text = text.replace(f"adapter.dispatch('{macro}', 'strata')({arguments})", call)
        left = re.findall(r"adapter\.dispatch\((.*)", text)
        assert all(it.startswith(tuple(f"'{name}'" for name in NOT_SQL)) for it in left), path.name
        path.write_text(of_dbt.sub(r"dbt_\1(", text), encoding="utf-8")
    marks = MARKER + "".join(OF_DBT.replace("NAME", name) for name in DBT_MACROS)
    (project.root / "macros" / "marks.sql").write_text(marks, encoding="utf-8")
    project.dbt("compile", "--exclude", "test_type:unit")
    manifest = json.loads((project.work / "target" / "manifest.json").read_text(encoding="utf-8"))
    relation = re.compile(r'"\w+"\."(\w+)"\."(\w+)"')
    return {
        unique_id: relation.sub(r"\1.\2", node["compiled_code"])
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "test")
        and (node.get("test_metadata") or {}).get("name") not in BUILT_IN_TESTS
    }


def parse(sql: str, dialect: str) -> exp.Expr:
    """Parse a statement; whatever the dialect does not read raises an error."""
    tree = sqlglot.parse_one(sql, read=dialect, error_level=ErrorLevel.RAISE)
    if tree.find(exp.Command):
        raise SqlglotError("not parsed but taken for a command")
    return tree


def shape(tree: exp.Expr) -> Iterator[Shape]:
    """Yield the nodes of a tree, without what dialects only write otherwise.

    Left out are the names of types (macros give them), how a division or a cast treats errors, and
    where nulls go in an order (that is looked at by itself).
    """
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, exp.DataType):
            yield ("type",)
        elif isinstance(node, exp.Expr):
            children = {
                key: value
                for key, value in node.args.items()
                if key not in OTHERWISE_WRITTEN and value not in (None, False, [])
            }
            if children.pop(
                "negate", False
            ):  # a `not` inside, where other dialects have it outside
                yield ("Not",)
            yield ("Cast" if isinstance(node, exp.TryCast) else type(node).__name__,)
            for key in sorted(children, reverse=True):
                value = children[key]
                stack.extend(reversed(value) if isinstance(value, list) else [value])
        else:
            yield (str(node).lower() if isinstance(node, str) else node,)


def read_in_all(sql: str, found: Examined) -> Iterator[tuple[str, exp.Expr]]:
    """Yield each dialect that can read a statement, and its tree; note what had to be tamed."""
    for dialect in DIALECTS:
        text = sql
        for name, (pattern, spellings) in TAMED.items():
            if dialect in spellings:
                text, count = re.subn(pattern, spellings[dialect], text)
                found.constructs |= {name} if count else set()
        try:
            yield dialect, parse(text, dialect)
        except SqlglotError as error:
            found.problems.append(f"{dialect}: {' '.join(str(error).split())[:200]}")


def examine(sql: str) -> Examined:
    """Look a statement over in all dialects."""
    found = Examined()
    found.functions, found.dispatched = functions_of(sql)
    trees = dict(read_in_all(sql, found))
    if len(trees) < len(DIALECTS):
        return found
    base = trees[BASE]
    found.problems += [*forbidden(base), *reserved_words(base)]
    found.unordered_nulls = unordered_nulls(trees["postgres"], trees["spark"])
    if base.find(exp.Interval):
        found.constructs.add("interval")
    if base.find(exp.NullSafeEQ, exp.NullSafeNEQ):
        found.constructs.add("is distinct from")
    if base.find(exp.Greatest, exp.Least):
        found.constructs.add("greatest, least")
    expected = list(shape(base))
    for dialect, tree in trees.items():
        if dialect != BASE and (difference := first_difference(expected, list(shape(tree)))):
            found.problems.append(f"{dialect} reads it otherwise: {difference}")
        if dialect in BUILT_ON:
            continue
        try:
            tree.sql(dialect, unsupported_level=ErrorLevel.RAISE, copy=False)
        except SqlglotError as error:
            if ONLY_WITH_RANGE not in str(error):
                found.problems.append(f"{dialect} has no {' '.join(str(error).split())[:200]}")
    return found


def examine_all(statements: Sequence[str], processes: int = 2) -> list[Examined]:
    """Look statements over, in so many processes."""
    shares = [statements[number::processes] for number in range(processes)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        done = [iter(share) for share in pool.map(examine_share, shares)]
    return [next(done[number % processes]) for number in range(len(statements))]


def examine_share(statements: Sequence[str]) -> list[Examined]:
    """Look statements over; nested expressions need a deeper stack than Python gives."""
    results: list[Examined] = []
    limit, size = sys.getrecursionlimit(), threading.stack_size(512 * 1024 * 1024)
    sys.setrecursionlimit(100_000)
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    try:
        thread = threading.Thread(target=lambda: results.extend(map(examine, statements)))
        thread.start()
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(size)
    assert len(results) == len(statements)
    return results


def functions_of(sql: str) -> tuple[set[str], set[str]]:
    """Return the names that stand before a parenthesis, and the marks among them."""
    tokens = sqlglot.tokenize(sql, read=BASE)
    names = {
        token.text.lower()
        for token, following in pairwise(tokens)
        if following.token_type == TokenType.L_PAREN and re.fullmatch(r"[A-Za-z_]\w*", token.text)
    }
    names -= BEFORE_PARENTHESIS
    marks = {name for name in names if name.startswith(MARK)}
    return names - marks, {name.removeprefix(MARK) for name in marks}


def forbidden(tree: exp.Expr) -> Iterator[str]:
    """Yield what `portability.md` says to avoid."""
    for node in tree.walk():
        match node:
            case exp.Qualify():
                yield "qualify"
            case exp.Distinct() if node.args.get("on"):
                yield "distinct on"
            case exp.Count() if isinstance(node.this, exp.Distinct) and node.this.expressions[1:]:
                yield "count distinct over several columns"
            case exp.Group() if node.args.get("all") or node.args.get("all_"):
                yield "group by all"
            case exp.IgnoreNulls() | exp.RespectNulls() | exp.Filter():
                yield "ignore nulls, or filter (where)"
            case exp.Star() if any(node.args.values()):
                yield "a star with except, replace or rename"
            case exp.With() if node.args.get("recursive"):
                yield "with recursive"
            case exp.Join() if node.args.get("using") or node.method or node.kind == "ASOF":
                yield f"a join with using, or {node.method or node.kind or 'so'}"
            case exp.Identifier() if node.args.get("quoted"):
                yield f'the quoted identifier "{node.name}"'
            case exp.Window() if is_without_frame(node):
                yield f"an aggregate over an order without a frame: {node.sql()[:80]}"


def is_without_frame(window: exp.Window) -> bool:
    """Tell whether a sum or the like runs over an order, but does not say over which rows."""
    return (
        isinstance(window.this, exp.AggFunc)
        and not isinstance(window.this, exp.Lag | exp.Lead | exp.FirstValue | exp.LastValue)
        and not isinstance(window.this, exp.RowNumber | exp.Rank)
        and window.args.get("order") is not None
        and window.args.get("spec") is None
    )


def reserved_words(tree: exp.Expr) -> Iterator[str]:
    """Yield names that a dialect reserves; those of schemas are settings."""
    names = {node.name.lower() for node in tree.find_all(exp.Identifier) if node.arg_key != "db"}
    for dialect in DIALECTS:
        reserved = Dialect.get_or_raise(dialect).generator_class.RESERVED_KEYWORDS
        for name in sorted(names & {word.lower() for word in reserved}):
            yield f"{dialect} reserves the name {name}"


def unordered_nulls(large: exp.Expr, small: exp.Expr) -> set[str]:
    """Return the keys of an order that differs in two dialects that order nulls differently."""
    keys = [list(tree.find_all(exp.Ordered)) for tree in (large, small)]
    return {
        key.this.sql()
        for key, other in zip(*keys, strict=True)
        if bool(key.args.get("nulls_first")) != bool(other.args.get("nulls_first"))
    }


def first_difference(expected: Sequence[Shape], shown: Sequence[Shape]) -> str:
    """Return where two trees part, or nothing."""
    if expected == shown:
        return ""
    at = next(
        (i for i, pair in enumerate(zip(expected, shown, strict=False)) if pair[0] != pair[1]),
        min(len(expected), len(shown)),
    )
    texts = [
        " ".join(str(it[0]) for it in side[max(at - 6, 0) : at + 4]) for side in (expected, shown)
    ]
    return f"{texts[0]} | {texts[1]}"
