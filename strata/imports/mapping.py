"""A mapping: which files are read, how, and what makes the columns of the raw tables.

It is YAML, checked against `schema.yml`, and every fault is told with its line.
"""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import duckdb
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from strata.imports.errors import ImportFaultError
from strata.imports.targets import Target
from strata.sql import literal

FOLDER: Final = Path(__file__).with_name("mappings")
SCHEMA: Final = Path(__file__).with_name("schema.yml")
READING: Final = ("time_zone", "numbers", "times", "encoding", "delimiter", "sheet")
"""What a source says of its files, and what may be given for all sources that do not say it."""
OPTIONS: Final = {
    "currency": "--currency",
    "time_zone": "--timezone",
    "encoding": "--encoding",
    "sheet": "--sheet",
}
"""Settings that have an option of their own; all others are given with --set."""
KINDS: Final = {
    "currency": "CODE (ISO 4217, such as GBP)",
    "time_zone": "ZONE (such as Europe/London)",
    "flag": "true or false",
    "percent": "PERCENT (such as 20, or 0)",
    "text": "TEXT",
}


@dataclass(frozen=True)
class Setting:
    """What a mapping cannot know.

    Attributes
    ----------
    kind : str
        `currency`, `time_zone`, `flag`, `percent`, `choice` or `text`.
    about : str
        What it is, for the user.
    value : str
        The value that the mapping or the user declares; blank if nobody has.
    choices : tuple[str, ...]
        The values of a `choice`.
    """

    kind: str
    about: str
    value: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """Files of one kind.

    Attributes
    ----------
    name : str
        Its name in the mapping.
    files : tuple[str, ...]
        Patterns of the names of its files; its columns decide, and these only where they do not.
    reading : dict[str, str]
        What it says of READING.
    times : tuple[str, ...]
        Forms of its dates and times in the words of `strptime`; none for year, month, day.
    optional : tuple[str, ...]
        Columns that a file may lack: they are null.
    where : str
        The rows that are read; blank for all.
    let : dict[str, str]
        Names for expressions that several tables use.
    """

    name: str
    files: tuple[str, ...] = ()
    reading: dict[str, str] = field(default_factory=dict)
    times: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    where: str = ""
    let: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TableMap:
    """The rows of a raw table that come from a source.

    Attributes
    ----------
    place : tuple[str | int, ...]
        Where it stands in the mapping.
    table : str
        The raw table.
    source : str
        The source.
    unless : str
        A source: where it is given, these rows are not written. Blank for none.
    where : str
        The rows that are taken; blank for all.
    group_by : tuple[str, ...]
        Expressions that are equal in the source lines of one row; none for a row a line.
    columns : dict[str, str]
        The expression of each column.
    """

    place: tuple[str | int, ...]
    table: str
    source: str
    unless: str
    where: str
    group_by: tuple[str, ...]
    columns: dict[str, str]


