"""Questions on a terminal: each is asked until its answer is right."""

import sys
from collections.abc import Callable

import typer

from strata.errors import UserError


def is_attended() -> bool:
    """Tell whether somebody is there to answer."""
    return sys.stdin.isatty()


def ask(question: str, read: Callable[[str], str], usual: str | None = None) -> str:
    """Ask until the answer is right.

    Parameters
    ----------
    question : str
        The question.
    read : Callable[[str], str]
        Makes the value of an answer; a UserError is told, and the question comes again.
    usual : str or None
        What an empty answer stands for.
    """

    def checked(text: str) -> str:
        try:
            return read(text)
        except UserError as error:
            raise typer.BadParameter(str(error)) from error

    found: str = typer.prompt(question, default=usual, value_proc=checked)
    return found
