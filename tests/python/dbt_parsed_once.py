"""dbt, but what one call has parsed serves the next ones: parsing took a third of their time.

The environment names the folder of what was parsed. As a script it does what the command `dbt`
does, with the same arguments and exit codes.
"""

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt.parser.manifest import extended_mashumuro_decoder

SAVED, WRITTEN = "partial_parse.msgpack", "manifest.json"
"""What dbt parsed, for itself and for others."""
COMMANDS = {"build", "run", "seed", "test"}
"""Commands whose results do not tell whether the project was parsed."""


def take(kept: Path, target: Path) -> Manifest:
    """Return what was parsed, and write what dbt writes when it parses."""
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(kept / WRITTEN, target)
    saved = (kept / SAVED).read_bytes()
    manifest = Manifest.from_msgpack(saved, decoder=extended_mashumuro_decoder)
    manifest.build_flat_graph()
    return manifest


def keep(kept: Path, target: Path) -> None:
    """Keep what was parsed, unless another worker was faster."""
    part = kept.with_name(f"{kept.name}.{os.getpid()}")
    part.mkdir()
    for name in (SAVED, WRITTEN):
        shutil.copy(target / name, part)
    with suppress(OSError):
        part.rename(kept)


def run(arguments: list[str]) -> int:
    """Run dbt and return its exit code."""
    kept, target = Path(os.environ["PARSED_PROJECT"]), Path(os.environ["DBT_TARGET_PATH"])
    is_parsed = kept.exists() and not COMMANDS.isdisjoint(arguments)
    done = dbtRunner(take(kept, target) if is_parsed else None).invoke(arguments)
    if done.success and not is_parsed and (target / SAVED).exists():
        keep(kept, target)
    if done.exception:
        print(done.exception, file=sys.stderr)
    return 0 if done.success else 2 if done.exception else 1


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