@dataclass(frozen=True)
class ImportMap:
    """A mapping.

    Attributes
    ----------
    name : str
        Its name.
    text : str
        Its YAML.
    path : Path
        Its file.
    about : str
        What it reads.
    settings : dict[str, Setting]
        What must be declared.
    sources : dict[str, Source]
        The files.
    tables : tuple[TableMap, ...]
        What is made of them.
    """

    name: str
    text: str
    path: Path
    about: str
    settings: dict[str, Setting]
    sources: dict[str, Source]
    tables: tuple[TableMap, ...]

    @property
    def is_shipped(self) -> bool:
        """Whether it is one that comes with Strata."""
        return self.path.parent == FOLDER

    def place(self, *keys: str | int) -> str:
        """Return the file and the line of what stands at a place."""
        return f"{self.path.name}, line {_line(_composed(self.text), keys)}"

    def undeclared(self, given: Mapping[str, str]) -> dict[str, Setting]:
        """Return the settings that nobody has declared, and then what the mapping chose itself."""
        left = {name: it for name, it in self.settings.items() if name not in given}
        blank = {name: it for name, it in left.items() if not _normal(it)}
        return blank and blank | {name: it for name, it in left.items() if it.choices}

    def declared(self, given: Mapping[str, str]) -> "ImportMap":
        """Return the mapping with the settings that a user gives.

        Raises
        ------
        ImportFaultError
            If one is unknown, wrong, or nobody has declared it; it lacks one if that is all.
        """
        faults = []
        settings = dict(self.settings)
        for name, value in given.items():
            if name in settings:
                settings[name] = replace(settings[name], value=value)
            elif name in READING:
                settings[name] = replace(reading(name), value=value)
            else:
                known = tuple(dict.fromkeys((*self.settings, *READING)))
                faults.append(
                    f"the mapping {self.name} has no setting '{name}'{_nearest(name, known)};"
                    f" it has {', '.join(known)}"
                )
        wrong = {name: told for name, it in settings.items() if (told := _fault_of(name, it))}
        if faults or wrong:
            blank = [name for name in wrong if not settings[name].value.strip()]
            lacks = blank[0] if blank and not faults and len(blank) == len(wrong) else ""
            raise ImportFaultError("\n".join([*faults, *wrong.values()]), lacks=lacks)
        plain = {name: replace(it, value=_normal(it)) for name, it in settings.items()}
        sources = {
            name: _filled(source, plain, given.keys()) for name, source in self.sources.items()
        }
        return replace(self, settings=plain, sources=sources)


def names() -> list[str]:
    """Return the names of the mappings that come with Strata."""
    return sorted(path.stem for path in FOLDER.glob("*.yml"))


