"""The command ``strata import``."""

from itertools import chain, count
from pathlib import Path
from shlex import split
from typing import Annotated, Any, Final

import typer
import yaml
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from strata.errors import UserError
from strata.imports.advice import advice
from strata.imports.errors import ImportFaultError
from strata.imports.guess import guess
from strata.imports.mapping import ImportMap, Setting, checked, names, question, read, reading
from strata.imports.run import Result, run, written_by
from strata.imports.sources import find
from strata.imports.targets import Target, read_blanks, read_targets
from strata.load.missing import absent_tables, is_kept, keep_missing
from strata.questions import ask, is_attended

RAW: Final = Path("raw")
"""Folder of the raw tables, unless --to says another."""
SHOWN: Final = 3
"""Files of a source that are named, and the last one."""


def import_files(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILES",
            help="Files, or folders of them: CSV, workbook, Parquet.",
            readable=False,  # a file that may not be read is told as others are
        ),
    ] = None,
    *,
    mapping: Annotated[
        str,
        typer.Option(
            "--map", metavar="NAME", help=f"{', '.join(names())}, or a YAML file of your own."
        ),
    ] = "",
    guess_of: Annotated[
        Path | None,
        typer.Option(
            "--guess",
            metavar="FILE",
            help="Propose a mapping for a file; no import.",
            readable=False,
        ),
    ] = None,
    to: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for the raw tables: the var raw_path.")
    ] = RAW,
    currency: Annotated[
        str, typer.Option(metavar="CODE", help="Currency of the amounts: --set currency=CODE.")
    ] = "",
    timezone: Annotated[
        str, typer.Option(metavar="ZONE", help="Zone of local times: --set time_zone=ZONE.")
    ] = "",
    encoding: Annotated[
        str, typer.Option(metavar="NAME", help="Encoding of files that are not UTF-8.")
    ] = "",
    sheet: Annotated[str, typer.Option(metavar="NAME", help="Sheet of workbooks.")] = "",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Another setting; may be repeated."),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the mapping there, with what is declared."),
    ] = None,
) -> None:
    """Make raw tables of the exports of a shop or CRM: all of them, or on an error none.

    What no file says, such as the currency, is declared by an option, or asked for on a terminal;
    nothing is guessed.
    """
    targets = read_targets(Path.cwd())
    blanks = read_blanks(Path.cwd())
    if guess_of is not None:
        if mapping or files:
            raise ImportFaultError("--guess FILE proposes a mapping: give neither --map nor FILES")
        guess(guess_of, targets, blanks, encoding=encoding, sheet=sheet, save=save)
        return
    plain = read(mapping or _asked_mapping(targets), targets)
    files = files or _asked_files(plain.name)
    named = {"currency": currency, "time_zone": timezone, "encoding": encoding, "sheet": sheet}
    given = _given(settings or []) | {name: value for name, value in named.items() if value}
    if save is not None and save.exists():
        raise ImportFaultError(
            f"{save} is there already: remove it, or give another file to --save"
        )
    asked: dict[str, str] = {}
    while True:
        try:
            found = plain.declared(given | asked)
            result = _run(found, files, to, targets, blanks)
            break
        except UserError as error:
            if not error.lacks or not is_attended():
                raise
            left = plain.undeclared(given | asked)
            if not left:
                # what only the rows can tell, such as that their times are local
                typer.echo(error, err=True)
                left = {error.lacks: reading(error.lacks)}
            asked |= {name: _answer(name, setting) for name, setting in left.items()}
    if asked and save is None:
        save = _asked_keeper(plain)
    elif given and save is None:
        _keep(found)
    if save is not None:
        _save(found, save)
        if asked:
            typer.echo(f"{save}: keeps the answers: from now on strata import --map {save} FILES")
    _tell(found, result, to, targets)


def _keep(mapping: ImportMap) -> None:
    """Keep what options declared in a mapping of a project of `strata init`, unless one stands."""
    if not (mapping.is_shipped and is_kept(Path.cwd())):
        return
    path = Path(f"{mapping.path.stem}.yml")
    if not path.exists():
        _save(mapping, path)
        typer.echo(f"{path}: keeps what was declared: from now on strata import --map {path} FILES")
    elif path.read_text(encoding="utf-8") != _text(mapping):
        typer.echo(
            f"{path} stands and stays: what was declared now is not kept there; remove it first"
        )


