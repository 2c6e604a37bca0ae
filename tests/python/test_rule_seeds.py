"""``strata seeds convert``: rule seeds of Strata 0.4 say the same in conditions."""

import csv
import io
import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import read_seed
from hypothesis import given
from hypothesis import strategies as st
from reference import condition
from typer.testing import CliRunner

from strata.cli import app
from strata.rule_seeds import converted

OLD = Path(__file__).with_name("cases") / "seeds_of_0_4"
HEADER = "rule_id,priority,currency,min_net_revenue_12m,max_net_revenue_12m,min_p_alive,max_p_alive"
CENT = Decimal("0.01")


def convert(folder: Path, expect: int = 0) -> str:
    """Run the command; a mistake is told in one line."""
    done = CliRunner().invoke(app, ["seeds", "convert", str(folder)])
    assert done.exit_code == expect, done.output
    assert not expect or done.output.count("\n") == 1, done.output
    return done.output


def rule_seed(folder: Path, *lines: str) -> Path:
    """Write a rule seed of 0.4, a line for each rule."""
    path = folder / "tier_rules.csv"
    path.write_text("".join(f"{line}\n" for line in (HEADER, *lines)), encoding="utf-8")
    return path


@pytest.mark.parametrize("seed", ["tier_rules", "churn_risk_rules"])
def test_an_old_seed_gets_the_conditions_of_the_new_one(tmp_path: Path, seed: str) -> None:
    """All but the notes, which need not tell the conditions any more."""
    path = tmp_path / "tiers" / f"{seed}.csv"
    path.parent.mkdir()
    shutil.copy(OLD / path.name, path)
    others = {tmp_path / "channel_policies.csv": "market,min_x,max_x\n*,1,2\n"}
    others |= {tmp_path / "empty.csv": "", tmp_path / "notes.txt": "rule_id,priority,min_x,max_x\n"}
    for other, text in others.items():
        other.write_text(text, encoding="utf-8")
    notes = [row["note"] for row in csv.DictReader((OLD / path.name).open(encoding="utf-8"))]

    assert convert(tmp_path) == f"{path}: its bounds are conditions now\n"
    text = path.read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["note"] for row in rows] == notes
    without = [{**row, "note": ""} for row in rows]
    assert without == [{**row, "note": ""} for row in read_seed(seed)]
    assert list(rows[0]) == list(read_seed(seed)[0])
    assert {other: other.read_text(encoding="utf-8") for other in others} == others

    assert "nothing was changed" in convert(tmp_path)
    assert path.read_text(encoding="utf-8") == text
    assert sorted(it.name for it in path.parent.iterdir()) == [path.name]


def test_a_cent_more_than_an_amount_is_open_and_of_a_score_it_is_not(tmp_path: Path) -> None:
    path = rule_seed(
        tmp_path,
        "open,1,CNY,100000.01,,0.01,",
        "upper,2,CNY,,50000.01,,0.01",
        "both,3,CNY,0.01,12.01,0.01,1.01",
        "half,4,CNY,5,10.01,,",
        "other,5,CNY,5.02,10.10,5e-1,",
        "below,6,CNY,-5.01,-0.99,,",
        "none,7,,,,,",
    )
    convert(tmp_path)
    with path.open(newline="", encoding="utf-8") as file:
        found = {row[0]: row[3:] for row in csv.reader(file)}
    assert found == {
        "rule_id": ["net_revenue_12m", "p_alive"],
        "open": [">100000", ">=0.01"],
        "upper": ["<=50000", "<0.01"],
        "both": ["(0..12]", "[0.01..1.01)"],
        "half": ["[5..10]", ""],
        "other": ["[5.02..10.1)", ">=0.5"],
        "below": ["[-5.01..-0.99)", ""],
        "none": ["", ""],
    }


BOUNDS = st.one_of(
    st.none(),
    st.integers(-300, 300).map(lambda cents: cents * CENT),
    st.integers(-3, 3).map(Decimal),
    st.integers(-3, 3).map(lambda whole: whole + CENT),
)


