"""The macros that a mapping may use, as macros of DuckDB.

What a macro cannot read ends the import: the error says which kind of fault it is, and in the pass
that looks for it, the number of the row. Nothing of the cell is in it.
"""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import duckdb
import yaml

from strata.imports.mapping import Source
from strata.load.files import SPACES
from strata.sql import literal

CHECKED: Final = frozenset({"money", "number", "stamp", "stamped", "day", "flag", "within"})
"""Macros that end the import where they cannot read a cell; the row is their last argument."""
ORDERED: Final = frozenset({"first_of", "fill_down", "line_of"})
"""Macros that go by the order of the lines; the row is their last argument."""
COUNTRIES: Final = Path(__file__).with_name("countries.yml")
FAULT: Final = re.compile(r"strata import: (\w+), row (\d+)")

KINDS: Final = {
    "no_number": "is no number; numbers are read as {numbers}: mend the cell, or declare how they"
    " are written, such as --set numbers=1,234.50",
    "too_large": "has more than 12 digits before the point, which is no amount: mend the cell",
    "out_of_range": "makes a number beyond the plausible range of {target} ({minimum} to"
    " {maximum}): mend the cell",
    "no_time": "is no time; times are read as {times}: mend the cell, or declare how they are"
    " written, such as --set times='%d/%m/%Y %H:%M'",
    "no_zone": "is a local time, and its zone is not declared: say --timezone ZONE, such as"
    " --timezone Europe/London",
    "no_day": "is no date; dates are read as {times}: mend the cell, or declare how they are"
    " written, such as --set times=%d/%m/%Y",
    "no_flag": "is neither true nor false: mend the cell",
}
"""What is wrong with a cell, and the mend."""
DECLARED_BY: Final = {"no_zone": "time_zone"}
"""The setting that alone mends what is wrong: no cell is."""

SIGN: Final = "([A-Z]{0,3}[$\u00a5\uffe5\u20ac\u00a3\u20b9\u20a9\u5143]|[A-Z]{3})"
PLAIN_NUMBER: Final = "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)"
CLOCK: Final = "([01]?[0-9]|2[0-3]):[0-5]?[0-9](:[0-5]?[0-9]([.,][0-9]*)?)?"
OFFSET: Final = "(Z|z|UTC|GMT|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)"
DAY: Final = "[0-9]{4}([-/.][0-9]{1,2}[-/.][0-9]{1,2}|\u5e74[0-9]{1,2}\u6708[0-9]{1,2}\u65e5)"
USUAL: Final = (
    "[12][0-9]{3}-(0[1-9]|1[0-2])-([01][0-9]|2[0-8]) ([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?"
)
"""A time that is certain to be one."""
STAMPED: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?Z)?"
TRUE: Final = ("true", "t", "yes", "y", "1", "1.0", "on", "\u662f", "\u771f")
FALSE: Final = ("false", "f", "no", "n", "0", "0.0", "off", "\u5426", "\u5047")
MASKS: Final = "[*\uff0a]"


def create(connection: duckdb.DuckDBPyConnection, source: Source, blanks: Sequence[str]) -> None:
    """Make the macros for a source: how it writes its numbers and times is a part of them.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Where to.
    source : Source
        Says what it says of its numbers, times and time zone.
    blanks : Sequence[str]
        Texts that are no value.
    """
    numbers = source.reading.get("numbers", "plain")
    for name, body in (
        ("fault(kind, line)", "error('strata import: ' || kind || ', row ' || coalesce(line, 0))"),
        ("filled(value)", _filled(blanks)),
        ("unmasked(value)", f"case when not regexp_matches(value, '{MASKS}') then value end"),
        ("number_text(t)", _number_text(numbers)),
        (
            "number(value, line := null)",
            "case when value is null then null"
            f" when regexp_full_match(value, '{PLAIN_NUMBER}')"
            " then coalesce(try_cast(value as decimal(18, 6)), fault('too_large', line))"
            " when number_text(value) is not null then"
            " coalesce(try_cast(number_text(value) as decimal(18, 6)), fault('too_large', line))"
            " else fault('no_number', line) end",
        ),
        ("money(value, line := null)", "number(value, line)"),
        (
            "within(value, lowest, highest, line := null)",
            "case when value < lowest or value > highest then fault('out_of_range', line)"
            " else value end",
        ),
        # exact: the product of two amounts and its rounding stay whole numbers
        ("portion(amount, part, whole)", _portion()),
        ("without_tax(amount, rate)", "amount - portion(amount, rate, 100 + rate)"),
        ("flag(value, line := null)", _flag()),
        ("country_code(value)", _country_code()),
        ("first_of(value, line)", "arg_min(value, line)"),
        (
            "fill_down(value, keys, line)",
            "last_value(value ignore nulls) over (partition by keys order by line rows between"
            " unbounded preceding and current row)",
        ),
        ("line_of(keys, line)", "row_number() over (partition by keys order by line)"),
        *_times(source),
    ):
        connection.execute(f"create or replace temp macro {name} as {body}")