def read(name: str, targets: Mapping[str, Target]) -> ImportMap:
    """Read a mapping.

    Parameters
    ----------
    name : str
        One that comes with Strata, or the path of a file.
    targets : Mapping[str, Target]
        The raw tables.

    Raises
    ------
    ImportFaultError
        If there is none, or it is wrong; a line a fault.
    """
    path = FOLDER / f"{name}.yml"
    if "/" in name or name.endswith((".yml", ".yaml")):
        path = Path(name).expanduser()
    if not path.is_file():
        raise ImportFaultError(
            f"there is no mapping '{name}'{_nearest(name, names())}; there are"
            f" {', '.join(names())}, or give the path of a YAML file of your own"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
        composed = _composed(text)
        content = yaml.load(text, Loader=yaml.BaseLoader)
    except UnicodeDecodeError as error:
        raise ImportFaultError(f"{path}: it is not UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise ImportFaultError(
            f"{path}{where}: it is no YAML: {getattr(error, 'problem', None) or 'damaged'};"
            " an expression with a colon, quotes or brackets at its begin stands in quotes"
        ) from error
    faults = [f"{path.name}, line {line}: {told}" for line, told in _repeated_keys(composed)]
    for wrong in Draft202012Validator(_schema()).iter_errors(content):
        line = _line(composed, tuple(wrong.absolute_path))
        faults += [f"{path.name}, line {at or line}: {told}" for at, told in _told(wrong, composed)]
    if faults:
        raise ImportFaultError("\n".join(faults))
    found = _import_map(path, text, content)
    _check_names(found, targets)
    return found


def _import_map(path: Path, text: str, content: dict[str, Any]) -> ImportMap:
    sources = {}
    for name, node in content["sources"].items():
        sources[name] = Source(
            name,
            files=_list(node, "files"),
            reading={key: node[key] for key in READING if key in node and key != "times"},
            times=_list(node, "times"),
            optional=_list(node, "optional"),
            where=node.get("where", ""),
            let=node.get("let", {}),
        )
    tables = tuple(
        TableMap(
            ("tables", place),
            node["table"],
            node["from"],
            node.get("unless", ""),
            node.get("where", ""),
            _list(node, "group_by"),
            node["columns"],
        )
        for place, node in enumerate(content["tables"])
    )
    settings = {
        name: Setting(node["kind"], node["about"], node.get("value", ""), _list(node, "choices"))
        for name, node in content.get("settings", {}).items()
    }
    name = content.get("name", path.stem)
    return ImportMap(name, text, path, content.get("about", ""), settings, sources, tables)


def _check_names(found: ImportMap, targets: Mapping[str, Target]) -> None:
    """Check that each table, column, source and setting that is named is there."""
    faults = []
    for name in found.settings.keys() & {"source_row", "source_file"}:
        faults.append(f"{found.place('settings', name)}: '{name}' is a name of Strata's own")
    for source in found.sources.values():
        lets = {name.lower() for name in source.let}
        for name in source.optional:
            if name in found.settings or name.lower() in lets:
                faults.append(
                    f"{found.place('sources', source.name, 'optional')}: '{name}' is a column of"
                    " the file, and a setting or a let has its name too: give that another"
                )
        faults += [
            f"{found.place('sources', source.name, 'let', name)}: '{name}' is a setting too"
            for name in found.settings.keys() & source.let.keys()
        ]
    for it in found.tables:
        for key, named in (("from", it.source), ("unless", it.unless)):
            if named and named not in found.sources:
                faults.append(
                    f"{found.place(*it.place, key)}: there is no source"
                    f" '{named}'{_nearest(named, found.sources)}"
                )
        if it.table not in targets:
            faults.append(
                f"{found.place(*it.place, 'table')}: there is no raw table"
                f" '{it.table}'{_nearest(it.table, targets)}"
            )
            continue
        target = targets[it.table]
        faults += [
            f"{found.place(*it.place, 'columns', name)}: {it.table} has no column"
            f" '{name}'{_nearest(name, target.columns)}"
            for name in it.columns
            if name not in target.columns
        ]
        lacking = [name for name in target.required if name not in it.columns]
        if lacking:
            faults.append(
                f"{found.place(*it.place, 'columns')}: {it.table} needs {', '.join(lacking)} too"
            )
    if faults:
        raise ImportFaultError("\n".join(faults))


def _filled(source: Source, settings: Mapping[str, Setting], given: Collection[str]) -> Source:
    """Return a source with what is said for all of them; what a user gives is first."""
    said = {name: settings[name].value for name in READING if name in settings}
    own = dict(source.reading) | ({"times": ""} if source.times else {})
    chosen = {name: said[name] for name in said if name in given or name not in own}
    times = (chosen.pop("times"),) if "times" in chosen else source.times
    return replace(source, reading=source.reading | chosen, times=times)


def reading(name: str) -> Setting:
    """Return the setting of how files are read that every mapping has."""
    if name == "time_zone":
        return Setting("time_zone", "the zone of the local times")
    return Setting("text", f"{name} of the files")


def checked(name: str, setting: Setting, value: str) -> str:
    """Return the value of a setting as it is declared.

    Raises
    ------
    ImportFaultError
        If it is wrong.
    """
    said = replace(setting, value=value)
    if fault := _fault_of(name, said):
        raise ImportFaultError(fault)
    return _normal(said)


def option(name: str, setting: Setting) -> str:
    """Return how a setting is given on the command line."""
    values = " or ".join(setting.choices) or KINDS[setting.kind]
    return f"{OPTIONS[name]} {values}" if name in OPTIONS else f"--set {name}={values}"


def question(name: str, setting: Setting) -> str:
    """Return how a setting is asked for."""
    values = " or ".join(setting.choices) or KINDS[setting.kind]
    return f"{name}: {setting.about.rstrip('.?')} ({values})"


def _fault_of(name: str, setting: Setting) -> str:
    """Return what is wrong with a setting; blank if nothing is."""
    value = _normal(setting)
    about = setting.about.rstrip(".?")
    if not value:
        return f"{name} is not declared ({about}): say {option(name, setting)}"
    is_right = {
        "currency": len(value) == 3 and value.isascii() and value.isalpha(),  # noqa: PLR2004
        "time_zone": value in _time_zones(),
        "flag": value in ("true", "false"),
        "choice": value in setting.choices,
        "percent": re.fullmatch("[0-9]{1,2}([.][0-9]{1,4})?", value) is not None,
        "text": True,
    }[setting.kind]
    if name == "numbers":
        is_right = (
            value
            in _schema()["properties"]["sources"]["additionalProperties"]["properties"]["numbers"][
                "enum"
            ]
        )
    if is_right:
        return ""
    nearest = _nearest(value, _time_zones()) if setting.kind == "time_zone" else ""
    return f"{name} is '{setting.value}'{nearest}; it must be {option(name, setting)}"


def _normal(setting: Setting) -> str:
    value = setting.value.strip()
    if setting.kind == "currency":
        return value.upper()
    if setting.kind == "flag":
        return {"yes": "true", "no": "false"}.get(value.lower(), value.lower())
    return value


def sql_of(setting: Setting) -> str:
    """Return the value of a setting as SQL."""
    if setting.kind == "percent":
        return f"cast({setting.value} as decimal(8, 4))"
    return setting.value if setting.kind == "flag" else literal(setting.value)


@cache
def _time_zones() -> frozenset[str]:
    with duckdb.connect() as connection:
        found = connection.execute("select name from pg_timezone_names()").fetchall()
    return frozenset(name for (name,) in found)


@cache
def _schema() -> Any:
    return yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))


