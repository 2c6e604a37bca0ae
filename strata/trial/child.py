"""dbt as a process that ends when the command that started it is gone, however that ended."""

import os
from threading import Thread
from typing import Final

PIPE: Final = "STRATA_PARENT"
"""Environment variable: the end for reading of a pipe whose other end the command alone has."""


def main() -> None:
    """Run dbt with the arguments of the process."""
    reader = os.environ.pop(PIPE, "")
    if reader:
        Thread(target=_end_with_parent, args=(int(reader),), daemon=True).start()
    from dbt.cli.main import cli  # noqa: PLC0415 - seconds, in which a command may end too

    cli()


def _end_with_parent(reader: int) -> None:
    """Wait until nobody can write any more; nothing ever is written."""
    os.read(reader, 1)
    os._exit(1)
