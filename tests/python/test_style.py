"""A few rules of the project that no linter knows."""

import re
from pathlib import Path

import pytest
from conftest import ROOT, read_seed

MODELS = sorted((ROOT / "models").rglob("*.sql"))
MACROS = sorted((ROOT / "macros").rglob("*.sql"))
ENGINES = re.compile(r"duckdb|postgres|spark", re.IGNORECASE)
ENGINE_FOLDERS = ("portable", "run")
IDENTIFIERS = re.compile(r"\b(e_?mail|phone|full_name|birth_date)\b")
ALLOWED = re.compile(
    r"{{\s*salted_hash\('lower\(trim\((\w+\.)?email\)\)'\)\s*}}"
    r"|extract\(year from (\w+\.)?birth_date\)"
)
CHANNEL_ONLY = ("channel_preferences",)
SENSITIVE = re.compile(r"gender|income|birth|(^|_)age(_|$)|occupation", re.IGNORECASE)


def name(path: Path) -> str:
    """Return the path of a file in the repository."""
    return str(path.relative_to(ROOT))


def engines_named(path: Path) -> list[str]:
    """Return the engines that a file names."""
    return ENGINES.findall(path.read_text(encoding="utf-8"))


def test_no_model_and_no_other_macro_names_an_engine() -> None:
    assert len(MODELS) > 60
    files = MODELS + [path for path in MACROS if path.parent.name not in ENGINE_FOLDERS]
    assert {name(path): found for path in files if (found := engines_named(path))} == {}


def test_an_engine_is_named_only_by_a_dispatched_macro() -> None:
    """`duckdb__x` is there only if `x` dispatches, so that another engine has its own."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in MACROS)
    dispatched = set(re.findall(r"adapter\.dispatch\('(\w+)', 'strata'\)", text))
    own = re.findall(r"macro (duckdb|postgres|spark)__(\w+)", text)
    calls = {macro for engine, macro in own if re.search(rf"{engine}__{macro}\(", text)}
    assert own
    assert {macro for _, macro in own} <= dispatched | calls
    assert all(f"macro default__{macro}" in text for macro in dispatched)


def test_only_staging_reads_sources() -> None:
    for path in MODELS:
        text = path.read_text(encoding="utf-8")
        is_staging = path.is_relative_to(ROOT / "models" / "staging")
        assert ("source(" in text) == is_staging, name(path)
        assert not (is_staging and "ref(" in text), name(path)


def test_models_end_with_their_last_step() -> None:
    last = re.compile(r"\nselect \* from \w+\n(where [^\n]+\n)?({%- endif %}\n)?$")
    assert [name(path) for path in MODELS if not last.search(path.read_text("utf-8"))] == []


@pytest.mark.parametrize("path", sorted((ROOT / "models/marts").rglob("*.sql")), ids=name)
def test_marts_select_no_direct_identifier(path: Path) -> None:
    """The hash of the e-mail and the year of birth are all that they take."""
    assert IDENTIFIERS.findall(ALLOWED.sub("", path.read_text(encoding="utf-8"))) == []


def test_sensitive_attributes_enter_no_tier_rule_and_no_score() -> None:
    """They may choose a channel, and nothing else."""
    seeds = [path for path in (ROOT / "seeds").rglob("*.csv") if "attribute" not in path.stem]
    decisive = [path for path in seeds if path.stem not in CHANNEL_ONLY]
    assert len(decisive) > 10
    for path in decisive:
        rows = read_seed(path.stem)
        conditions = [key.removeprefix("min_").removeprefix("max_") for key in (rows or [{}])[0]]
        conditions += [row["measure"] for row in rows if "measure" in row]
        assert [it for it in conditions if SENSITIVE.search(it)] == [], path.stem
