"""Texts that a spreadsheet would take for formulas."""

from typing import Final

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins so is a formula for a spreadsheet."""


def no_formula(text: str) -> str:
    """Return a text with an apostrophe before what would make it a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
