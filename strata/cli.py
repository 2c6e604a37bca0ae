"""Command line of Strata: ``strata COMMAND``; each command lives in a module of its own."""

from typing import Any, Final

import duckdb
import typer
from typer.core import TyperGroup

from strata.bench.command import bench
from strata.calibrate.command import calibrate
from strata.check import check
from strata.compact import compact
from strata.demo.command import demo
from strata.digest.command import digest
from strata.doctor.command import doctor
from strata.errors import UserError, reason
from strata.export.command import export
from strata.imports.command import import_files
from strata.init.command import init
from strata.load.command import load
from strata.preview.command import preview
from strata.publish.command import publish
from strata.rule_seeds import seeds
from strata.servers.command import down, up
from strata.summary import summary
from strata.unfinished import told_to_end

INTERRUPTED: Final = "Query interrupted"
"""What DuckDB says in Python where a signal comes while it runs a query."""


class Commands(TyperGroup):
    """The commands; what a user can mend is told here, in one line a mistake, for all of them."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; a mistake ends it with exit code 2, Ctrl-C and SIGTERM with 130 or 143."""
        # by an exception, so that nothing stays half-written and no child goes on
        with told_to_end():
            return self._told(ctx)

    def _told(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except UserError as error:
            told = str(error)
        except OSError as error:
            told = f"{error.filename or 'a file'}: {reason(error)}"
        except duckdb.InterruptException as error:
            raise KeyboardInterrupt from error
        except RuntimeError as error:
            if str(error) == INTERRUPTED:
                raise KeyboardInterrupt from error
            raise
        for line in told.splitlines():
            typer.echo(f"strata {ctx.invoked_subcommand}: {line}", err=True)
        raise typer.Exit(2)


app = typer.Typer(
    cls=Commands,
    help="Customer tiers as code: tools around the dbt project.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def main() -> None:
    """Tools around the dbt project; the tiers themselves are built by ``dbt build``."""


app.command()(bench)
app.command()(calibrate)
app.command()(check)
app.command()(compact)
app.command()(demo)
app.command()(digest)
app.command()(doctor)
app.command()(export)
app.command("import")(import_files)
app.command()(init)
app.command()(load)
app.command()(up)
app.command()(down)
app.command()(preview)
app.command()(publish)
app.add_typer(seeds, name="seeds")
app.command(help="Show the customers and the revenue share of each tier.")(summary)

if __name__ == "__main__":
    app()