def _filled(blanks: Sequence[str]) -> str:
    """Return the SQL of a text without spaces around it; null where it says that there is none."""
    texts = ", ".join(literal(text) for text in ["", *blanks])
    spaces = literal(SPACES.replace(chr(0), ""))
    # a trim of many signs is slow, and hardly ever needed
    trimmed = (
        "case when regexp_matches(value, '^[\\p{Zs}\\p{Cc}\\p{Cf}]|[\\p{Zs}\\p{Cc}\\p{Cf}]$')"
        f" then trim(value, {spaces}) else value end"
    )
    return f"case when {trimmed} not in ({texts}) then {trimmed} end"


def _number_text(numbers: str) -> str:
    """Return the SQL of a plain number of the form that is declared; null where it does not fit."""
    point = "." if numbers == "plain" else numbers[5]
    separator = {"plain": "", " ": "[ \u00a0\u202f]", "'": "['\u2019]"}.get(
        numbers if numbers == "plain" else numbers[1], f"[{numbers[1]}]"
    )
    grouped = f"[0-9]{{1,3}}({separator}[0-9]{{2,3}})*{separator}[0-9]{{3}}|" if separator else ""
    blank = "[ \u00a0\u202f]?"
    number = f"(({grouped}[0-9]+)([{point}][0-9]*)?|[{point}][0-9]+)"
    amount = f"(({SIGN}{blank})?{number}|{number}{blank}{SIGN})"
    signed = f"([+-]?{blank}{amount}|{SIGN}{blank}[+-]{number}|{number}-)"
    pattern = literal(f"([(]{blank}{amount}{blank}[)]|{signed})")
    digits = f"replace(regexp_replace(t, '[^0-9{point}]', '', 'g'), '{point}', '.')"
    # E-notation is not read: digits may be lost
    return (
        f"case when regexp_full_match(t, {pattern})"
        f" then case when regexp_matches(t, '[(-]') then '-' else '' end || {digits} end"
    )


def _portion() -> str:
    """Return the SQL of `amount * part / whole`, rounded half up to cents."""
    cents = "cast(round({} * 100) as hugeint)"
    amount, part, whole = (cents.format(name) for name in ("amount", "part", "whole"))
    rounded = f"(2 * abs({amount} * {part}) + abs({whole})) // (2 * abs({whole}))"
    sign = f"(sign({amount}) * sign({part}) * sign({whole}))"
    return (
        f"case when {whole} <> 0"
        f" then cast(({rounded}) * {sign} as decimal(30, 0)) * cast(0.01 as decimal(2, 2)) end"
    )


@cache
def _country_code() -> str:
    """Return the SQL of the code of a country; what is no name of one stays."""
    named = yaml.safe_load(COUNTRIES.read_text(encoding="utf-8"))
    codes = ", ".join(
        f"{literal(name)}: {literal(code)}"
        for code, all_names in named.items()
        for name in all_names
    )
    return f"coalesce(map {{{codes}}}[lower(value)], value)"


def _flag() -> str:
    lists = ["(" + ", ".join(literal(text) for text in texts) + ")" for texts in (TRUE, FALSE)]
    text = "lower(value)"
    return (
        f"case when {text} is null then null when {text} in {lists[0]} then true"
        f" when {text} in {lists[1]} then false else fault('no_flag', line) end"
    )


