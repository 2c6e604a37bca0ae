"""A few rules of the project that no linter knows."""

import re
from pathlib import Path

import pytest
from conftest import ROOT, read_seed

MODELS = sorted((ROOT / "models").rglob("*.sql"))
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


def test_only_staging_reads_sources() -> None:
    for path in MODELS:
        text = path.read_text(encoding="utf-8")
        is_staging = path.is_relative_to(ROOT / "models" / "staging")
        assert ("strata.raw(" in text) == is_staging, name(path)
        assert "source(" not in text, name(path)
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
        conditions = list((rows or [{}])[0])
        conditions += [row["measure"] for row in rows if "measure" in row]
        assert [it for it in conditions if SENSITIVE.search(it)] == [], path.stem
