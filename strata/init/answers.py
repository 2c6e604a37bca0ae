"""What a new project must be told: currency, zone and home market, each checked."""

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

import pytz
import yaml
from babel import Locale
from babel.numbers import get_territory_currencies

from strata.errors import UserError
from strata.imports.macros import COUNTRIES

CODE: Final = re.compile("[A-Z]{2}")
FIRST_DAY: Final = date(1970, 1, 1)


@dataclass(frozen=True)
class Answers:
    """The settings of a new project.

    Attributes
    ----------
    currency : str
        Code of the reporting currency (ISO 4217).
    time_zone : str
        IANA name of the zone in which a moment becomes a business date.
    home : str
        Code of the country of the home market (ISO 3166-1).
    as_of : str
        The day at whose end customers are evaluated; blank for today.
    """

    currency: str
    time_zone: str
    home: str
    as_of: str = ""


@cache
def countries() -> dict[str, str]:
    """Return the names of the countries by their codes."""
    territories = Locale("en").territories
    return {it: territories[it] for it in sorted(territories) if it in pytz.country_names}


@cache
def currencies() -> dict[str, str]:
    """Return the names of the currencies that a country pays in today, by their codes."""
    names = Locale("en").currencies
    found = {code for country in countries() for code in get_territory_currencies(country)}
    return {code: names[code] for code in sorted(found)}


def read_country(text: str) -> str:
    """Return the code of a country, given as its code or its name.

    Raises
    ------
    UserError
        If there is none.
    """
    said = text.strip()
    if said.upper() in countries():
        return said.upper()
    named = {name.lower(): code for code, name in countries().items()}
    for code, names in yaml.safe_load(COUNTRIES.read_text(encoding="utf-8")).items():
        named |= {str(name): code for name in names}
    if said.lower() in named:
        return named[said.lower()]
    raise UserError(
        f"--home must be a country, as its code of two letters such as GB, not '{text}'"
        f"{_like(said.lower(), named)}"
    )


def read_currency(text: str) -> str:
    """Return the code of a currency.

    Raises
    ------
    UserError
        If there is none.
    """
    code = text.strip().upper()
    if code in currencies():
        return code
    turned = [it for it in currencies() if sorted(it) == sorted(code)]
    raise UserError(
        f"--currency must be a code of ISO 4217 such as GBP, not '{text}'"
        f"{f' (did you mean {turned[0]}?)' if turned else ''}"
    )


def read_time_zone(text: str) -> str:
    """Return the name of a time zone as it is spelled.

    Raises
    ------
    UserError
        If there is none.
    """
    spelled: dict[str, str] = {name.lower(): name for name in pytz.all_timezones}
    said = text.strip().lower().replace(" ", "_")
    if said in spelled:
        return spelled[said]
    raise UserError(
        f"--timezone must be the name of a time zone such as Europe/London, not '{text}'"
        f"{_like(said, spelled, spelled)}"
    )


def read_day(text: str) -> str:
    """Return a date as it is written in dbt_project.yml; blank for today.

    Raises
    ------
    UserError
        If it is none, or not yet.
    """
    said = text.strip()
    if said.lower() in ("", "today"):
        return ""
    try:
        day = date.fromisoformat(said)
    except ValueError:
        day = None
    if day is None or not FIRST_DAY <= day <= date.today():
        raise UserError(
            f"--as-of must be today or an earlier date such as 2026-01-31, not '{text}'"
        )
    return day.isoformat()


def usual_currency(country: str) -> str | None:
    """Return the currency that a country pays in."""
    found = [it for it in get_territory_currencies(country) if it in currencies()]
    return found[-1] if found else None


def usual_time_zone(country: str) -> str | None:
    """Return the zone of a country that has one only."""
    found: list[str] = pytz.country_timezones.get(country) or []
    return found[0] if len(found) == 1 else None


def _like(said: str, names: Collection[str], spelled: Mapping[str, str] | None = None) -> str:
    """Return a name that is like what was said, as a question."""
    near = difflib.get_close_matches(said, names, 1)
    return f" (did you mean {(spelled or {}).get(near[0], near[0])}?)" if near else ""