@given(low=BOUNDS, high=BOUNDS, measure=st.sampled_from(["net_revenue_12m", "p_alive"]))
def test_a_condition_admits_what_the_bounds_did(
    tmp_path_factory: pytest.TempPathFactory,
    low: Decimal | None,
    high: Decimal | None,
    measure: str,
) -> None:
    """A minimum was one of the values, a maximum was not."""
    path = tmp_path_factory.getbasetemp() / "drawn.csv"
    cells = ["" if it is None else str(it) for it in (low, high)]
    text = f"rule_id,priority,min_{measure},max_{measure}\nr,1,{','.join(cells)}\n"
    path.write_text(text, encoding="utf-8")
    (row,) = csv.DictReader(io.StringIO(converted(path)))
    now = condition(row[measure])
    for value in (cents * CENT for cents in range(-410, 411)):
        before = (low is None or value >= low) and (high is None or value < high)
        assert now.admits(value) == before, (row, value)


def test_a_seed_of_a_spreadsheet_becomes_a_plain_one(tmp_path: Path) -> None:
    """With a byte order mark, CRLF, blank lines, quotes and texts that need them."""
    path = tmp_path / "rules.csv"
    lines = ['"rule_id","priority","min_orders_12m","max_orders_12m","note"', '"a","1","4","12",""']
    lines += ["", '"b","2"," 4 ","","多, ""two""\nlines"', "c,3,,+4,"]
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode() + b"\r\n\r\n")
    convert(tmp_path)
    assert path.read_bytes().decode() == (
        'rule_id,priority,orders_12m,note\na,1,[4..12),\nb,2,>=4,"多, ""two""\nlines"\nc,3,<4,\n'
    )


@pytest.mark.parametrize(
    "text",
    [
        "many",
        "1,000",
        "50%",
        "NaN",
        "Infinity",
        "-Infinity",
        "1_000",
        "\uff11\uff12",
        ">=4",
        "4..12",
    ],
)
def test_a_bound_that_is_no_number_is_told_with_its_line(tmp_path: Path, text: str) -> None:
    """And the other seeds are as they were."""
    path = rule_seed(tmp_path, '"a\nb",1,,1,2,,', "", f'c,2,,,"{text}",,')
    (tmp_path / "a").mkdir()
    sound = rule_seed(tmp_path / "a", "sound,1,,1,2,,")
    before = {it: it.read_bytes() for it in (path, sound)}
    told = convert(tmp_path, expect=2)
    assert told == (
        f"strata seeds: {path} line 5 (rule_id c): max_net_revenue_12m is"
        f' "{text}", which is not a number\n'
    )
    assert {it: it.read_bytes() for it in before} == before
    assert len(list(tmp_path.rglob("*"))) == 3


@pytest.mark.parametrize("line", ["a,1,CNY,5", "a,1,CNY,5,6,,,", "a,1,CNY,1,000,2,000,,"])
def test_a_ragged_line_is_told(tmp_path: Path, line: str) -> None:
    path = rule_seed(tmp_path, "sound,1,,1,2,,", line)
    cells = line.count(",") + 1
    told = convert(tmp_path, expect=2)
    assert told == f"strata seeds: {path} line 3 has {cells} cells, the header 7\n"


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert "there is no folder" in convert(tmp_path / "sedes", expect=2)
    path = rule_seed(tmp_path, "a,1,CNY,5,6,,")
    path.write_bytes(path.read_text(encoding="utf-8").encode("utf-16"))
    assert convert(tmp_path, expect=2) == (
        f"strata seeds: {path} is not in UTF-8; save it as CSV UTF-8\n"
    )
    path.write_text(f"rule_id,priority,min_x,max_x\na,{'1' * 200_000},,\n", encoding="utf-8")
    assert str(path) in convert(tmp_path, expect=2)
