"""What a calibration proposes for one seed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from strata.calibrate.errors import CalibrationError
from strata.calibrate.seeds import SeedFile


@dataclass(frozen=True)
class Change:
    """A number of a row, before and after.

    Attributes
    ----------
    row : str
        Which row, for a reader.
    column : str
        Its column.
    before, after : str
        What it says, blank if there is no such row.
    """

    row: str
    column: str
    before: str
    after: str


@dataclass
class Proposal:
    """New rows of a seed.

    Attributes
    ----------
    seed : SeedFile
        The file with the new rows in it, not yet written.
    changes : list of Change
        What is new, in the order of the rows.
    kept : list of str
        What stays as it is although it was asked for, and why.
    notes : list of str
        What else a reviewer should know.
    """

    seed: SeedFile
    changes: list[Change] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def compare(
        self, row: str, before: Mapping[str, str], after: Mapping[str, str], *columns: str
    ) -> None:
        """Record the columns of a row, before and after."""
        for column in columns:
            change = Change(row, column, before.get(column, ""), after.get(column, ""))
            self.changes.append(change)

    def check(self) -> None:
        """Refuse a proposal that changes nothing.

        Raises
        ------
        CalibrationError
            With the reasons.
        """
        if not self.changes:
            reasons = "; ".join(self.kept) or "no row is in force"
            raise CalibrationError(f"{self.seed.name}: there is nothing to propose ({reasons})")
