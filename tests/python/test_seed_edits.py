"""Each edit of a cell of a seed stops the build, or is declared: another meaning, or none."""

import random
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from conftest import Project, cte_of
from reference import measures_of
from seed_proofs import Proofs, Rows, written

DRAWN = 60
"""Cells of the matrix that are tried in each run of the suite."""
FOR_PEOPLE = ("note", "description")
"""Columns that only people read, in every seed."""
LABELS = ("label_en", "label_zh")
"""They must be filled; what they say is for people."""
NAMED = re.compile(r"seeds: \w+, .+: .+|seeds/\w+/\w+\.csv")
"""What is told names the seed and the row, or the file and the line."""
NUMBERS = ("integer", "decimal", "double")


class Cell(NamedTuple):
    """An edit of one kind, of a column of a seed or (without a column) of a row."""

    seed: str
    column: str
    kind: str


ONCE_PASSED = (
    Cell("milestones", "currency", "unknown"),
    Cell("rfm_bands", "currency", "unknown"),
    Cell("satisfaction_policies", "", "deleted"),
    Cell("tiers", "colour", "blank"),
)
"""Edits that nothing stopped; they are tried in each run."""


def kinds(type_name: str, is_condition: bool) -> Iterator[str]:
    """Yield the kinds of edits of a column."""
    yield from ("blank", "swapped", "emptied", "unknown")
    if type_name.startswith(NUMBERS) or is_condition:
        yield from ("zero", "negative")
    if type_name == "text":
        yield from ("spaces", "case")
    if is_condition:
        yield from ("opened", "turned", "ranged", "bare", "wide", "grouped")


def conditions(node: dict[str, Any]) -> set[str]:
    """Return the columns of a seed that hold conditions on numbers."""
    if "decision_table" not in node["config"]["meta"]:
        return set()
    return set(measures_of([node["config"]["column_types"]]))


def cells(proofs: Proofs) -> list[Cell]:
    """Return the matrix."""
    found = []
    for seed, node in proofs.seeds.items():
        types = node["config"]["column_types"]
        found += [Cell(seed, "", kind) for kind in ("deleted", "repeated")]
        with_conditions = conditions(node)
        for column, type_name in types.items():
            them = kinds(type_name, column in with_conditions)
            found += [Cell(seed, column, kind) for kind in them]
    return found


def turned(text: str) -> str:
    """Turn the ends of a range, or the signs of a comparison."""
    if ".." in text:
        low, high = text[1:-1].split("..")
        return f"{text[0]}{high}..{low}{text[-1]}"
    sign, number = re.fullmatch("([<>=]*)(.*)", text).groups()  # type: ignore[union-attr]
    return f"{sign[::-1]}{number}" if len(sign) > 1 else f"{number}{sign or '='}"


def opened(text: str) -> str:
    """Open the bounds that are closed, and close those that are open."""
    if ".." in text:
        return text.translate(str.maketrans("[]()", "()[]"))
    if text[0] not in "<>":
        return f">={text}"
    return text.replace("=", "") if "=" in text else f"{text[0]}={text[1:]}"


CONDITIONS: dict[str, Callable[[str], str]] = {
    "zero": lambda text: re.sub("[0-9.]+$", "0", text) if ".." not in text else ">=0",
    "negative": lambda text: re.sub("[0-9]", r"-\g<0>", text, count=1),
    "opened": opened,
    "turned": turned,
    "ranged": lambda text: f"[4..{text.lstrip('<>=')}",
    "bare": lambda text: text.strip("<>=[]()"),
    "wide": lambda text: text.translate({ord(it): ord(it) + 0xFEE0 for it in "<=>0123456789"}),
    "grouped": lambda text: re.sub("([0-9])(?![0-9.])", r"\g<1>,000", text),
}
"""What the kinds of edits make of a condition."""


def edited(proofs: Proofs, cell: Cell) -> str | None:
    """Return the text of the seed after the edit of a drawn row; None where there is none."""
    columns, rows = proofs.rows(cell.seed)
    draw = random.Random(str(cell))
    place = chosen(rows, cell, draw)
    if place is None:
        return None
    row, value = rows[place], rows[place].get(cell.column, "")
    match cell.kind:
        case "deleted":
            del rows[place]
        case "repeated":
            rows.insert(place, dict(row))
        case "emptied":
            for one in rows:
                one[cell.column] = ""
        case "swapped":
            others = [one for one in rows if one[cell.column] != value]
            other = draw.choice(others)
            row[cell.column], other[cell.column] = other[cell.column], value
        case kind if kind in CONDITIONS and cell.column in conditions(proofs.seeds[cell.seed]):
            row[cell.column] = CONDITIONS[kind](value or ">=12")
        case "negative":
            row[cell.column] = f"-{value.lstrip('-')}" if re.search("[1-9]", value) else "-1"
        case kind:
            row[cell.column] = {
                "blank": "",
                "zero": "0",
                "unknown": "nobody knows",
                "spaces": f" {value} ",
                "case": value.upper() if value != value.upper() else value.lower(),
            }[kind]
    text = written(columns, rows)
    return None if text == written(*proofs.rows(cell.seed)) else text


