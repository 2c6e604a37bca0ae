"""Values mean what the source meant: times, numbers, flags and blanks."""

import pytest
from cases import build_cases
from conftest import Project


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Build the cases of these settings once."""
    return build_cases(tmp_path_factory.mktemp("cases"), "numbers")


def test_kg(built: Project) -> None:
    print(built.query("from marts.customer_tiers"))