def _told(error: ValidationError, composed: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """Give what is wrong, and its line where that is another one than of the whole."""
    where = " of ".join(str(it) for it in reversed(error.absolute_path) if isinstance(it, str))
    of = f" of {where}" if where else ""
    instance: Any = error.instance
    value: Any = error.validator_value
    schema: Any = error.schema
    if error.validator == "additionalProperties":
        known = schema["properties"]
        for name in instance:
            if name not in known:
                line = _line(composed, (*error.absolute_path, name))
                yield line, f"there is no key '{name}'{of}{_nearest(name, known)}"
    elif error.validator == "required":
        lacking = [name for name in value if name not in instance]
        yield 0, f"the key {', '.join(lacking)} is missing{of}"
    elif error.validator == "enum":
        choices = ", ".join(value)
        nearest = _nearest(str(instance), value)
        yield 0, f"'{instance}'{of} must be one of {choices}{nearest}"
    elif error.validator in ("minLength", "anyOf", "minItems", "minProperties"):
        yield 0, f"the value{of or ' of the file'} is empty or of another form than it must have"
    elif error.validator == "pattern":
        yield 0, f"the name '{instance}' must have small letters, digits and _ only"
    else:
        kinds = {"object": "keys and values", "array": "a list", "string": "one text"}
        kind = kinds.get(str(value), "of another form")
        yield 0, f"what stands there{of} must be {kind}"


def _nearest(name: str, known: Collection[str]) -> str:
    """Return the most similar name, in a question; blank if none is similar."""
    found = nearest(name, known)
    return f" (is it '{found}'?)" if found else ""


def nearest(name: str, known: Collection[str]) -> str:
    """Return the most similar name; blank if none is similar."""
    plain = {_letters(it): it for it in known}
    found = difflib.get_close_matches(_letters(name), plain, 1, 0.72)
    return plain[found[0]] if found else ""


def _letters(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def _list(node: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = node.get(key, ())
    return (found,) if isinstance(found, str) else tuple(found)


def _composed(text: str) -> yaml.Node | None:
    found: yaml.Node | None = yaml.compose(text, Loader=yaml.BaseLoader)
    return found


def _line(node: yaml.Node | None, keys: Sequence[str | int]) -> int:
    """Return the line of what stands at a place, or of the nearest thing around it."""
    line = node.start_mark.line + 1 if node else 1
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            pairs = [pair for pair in node.value if pair[0].value == key]
            if not pairs:
                break
            line, node = pairs[0][0].start_mark.line + 1, pairs[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int):
            node = node.value[key]
            line = node.start_mark.line + 1 if node else line
        else:
            break
    return line


def _repeated_keys(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """Give each key that stands twice: YAML would take the last one in silence."""
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.start_mark.line + 1, f"the key '{key.value}' stands there twice"
            seen.add(key.value)
            yield from _repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _repeated_keys(value)