def _run(
    mapping: ImportMap, files: list[Path], to: Path, targets: dict[str, Target], blanks: list[str]
) -> Result:
    """Import, and show how far it is."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        task = progress.add_task("", total=100)

        def report(what: str, percent: float) -> None:
            progress.update(task, description=what, completed=percent)

        return run(mapping, files, to, targets, blanks, report=report)


def _asked_mapping(targets: dict[str, Target]) -> str:
    """Ask for the mapping."""
    listed = f"{', '.join(names())}, or a YAML file of your own"
    if not is_attended():
        raise ImportFaultError(
            f"say which mapping: --map NAME ({listed}); --guess FILE proposes one"
        )

    def known(text: str) -> str:
        read(text.strip(), targets)
        return text.strip()

    return ask(f"Mapping ({listed})", known)


def _asked_files(mapping: str) -> list[Path]:
    """Ask for the files."""
    if not is_attended():
        raise ImportFaultError(f"say which files: strata import --map {mapping} FILES")

    def there(text: str) -> str:
        find(_paths(text))
        return text

    return _paths(ask("Files, or folders of them", there))


def _paths(text: str) -> list[Path]:
    try:
        return [Path(it).expanduser() for it in split(text)]
    except ValueError as error:
        raise ImportFaultError("a quote is not closed") from error


def _answer(name: str, setting: Setting) -> str:
    """Ask for a setting."""
    return ask(
        question(name, setting), lambda text: checked(name, setting, text), setting.value or None
    )


def _asked_keeper(mapping: ImportMap) -> Path | None:
    """Ask for the mapping that keeps the answers; none for nowhere."""
    stem = mapping.path.stem
    own = chain([f"{stem}.yml"], (f"{stem}_{it}.yml" for it in count(2)))

    def free(text: str) -> str:
        said = text.strip()
        if Path(said).exists() or not Path(said).parent.is_dir():
            raise ImportFaultError(
                f"{said} is there already, or its folder is not: give another file, or - for none"
            )
        return said

    usual = next(it for it in own if not Path(it).exists())
    said = ask("Keep the answers in a mapping of your own (a file, or - for none)", free, usual)
    return None if said == "-" else Path(said)


def _given(settings: list[str]) -> dict[str, str]:
    found = {}
    for said in settings:
        name, equals, value = said.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise ImportFaultError(f"--set must be NAME=VALUE, not '{said}'")
        found[name.strip()] = value.strip()
    return found


def _save(mapping: ImportMap, path: Path) -> None:
    """Write a mapping with its settings as they are declared."""
    path.write_text(_text(mapping), encoding="utf-8")


def _text(mapping: ImportMap) -> str:
    content: dict[str, Any] = yaml.load(mapping.text, Loader=yaml.BaseLoader)
    content = {"name": mapping.name} | content
    said = content.setdefault("settings", {})
    for name, setting in mapping.settings.items():
        node = said.setdefault(name, {"kind": setting.kind, "about": setting.about})
        node["value"] = setting.value
    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    return text


def _tell(mapping: ImportMap, result: Result, to: Path, targets: dict[str, Target]) -> None:
    """Tell what was written, what was declared, and how it is built."""
    for source, shown in result.files.items():
        listed = [*shown[:SHOWN], f"... {shown[-1]} ({len(shown)} files)"]
        typer.echo(f"{source}: {', '.join(listed if len(shown) > SHOWN + 1 else shown)}")
    for source, rows in result.left_out.items():
        typer.echo(f"{source}: {rows:,} lines are left out, as the mapping says (where)")
    if result.split:
        typer.echo(
            f"{result.split:,} orders have lines in several files: if these overlap, their amounts"
            " are counted twice; then give each line once"
        )
    for it in result.tables:
        typer.echo(", ".join([f"{to / it.table}.parquet: {it.rows:,} rows", *it.facts]))
    made = {it.table for it in result.tables}
    for path in sorted(to.glob("*.parquet")):
        if path.stem in targets and path.stem not in made and (by := written_by(path)):
            typer.echo(f"{path} is of an earlier import by --map {by}, and stays")
    if mapping.settings:
        declared = [f"{name} {setting.value}" for name, setting in mapping.settings.items()]
        typer.echo(f"declared: {', '.join(declared)}")
    for told in advice(to, Path.cwd()):
        typer.echo(told)
    missing = absent_tables(to, targets)
    lacking = [name for name in ("customers", "orders") if name in missing]
    if lacking:
        typer.echo(f"{' and '.join(lacking)} must come too, before dbt build, into {to}")
        return
    if to.resolve() == RAW.resolve() and is_kept(Path.cwd()):
        keep_missing(Path.cwd(), missing)
        typer.echo("Next: strata calibrate, or dbt build")
        return
    said = f", missing_sources: [{', '.join(missing)}]" if missing else ""
    typer.echo(f"Next: dbt build --vars '{{raw_path: {to}{said}}}'")
