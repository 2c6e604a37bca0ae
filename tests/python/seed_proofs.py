"""The proofs of the seeds, run in process on edited seeds: far faster than a build."""

import csv
import io
import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
from conftest import Project
from dbt_common.clients.agate_helper import from_csv

GATE = "model.strata.int_seeds_proved"
MACROS = (
    "check_seed",
    "condition_fault",
    "decision_table",
    "measures",
    "nodes_of_strata",
    "seed_node",
)
"""The macro that reads a seed before it is loaded, and those that it calls."""
Rows = list[dict[str, str]]


class RefusedError(Exception):
    """What a macro says when it raises a compiler error."""


class ReturnedError(Exception):
    """What a macro returns by ``return``, which ends it."""

    def __init__(self, value: Any):
        super().__init__("returned")
        self.value = value


class Proofs:
    """The seeds of a built project, the models between them and the gate, and their proofs.

    Seeds are edited in a transaction that is rolled back. What dbt does with a seed is done here
    too: the macro check_seed reads it, DuckDB copies it, tables are made anew from their compiled
    SQL (views follow by themselves), and the compiled SQL of each proof that hangs on it is run.

    Parameters
    ----------
    project
        A project that was built with all its data tests.
    folder
        Where the copy of its warehouse goes.
    """

    def __init__(self, project: Project, folder: Path):
        text = (project.work / "target" / "manifest.json").read_text(encoding="utf-8")
        manifest = json.loads(text)
        self.folder = folder
        self.nodes: dict[str, dict[str, Any]] = manifest["nodes"]
        self.parents: dict[str, list[str]] = manifest["parent_map"]
        self.known: dict[str, set[str]] = {}
        self.behind = self.ancestors(GATE)
        self.seeds = {
            it.rsplit(".", 1)[-1]: self.nodes[it] for it in self.nodes if it[:5] == "seed."
        }
        self.proofs = {
            name: node
            for name, node in self.nodes.items()
            if node["resource_type"] == "test"
            and node["depends_on"]["nodes"]
            and self.behind.issuperset(node["depends_on"]["nodes"])
        }
        self.texts = {
            name: (project.root / seed["original_file_path"]).read_text(encoding="utf-8")
            for name, seed in self.seeds.items()
        }
        copy = folder / project.database.name
        shutil.copy(project.database, copy)
        self.connection = duckdb.connect(str(copy), config={"threads": 1})
        self.macros = self.called(manifest)
        self.check_seed = self.macros["check_seed"]

    def ancestors(self, node: str) -> set[str]:
        """Return the nodes that a node is made from."""
        if node not in self.known:
            parents = self.parents.get(node, ())
            found = set(parents).union(*(self.ancestors(it) for it in parents))
            self.known[node] = found
        return self.known[node]

    def called(self, manifest: dict[str, Any]) -> dict[str, Callable[..., Any]]:
        """Return macros as functions; ``model`` is what the last ``refused`` was asked of."""
        environment = jinja2.Environment(extensions=["jinja2.ext.do"])
        self.context: dict[str, Any] = {
            "execute": True,
            "this": None,
            "graph": {"nodes": self.nodes},
            "load_relation": lambda _: None,  # no table of an earlier run
            "modules": SimpleNamespace(re=re),
            "exceptions": SimpleNamespace(raise_compiler_error=raiser(RefusedError)),
            "return": raiser(ReturnedError),
        }

        def function(name: str) -> Callable[..., Any]:
            text = manifest["macros"][f"macro.strata.{name}"]["macro_sql"]
            template = environment.from_string(text)

            def call(*arguments: Any) -> Any:
                try:
                    return getattr(template.make_module(self.context), name)(*arguments)
                except ReturnedError as returned:
                    return returned.value

            return call

        macros = {name: function(name) for name in MACROS}
        self.context |= {**macros, "strata": SimpleNamespace(**macros)}
        return macros

    def rows(self, seed: str) -> tuple[list[str], Rows]:
        """Return the columns and the rows of a seed."""
        reader = csv.DictReader(io.StringIO(self.texts[seed]))
        rows = list(reader)
        return list(reader.fieldnames or ()), rows

    def found(self, texts: Mapping[str, str]) -> list[str]:
        """Return what stops a build with these texts of seeds; nothing if it goes on."""
        told = [line for seed, text in texts.items() if (line := self.refused(seed, text))]
        if told:
            return told
        self.connection.begin()
        try:
            return list(self.told(texts))
        finally:
            self.connection.rollback()

    def first_found(self, seed: str, text: str) -> str | None:
        """Return the first thing that stops a build with this text of a seed."""
        if line := self.refused(seed, text):
            return line
        self.connection.begin()
        try:
            return next(self.told([seed]), None)
        finally:
            self.connection.rollback()

    def told(self, seeds: Iterable[str]) -> Iterator[str]:
        """Load seeds and yield what their proofs find, those first that need no table."""
        edited = {self.seeds[seed]["unique_id"] for seed in seeds}
        try:
            self.copy(seeds)
            hanging, tables = self.hanging_on(edited), self.made_from(edited)
            later = [it for it in hanging if self.ancestors(it) & set(tables)]
            for proof in hanging:
                if proof not in later:
                    yield from self.failures(proof)
            self.make(tables)
            for proof in later:
                yield from self.failures(proof)
        except duckdb.Error as error:
            yield f"the engine: {error}"

    @contextmanager
    def loaded(self, texts: Mapping[str, str]) -> Iterator[duckdb.DuckDBPyConnection]:
        """Load seeds and make what is made from them, without proofs, until the end."""
        told = [self.refused(seed, text) for seed, text in texts.items()]
        assert told == [None] * len(told)
        self.connection.begin()
        try:
            self.copy(texts)
            self.make(self.made_from({self.seeds[seed]["unique_id"] for seed in texts}))
            yield self.connection
        finally:
            self.connection.rollback()

    def copy(self, seeds: Iterable[str]) -> None:
        """Load seeds from the files of their texts."""
        for seed in seeds:
            relation = self.seeds[seed]["relation_name"]
            self.connection.execute(f"delete from {relation}")
            self.connection.execute(
                f"copy {relation} from '{self.folder / seed}.csv' (format csv, header true)"
            )

    def make(self, tables: Iterable[str]) -> None:
        """Make tables anew."""
        for name in tables:
            node = self.nodes[name]
            self.connection.execute(
                f"create or replace table {node['relation_name']} as {node['compiled_code']}"
            )

    def refused(self, seed: str, text: str) -> str | None:
        """Return what check_seed or the reader says of a text."""
        path = self.folder / f"{seed}.csv"
        path.write_text(text, encoding="utf-8")
        node = self.seeds[seed]
        self.context["model"] = node
        try:
            self.check_seed(from_csv(path, list(node["config"]["column_types"])))
        except (RefusedError, ValueError) as error:
            return str(error)
        return None

    def made_from(self, edited: set[str]) -> list[str]:
        """Return the tables before the gate that are made from seeds, in order."""
        tables = [
            it
            for it in self.behind
            if it.startswith("model.")
            and self.nodes[it]["config"]["materialized"] == "table"
            and edited & self.ancestors(it)
        ]
        return sorted(tables, key=lambda it: len(self.ancestors(it)))

    def hanging_on(self, edited: set[str]) -> list[str]:
        """Return the proofs that depend on seeds."""
        return [name for name in self.proofs if edited & self.ancestors(name)]

    def failures(self, proof: str) -> list[str]:
        """Run a proof and return a line for each row that it finds, as the end of a run does."""
        node = self.proofs[proof]
        sql = node["compiled_code"]
        if where := node["config"].get("where"):
            assert where in sql
        found = self.connection.execute(sql)
        if not node["config"]["meta"].get("reports_rules"):
            return [f"{node['name']}: {row}" for row in found.fetchall()]
        names = [column[0] for column in found.description or ()]
        records = (dict(zip(names, row, strict=True)) for row in found.fetchall())
        return [f"seeds: {it['seed_name']}, {it['rule_id']}: {it['defect']}" for it in records]


def raiser(error: type[Exception]) -> Callable[[Any], None]:
    """Return a function that raises an error of what it is given."""

    def throw(value: Any) -> None:
        raise error(value)

    return throw


def written(columns: list[str], rows: Rows) -> str:
    """Return the text of a seed."""
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()
