"""``strata export``: who may be contacted, against the raw files, and what has changed since."""

import csv
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import python_calamine
from conftest import Project, read_raw
from typer.testing import CliRunner

from strata.cli import app
from strata.formulas import no_formula

Told = dict[str, dict[str, list[str]]]


@pytest.fixture
def export(demo_build: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Return a call of the command on the demo, which gives the folder that it wrote."""
    monkeypatch.chdir(demo_build.root)
    monkeypatch.setenv("STRATA_DUCKDB_PATH", str(demo_build.database))
    monkeypatch.delenv("STRATA_SCHEMA_PREFIX", raising=False)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*options: str, moment: str = "") -> tuple[Path, str]:
        result = CliRunner().invoke(app, ["export", "--out", str(tmp_path / "out"), *options])
        assert result.exit_code == 0, result.output
        folders = sorted((tmp_path / "out").glob("*/*"))
        if moment:
            folders[-1] = folders[-1].rename(folders[-1].with_name(moment))
        return folders[-1] if folders else tmp_path / "out", result.output

    return call


def files(folder: Path, part: str) -> Told:
    """Return the rows of each audience by customer."""
    found: Told = {}
    for path in folder.glob(f"*.{part}.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))[1:]
        found[path.name.split(".")[0]] = {row[0]: row for row in rows}
    return found


def consented(channels: set[str]) -> set[str]:
    """Return raw customers whose latest consent grants one of the channels; ties are left out."""
    latest: dict[tuple[str, str], tuple[str, set[str]]] = {}
    for row in read_raw("consents"):
        key = (row["customer_id"], row["channel"])
        moment, statuses = latest.get(key, ("", set()))
        if row["changed_at"] > moment:
            latest[key] = (row["changed_at"], {row["status"]})
        elif row["changed_at"] == moment:
            statuses.add(row["status"])
    return {
        customer
        for (customer, channel), (_, statuses) in latest.items()
        if channel in channels and statuses == {"granted"}
    }


def test_only_whom_consent_covers_is_there_with_the_address_of_the_record(
    export: Any, demo_build: Project
) -> None:
    folder, _ = export("--format", "hubspot")
    assert folder.stat().st_mode & 0o077 == 0
    assert {it.stat().st_mode & 0o077 for it in folder.iterdir()} == {0}
    full = files(folder, "full")
    by_mail, by_phone = consented({"email"}), consented({"sms", "phone"})
    raw = {row["customer_id"]: row for row in read_raw("customers")}
    tiers = demo_build.query(
        "select tiers.customer_id, tier_code from marts.customer_tiers as tiers"
        " inner join marts.customers using (customer_id) where records = 1"
    )
    told = {it: row for rows in full.values() for it, row in rows.items()}
    assert len(told) > 1000
    checked = 0
    for customer, tier in tiers:
        record = raw.get(customer)
        if record is None or list(raw).count(customer) != 1:
            continue
        row = full[tier].get(customer)
        mail, phone = (row[1], row[2]) if row else ("", "")
        if customer not in by_mail:
            assert not mail, customer
        elif mail:
            assert mail == record["email"].strip().lower()
            checked += 1
        if customer not in by_phone:
            assert not phone, customer
        assert not phone.startswith("+")
    assert checked > 500
    assert json.loads((folder / "manifest.json").read_text("utf-8"))["files"][
        "vip.full.csv"
    ] == len(full["vip"])


def test_marketo_knows_people_by_their_address(export: Any) -> None:
    folder, _ = export("--format", "marketo", "--by", "segment")
    heading = (folder / "champions.full.csv").read_text("utf-8").splitlines()[0]
    assert heading.startswith("Customer ID,Email Address,Phone Number,")
    assert all(row[1] for rows in files(folder, "full").values() for row in rows.values())


def test_an_action_is_for_the_address_of_its_channel(export: Any, demo_build: Project) -> None:
    folder, _ = export("--format", "sfmc", "--by", "action")
    channels = dict(demo_build.query("select customer_id, channel from marts.customer_actions"))
    rows = [row for it in files(folder, "full").values() for row in it.values()]
    assert len(rows) > 300
    for row in rows:
        assert bool(row[1]) == (channels[row[0]] == "email")
        assert bool(row[2]) == (channels[row[0]] in ("sms", "phone"))


def test_what_changed_since_the_last_export_is_told_apart(
    export: Any, demo_build: Project, tmp_path: Path
) -> None:
    first, _ = export("--format", "hubspot", moment="20200101T000000Z")
    second, output = export("--format", "hubspot", moment="20200102T000000Z")
    assert {len(it) for it in files(second, "added").values()} == {0}
    assert {len(it) for it in files(second, "removed").values()} == {0}
    assert "holds an erased person" not in output

    full = files(second, "full")
    vips, lows = list(full["vip"]), list(full["low"])
    silent = demo_build.value(
        "select min(customer_id) from marts.customer_tiers where tier_code = 'vip'"
        f" and customer_id not in ({', '.join(repr(it) for it in vips)})"
    )
    erased = demo_build.query(
        "select record_id from intermediate.int_customers_unified where fate = 'erased_customer'"
    )
    hashes = {it for (it,) in erased}
    requests = {row["customer_id"] for row in read_raw("erasure_requests")}
    gone = min(
        it for it in requests if hashlib.sha256(f"strata{it}".encode()).hexdigest() in hashes
    )
    path = second / "vip.full.csv"
    heading, *rows = path.read_text("utf-8").splitlines()
    rows = [it for it in rows if not it.startswith(vips[0])]
    rows += [f"{it},a@example.cn,,VIP,VIP,champions" for it in (silent, gone, lows[0], "nobody")]
    path.write_text("\n".join([heading, *rows]) + "\n", encoding="utf-8")

    third, output = export("--format", "hubspot", moment="20200103T000000Z")
    assert list(files(third, "added")["vip"]) == [vips[0]]
    removed = files(third, "removed")["vip"]
    assert {it: row[-1] for it, row in removed.items()} == {
        silent: "consent", gone: "erased", lows[0]: "moved", "nobody": "gone",
    }  # fmt: skip
    assert {row[1] for row in removed.values()} == {"a@example.cn"}
    assert f"{path} holds an erased person: delete it." in output
    assert gone not in output
    assert len(list((tmp_path / "out" / "hubspot_tier").iterdir())) == len([first, second, third])


def test_an_audience_that_is_no_more_is_emptied(export: Any) -> None:
    first, _ = export("--format", "sfmc", moment="20200101T000000Z")
    shutil.copy(first / "vip.full.csv", first / "diamond.full.csv")
    second, _ = export("--format", "sfmc")
    assert files(second, "removed")["diamond"].keys() == files(first, "full")["vip"].keys()
    assert not files(second, "full")["diamond"]


def test_the_workbook_has_tiers_changes_and_definitions(export: Any, demo_build: Project) -> None:
    folder, _ = export("--format", "excel")
    book = python_calamine.load_workbook(str(folder / "customers.xlsx"))
    assert book.sheet_names == ["Tiers", "Changes", "Definitions"]
    heading, *rows = book.get_sheet_by_name("Tiers").to_python()
    assert {row[0] for row in rows} == {
        it for (it,) in demo_build.query("select customer_id from marts.customer_tiers")
    }
    revenue = heading.index("Net revenue 12 months")
    total = demo_build.value("select sum(net_revenue_12m) from marts.customer_tiers")
    assert sum(float(row[revenue]) for row in rows) == pytest.approx(float(total), abs=0.01)
    assert "@" not in str(rows)


def test_without_consents_nobody_is_exported(
    small_build: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(small_build.root)
    monkeypatch.setenv("STRATA_DUCKDB_PATH", str(small_build.database))
    options = ["--format", "hubspot", "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, ["export", *options])
    assert result.exit_code == 2
    assert "nobody may be contacted: the build knows no consent" in result.output
    assert not list((tmp_path / "out").rglob("*.csv"))


def test_no_text_is_a_formula() -> None:
    assert [no_formula(it) for it in ("=1+1", "+4", "-4", "@a", "c1")] == [
        "'=1+1", "'+4", "'-4", "'@a", "c1",
    ]  # fmt: skip