def chosen(rows: Rows, cell: Cell, draw: random.Random) -> int | None:
    """Draw a row in which the edit changes something."""
    column = cell.column
    fits = list(range(len(rows)))
    if cell.kind in ("blank", "emptied", "spaces", "case"):
        fits = [place for place in fits if rows[place][column]]
    if cell.kind == "swapped":
        fits = fits if len({row[column] for row in rows}) > 1 else []
    if cell.kind in ("zero", "negative", *CONDITIONS):
        fits = [place for place in fits if rows[place][column] != "0"]
        fits = [place for place in fits if rows[place][column]] or fits
    return draw.choice(fits) if fits else None


def declared(proofs: Proofs, cell: Cell) -> str | None:
    """Return why an edit may pass: what the YAML of the seed says of the column, or of all."""
    node = proofs.seeds[cell.seed]
    of_seed = node["config"]["meta"].get("legal_edits", {})
    if not cell.column:
        return of_seed.get(cell.kind)
    meta = node["columns"][cell.column]["config"]["meta"]
    if cell.kind == "swapped":
        return "another decision, in a row that is as sound"
    is_label = cell.column in LABELS and cell.kind in ("swapped", "unknown", "case")
    if cell.column in FOR_PEOPLE or is_label:
        return "people read it"
    if "harmless" in meta:
        return meta["harmless"]
    return meta.get("legal_edits", {}).get(cell.kind) or of_seed.get(cell.kind)


@pytest.fixture(scope="module")
def proofs(demo_build: Project, tmp_path_factory: pytest.TempPathFactory) -> Proofs:
    return Proofs(demo_build, tmp_path_factory.mktemp("proofs"))


def passed(proofs: Proofs, tried: list[Cell]) -> list[str]:
    """Return the edits that neither stop the build nor are declared, and untrue declarations."""
    wrong = []
    for cell in tried:
        text = edited(proofs, cell)
        if text is None:
            continue
        told = proofs.first_found(cell.seed, text)
        if told is None and not declared(proofs, cell):
            wrong.append(f"{cell.seed}.{cell.column} {cell.kind} passes")
        if told is not None and not NAMED.match(told):
            # a key that is there twice fails proofs of models too
            told = next(filter(NAMED.match, proofs.found({cell.seed: text})), told)
        if told is not None and not NAMED.match(told):
            wrong.append(f"{cell.seed}.{cell.column} {cell.kind} is not named: {told[:200]}")
    return wrong


def test_the_seeds_as_they_are_pass(proofs: Proofs) -> None:
    assert proofs.found(proofs.texts) == []


def test_drawn_edits_stop_the_build_or_are_declared(proofs: Proofs) -> None:
    tried = [it for it in cells(proofs) if it.column not in FOR_PEOPLE]
    assert len(tried) > 1000
    assert passed(proofs, [*ONCE_PASSED, *random.Random(15).sample(tried, DRAWN)]) == []


@pytest.mark.parametrize(
    ("seed", "column", "cell", "is_edit"),
    [
        ("tier_rules", "orders_12m", ">=9", True),
        ("tier_rules", "note", "another word", False),
        ("tier_rules", "valid_to", "2026-06-16", False),
        ("tier_rules", "valid_from", "2026-06-16", True),
        ("tiers", "tier_rank", "6", True),
        ("tiers", "colour", "#000000", False),
        ("behaviour_statuses", "can_churn", "true", True),
        ("tier_overrides", "mode", "ceiling", True),
        ("tier_overrides", "customer_id", "nobody", False),
        ("exchange_rates", "rate", "2", False),
        ("action_rules", "priority", "99", False),
    ],
)
def test_an_edit_of_what_decided_closed_months_is_seen(
    proofs: Proofs, *, seed: str, column: str, cell: str, is_edit: bool
) -> None:
    """In the first row of the seed; rates are facts, as long as no money of rules is converted."""
    columns, rows = proofs.rows(seed)
    assert rows[0][column] != cell
    rows[0][column] = cell
    model = proofs.nodes["model.strata.int_rules_of_history"]["compiled_code"]
    by_month = cte_of(model, "rules")
    differing = (
        f"select distinct seed_name from (select * from ({by_month}) except"
        " select * from intermediate.int_rules_of_history)"
    )
    with proofs.loaded({seed: written(columns, rows)}) as connection:
        assert connection.execute(differing).fetchall() == ([(seed,)] if is_edit else [])


@pytest.mark.parametrize(
    ("seed", "column", "code"),
    [
        ("tiers", "tier_code", "none"),
        ("tiers", "tier_code", "All"),
        ("markets", "market", "all"),
        ("channels", "channel", "*"),
        ("attribute_segments", "segment_code", "*"),
    ],
)
def test_codes_that_models_keep_for_themselves_are_refused(
    proofs: Proofs, seed: str, column: str, code: str
) -> None:
    columns, rows = proofs.rows(seed)
    rows[0][column] = code
    told = proofs.found({seed: written(columns, rows)})
    assert [it for it in told if it.startswith(f"seeds: {seed}, ") and "code" in it], told


@pytest.mark.long
def test_all_edits_stop_the_build_or_are_declared(proofs: Proofs) -> None:
    assert passed(proofs, cells(proofs)) == []