def _times(source: Source) -> list[tuple[str, str]]:
    """Return the macros of times: `stamp` gives an instant in UTC, or a date as it is."""
    zone = source.reading.get("time_zone", "")
    with_clock = [form for form in source.times if re.search("%[HIMScXT]", form)]
    dates = [form for form in source.times if form not in with_clock]
    text = "value"
    local, only_day = "local_time(value)", "whole_day(value)"
    macros = [("in_utc(instant)", _utc_text("instant"))]
    day = f"rtrim(regexp_replace(regexp_extract(value, '^{DAY}'), '[^0-9]', '-', 'g'), '-')"
    clock = f"replace(regexp_extract(value, '[ T]({CLOCK})', 1), ',', '.')"
    iso_time = (
        f"case when regexp_full_match(value, '{DAY}[ T]{CLOCK}( ?{OFFSET})?')"
        f" then try_cast({day} || ' ' || {clock} as timestamp) end"
    )
    iso_day = f"case when regexp_full_match(value, '{DAY}') then try_cast({day} as date) end"
    offset = f"replace(regexp_extract(value, '{CLOCK} ?({OFFSET})$', 4), ':', '')"
    local_time, whole_day = _parsed(with_clock, "timestamp"), _parsed(dates, "date")
    if not any(form.startswith("%Y") for form in source.times):
        # year, month, day has one meaning, and is what workbooks give
        local_time, whole_day = (
            f"coalesce({local_time}, {iso_time})",
            f"coalesce({whole_day}, {iso_day})",
        )
    macros += [
        ("local_time(value)", local_time),
        ("whole_day(value)", whole_day),
        ("offset_of(value)", offset),
    ]
    # most times are of this form
    usual = "false" if source.times else f"regexp_full_match({text}, '{USUAL}')"
    seconds = (
        "case when left(mark, 1) in ('+', '-') then cast(left(mark, 1) || '1' as integer)"
        " * (cast(mark[2:3] as integer) * 3600"
        " + coalesce(try_cast(mark[4:5] as integer), 0) * 60) else 0 end"
    )
    macros += [
        ("seconds_of(mark)", seconds),
        ("from_zone(at_clock, line)", _from_zone(zone)),
        (
            "stamp(value, line := null)",
            f"case when {text} is null then null"
            f" when {usual} then from_zone(cast({text} as timestamp), line)"
            f" when {only_day} is not null then strftime({only_day}, '%Y-%m-%d')"
            f" when {local} is null then fault('no_time', line)"
            " when coalesce(offset_of(value), '') <> ''"
            f" then in_utc({local} - to_seconds(seconds_of(offset_of(value))))"
            f" else from_zone({local}, line) end",
        ),
        # what is of stamps already is looked at only
        (
            "stamped(value, line := null)",
            f"case when value is null or regexp_full_match(value, '{STAMPED}') then value"
            " else fault('no_time', line) end",
        ),
        (
            "day(value, line := null)",
            f"case when {text} is null then null"
            f" else coalesce({only_day}, cast({local} as date), fault('no_day', line)) end",
        ),
    ]
    return macros


def _parsed(forms: Sequence[str], data_type: str) -> str:
    if not forms:
        return f"cast(null as {data_type})"
    listed = ", ".join(literal(form) for form in forms)
    return f"cast(try_strptime(value, [{listed}]) as {data_type})"


def _from_zone(zone: str) -> str:
    """Return the SQL of the instant of a local time; one that occurs twice is the first."""
    if not zone:
        return "fault('no_zone', line)"
    if zone in ("UTC", "Etc/UTC", "GMT"):
        return "in_utc(at_clock)"
    name = literal(zone)
    last = f"timezone({name}, at_clock)"
    first = f"({last} - interval 1 hour)"
    return (
        f"in_utc(timezone('UTC', case when timezone({name}, {first}) = at_clock then {first}"
        f" else {last} end))"
    )


def _utc_text(instant: str) -> str:
    return (
        f"case when microsecond({instant}) % 1000000 = 0"
        f" then strftime({instant}, '%Y-%m-%d %H:%M:%SZ')"
        f" else strftime({instant}, '%Y-%m-%d %H:%M:%S.%fZ') end"
    )
