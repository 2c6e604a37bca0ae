"""Erased persons leave the seeds of the warehouse, and the salt of hashes is in no log."""

import csv
from collections.abc import Sequence
from hashlib import sha256

import pytest
from conftest import Project
from raw_data import OPTIONAL_TABLES, write_csv

SALT = "it's pepper"


def hashed(customer_id: str) -> str:
    """Return what the seeds say of an erased customer."""
    return f"erased:{sha256((SALT + customer_id).encode()).hexdigest()}"


def write_seed(project: Project, name: str, rows: Sequence[Sequence[str]]) -> None:
    """Replace the rows of a seed."""
    path = project.seed(name)
    with path.open(encoding="utf-8") as file:
        header = next(csv.reader(file))
    write_csv(path, header, rows)


@pytest.mark.slow
def test_an_erased_person_leaves_the_seeds_and_stays_erased(project_copy: Project) -> None:
    project = project_copy
    project.settings["STRATA_HASH_SALT"] = SALT
    project.variables["missing_sources"] = [
        name for name in OPTIONAL_TABLES if name != "erasure_requests"
    ]
    raw = project.root / "demo"
    # e was merged into d by hand, and f shares the phone of d but is another person
    people = [("c", ""), ("d", "+49 30 901820"), ("e", ""), ("f", "+49 30 901820")]
    write_csv(raw / "customers.csv", ["customer_id", "phone"], people)
    orders = ["order_id", "customer_id", "ordered_at", "status", "currency", "amount"]
    write_csv(raw / "orders.csv", orders, [])
    write_csv(
        raw / "erasure_requests.csv",
        ["customer_id", "requested_at"],
        [("d", "2026-01-01 08:00:00")],
    )
    write_seed(
        project,
        "customer_merges",
        [("d", "e", "link", "by hand"), ("f", "d", "forbid", "a flat"), ("c", "f", "forbid", "no")],
    )
    override = ("lock", "high", "a reason", "A. Chen", "2026-01-01", "")
    write_seed(project, "tier_overrides", [("one", "d", *override), ("two", "c", *override)])
    project.make("+int_customers_unified", "tier_overrides")
    fates = "select record_id, fate from intermediate.int_customers_unified order by 1"
    before = project.query(fates)
    assert sorted(before) == sorted(
        [
            ("c", "used"),
            ("f", "used"),
            (hashed("d").removeprefix("erased:"), "erased_customer"),
            (hashed("e").removeprefix("erased:"), "erased_customer"),
        ]
    )
    assert project.query("select customer_id from seeds.tier_overrides order by override_id") == [
        (hashed("d"),),
        ("c",),
    ]
    merges = project.query(
        "select from_customer_id, into_customer_id from seeds.customer_merges order by reason"
    )
    assert merges == [("f", hashed("d")), (hashed("d"), hashed("e")), ("c", "f")]
    # the seeds are not loaded again, yet all is known that they said
    project.make("int_customer_links+1", "int_customer_survivors+1")
    assert project.query(fates) == before
    told = "".join(path.read_text() for path in (project.work / "logs").iterdir())
    assert "pepper" not in told + project.output
    assert len(told) > 1000
