"""Command line of Strata: ``strata COMMAND``; each command lives in a module of its own."""

import typer

from strata.bench.command import bench
from strata.calibrate.command import calibrate
from strata.demo.command import demo
from strata.load.command import load
from strata.publish.command import publish
from strata.servers.command import down, up
from strata.summary import summary

app = typer.Typer(
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
app.command()(demo)
app.command()(load)
app.command()(up)
app.command()(down)
app.command()(publish)
app.command(help="Show the customers and the revenue share of each tier.")(summary)

if __name__ == "__main__":
    app()
