"""dbt, but what one call has parsed serves the next ones: parsing took a third of their time.

The environment names the folder of what was parsed. As a script it does what the command `dbt`
does, with the same arguments and exit codes.
"""

import fcntl
import os
import shutil
import sys
from pathlib import Path

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.artifacts.resources import FileHash
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import SeedNode
from dbt.parser.manifest import extended_mashumuro_decoder
from dbt_common.clients.system import load_file_contents

SAVED, WRITTEN = "partial_parse.msgpack", "manifest.json"
"""What dbt parsed, for itself and for others."""
COMMANDS = {"build", "compile", "run", "seed", "test"}
"""Commands whose results do not tell whether the project was parsed."""


def parse(arguments: list[str], kept: Path, target: Path) -> dbtRunnerResult:
    """Parse the project and keep that, unless it is kept: another that wants the same waits."""
    command = next(place for place, word in enumerate(arguments) if word in COMMANDS)
    given = arguments[arguments.index("--vars") :] if "--vars" in arguments else []
    with kept.with_name(f"{kept.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if kept.exists():
            return dbtRunnerResult(success=True)
        done = dbtRunner().invoke([*arguments[:command], "parse", *given])
        if done.success:
            part = kept.with_name(f"{kept.name}.{os.getpid()}")
            part.mkdir()
            for name in (SAVED, WRITTEN):
                shutil.copy(target / name, part)
            part.rename(kept)
        return done


def take(kept: Path, target: Path) -> Manifest:
    """Return what was parsed, and write what dbt writes when it parses.

    It was parsed in any folder that has the same files but for the rows of seeds: of these dbt
    keeps the place and the checksum only.
    """
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(kept / WRITTEN, target)
    saved = (kept / SAVED).read_bytes()
    manifest = Manifest.from_msgpack(saved, decoder=extended_mashumuro_decoder)
    for node in manifest.nodes.values():
        if isinstance(node, SeedNode) and node.package_name == manifest.metadata.project_name:
            node.root_path = str(Path.cwd())
            node.checksum = FileHash.from_contents(load_file_contents(node.original_file_path))
    manifest.build_flat_graph()
    return manifest


def run(arguments: list[str]) -> int:
    """Run dbt and return its exit code."""
    if COMMANDS.isdisjoint(arguments):
        done = dbtRunner().invoke(arguments)
    else:
        kept, target = Path(os.environ["PARSED_PROJECT"]), Path(os.environ["DBT_TARGET_PATH"])
        done = parse(arguments, kept, target)
        if done.success:
            done = dbtRunner(take(kept, target)).invoke(arguments)
    if done.exception:
        print(done.exception, file=sys.stderr)
    return 0 if done.success else 2 if done.exception else 1


def call(arguments: list[str], folder: Path, environment: dict[str, str], output: Path) -> None:
    """Do what the script does in a process that was forked, and end it; it prints to a file."""
    with output.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    code = run(arguments)
    # such a process ends without what is done at exit: DuckDB writes its log into the file
    DuckDBConnectionManager.close_all_connections()
    sys.exit(code)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
