"""What an import asks for on a terminal, and that it asks nobody where nobody is."""

import os
import pty
import select
import sys
import time
from pathlib import Path
from subprocess import Popen

import pytest
import yaml
from conftest import ROOT
from typer.testing import CliRunner, Result

from strata import questions
from strata.cli import app
from strata.imports import command
from strata.imports.mapping import names, read
from strata.imports.targets import read_targets

LINES = (
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    "536365,85123A,HEART,6,2010-12-01 08:26,2.55,17850,United Kingdom\n"
)
LOCAL = """
sources:
  orders: {files: orders*}
tables:
  - table: orders
    from: orders
    columns:
      order_id: order_id
      customer_id: customer_id
      ordered_at: ordered_at
      status: status
      currency: "'GBP'"
      amount: amount
"""
ORDER = "order_id,customer_id,ordered_at,status,amount,name\n1,2,2024-03-01 10:00:00,paid,1,{}\n"


@pytest.fixture
def attended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let somebody sit at the terminal."""
    monkeypatch.setattr(command, "is_attended", lambda: True)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work where nothing is but the settings and a file."""
    (tmp_path / "dbt_project.yml").symlink_to(ROOT / "dbt_project.yml")
    (tmp_path / "models").symlink_to(ROOT / "models")
    (tmp_path / "lines.csv").write_text(LINES, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: str, answers: str = "") -> Result:
    """Call `strata import`."""
    return CliRunner().invoke(app, ["import", *arguments], input=answers)


@pytest.mark.usefixtures("attended")
def test_what_is_not_declared_is_asked_for_until_it_is_right_and_kept(here: Path) -> None:
    said = ["invoice_line", "invoice_lines", "nowhere", "lines.csv", "pounds", "gbp"]
    said += ["Europe/Lundon", "Europe/London", "20%", "20", "", ""]
    told = call(answers="\n".join(said))
    assert told.exit_code == 0, told.output
    for mistake in (
        "there is no mapping 'invoice_line'",
        "there is no such file",
        "currency is 'pounds'",
        "time_zone is 'Europe/Lundon' (is it 'Europe/London'?)",
        "tax_rate is '20%'",
        "declared: currency GBP, time_zone Europe/London, tax_rate 20",
        "invoice_lines.yml",
    ):
        assert mistake in told.output
    kept = yaml.safe_load((here / "invoice_lines.yml").read_text(encoding="utf-8"))["settings"]
    assert {name: str(it["value"]) for name, it in kept.items()} == {
        "currency": "GBP",
        "time_zone": "Europe/London",
        "tax_rate": "20",
    }
    again = call("--map", "invoice_lines.yml", "lines.csv")
    assert again.exit_code == 0, again.output
    assert "Mapping" not in again.output


@pytest.mark.usefixtures("attended")
@pytest.mark.parametrize("name", names())
def test_each_setting_without_a_value_is_asked_for(here: Path, name: str) -> None:
    mapping = read(name, read_targets(here))
    asked = [it for it, setting in mapping.settings.items() if not setting.value]
    told = call("--map", name, "lines.csv", answers="?\n").output
    assert f"{asked[0]}: {mapping.settings[asked[0]].about.rstrip('.')}" in told
    assert f"{asked[0]} is '?'" in told


@pytest.mark.usefixtures("attended")
def test_a_choice_that_the_mapping_has_made_is_shown(here: Path) -> None:
    told = call("--map", "shopify", "lines.csv", answers="yes\n\n").output
    assert "taxes_included: do the prices of the shop include tax" in told
    assert "(created_at or paid_at or fulfilled_at) [created_at]" in told


@pytest.mark.usefixtures("attended")
def test_what_only_the_rows_tell_is_asked_for_too(here: Path) -> None:
    (here / "own.yml").write_text(LOCAL, encoding="utf-8")
    (here / "orders.csv").write_bytes(ORDER.format("Zo\xeb \u20ac").encode("cp1252"))
    answers = "klingon\ncp1252\nEurope/London\nmine.yml\n"
    told = call("--map", "own.yml", "orders.csv", answers=answers)
    assert told.exit_code == 0, told.output
    assert "there is no encoding 'klingon'" in told.output
    assert "it is a local time" in told.output
    again = call("--map", "mine.yml", "orders.csv")
    assert again.exit_code == 0, again.output


@pytest.mark.usefixtures("attended")
def test_a_wrong_option_is_refused_before_anything_is_asked(here: Path) -> None:
    told = call("--map", "invoice_lines", "lines.csv", "--currency", "pounds")
    assert told.exit_code == 2
    assert "strata import: currency is 'pounds'" in told.output
    assert "Aborted" not in told.output
    assert not (here / "raw").exists()


def test_nobody_is_asked_without_a_terminal(here: Path) -> None:
    for arguments, option in (
        ((), "say which mapping: --map NAME"),
        (("--map", "invoice_lines"), "say which files: strata import --map invoice_lines FILES"),
        (("--map", "invoice_lines", "lines.csv"), "tax_rate is not declared"),
    ):
        told = call(*arguments, answers="GBP\nEurope/London\n20\n\n")
        assert told.exit_code == 2
        assert option in told.output
        assert all(line.startswith("strata import: ") for line in told.output.splitlines())
    assert not questions.is_attended()


def test_a_terminal_asks(here: Path) -> None:
    leader, follower = pty.openpty()
    arguments = ("import", "--map", "shopify", "lines.csv")
    running = Popen(
        [Path(sys.executable).with_name("strata"), *arguments],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    )
    os.close(follower)
    told, end = b"", time.monotonic() + 60
    try:
        while b"include tax" not in told and time.monotonic() < end:
            if select.select([leader], [], [], 1)[0]:
                told += os.read(leader, 4096)
    finally:
        running.kill()
        running.wait()
        os.close(leader)
    assert b"include tax" in told
