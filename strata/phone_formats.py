"""Write the seed ``phone_formats`` from the numbering plans of the library phonenumbers.

``python -m strata.phone_formats`` is run by hand when a newer library knows of new plans; the
library is no part of a run.
"""

import csv
import random
import re
from collections import defaultdict
from pathlib import Path
from typing import Final, NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberFormat, PhoneNumberType

SEED: Final = Path("seeds/crm/phone_formats.csv")
ALSO_WRITTEN: Final = {"EL": "GR", "UK": "GB"}
"""Codes that are no ISO 3166 country, but are often written for one."""
DRAWN: Final = 2000
RARE: Final = 0.01
SHORT: Final = 7


class Format(NamedTuple):
    """How numbers of a country are written; the names are those of the seed."""

    country: str
    calling_code: int
    trunk_prefix: str
    international_prefix: str
    lengths: str
    is_main_country: str


def plan(country: str) -> PhoneMetadata:
    """Return the numbering plan of a country."""
    metadata = PhoneMetadata.metadata_for_region(country)
    if metadata is None:
        raise ValueError(f"the library has no numbering plan of {country}")
    return metadata


def examples(country: str) -> list[PhoneNumber]:
    """Return the fixed line and the mobile that the library gives as examples."""
    types = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE)
    found = (phonenumbers.example_number_for_type(country, it) for it in types)
    return [number for number in found if number]


def lengths(country: str) -> set[int]:
    """Return how many digits the national numbers of persons have.

    Besides those of the library's examples it is each length of which at least a hundredth of the
    drawn numbers is valid: not those of hotlines and machines, nor of fewer than seven digits,
    which would let numbers without their area code pass.
    """
    found = {len(phonenumbers.national_significant_number(it)) for it in examples(country)}
    metadata = plan(country)
    plans = [it for it in (metadata.fixed_line, metadata.mobile) if it and it.possible_length]
    pattern = re.compile("|".join(it.national_number_pattern or "-" for it in plans))
    for length in {length for it in plans for length in it.possible_length if length >= SHORT}:
        draw = random.Random(length)  # not for secrets: the same file each time
        numbers = (f"{draw.randrange(10**length):0{length}}" for _ in range(DRAWN))
        if sum(map(bool, map(pattern.fullmatch, numbers))) >= RARE * DRAWN:
            found.add(length)
    return found


def trunk_prefix(country: str) -> str:
    """Return what is dialled before a national number at home, as the library writes it."""
    for number in examples(country):
        dialled = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
        digits = re.sub("[^0-9]", "", dialled)
        prefix = digits.removesuffix(phonenumbers.national_significant_number(number))
        if prefix not in ("", digits):
            return prefix
    return plan(country).national_prefix or ""


def international_prefix(country: str) -> str:
    """Return what is dialled before a calling code, where it is one text and not 00."""
    metadata = plan(country)
    prefix = metadata.preferred_international_prefix or metadata.international_prefix or ""
    prefix = prefix.replace("~", "")
    return prefix if prefix.isdigit() and not "00".startswith(prefix) else ""


def formats() -> list[Format]:
    """Return the formats of all countries; those of one calling code have the same lengths."""
    by_code: dict[int, set[int]] = defaultdict(set)
    for country in phonenumbers.SUPPORTED_REGIONS:
        by_code[phonenumbers.country_code_for_region(country)] |= lengths(country)
    rows = []
    for written in sorted([*phonenumbers.SUPPORTED_REGIONS, *ALSO_WRITTEN]):
        country = ALSO_WRITTEN.get(written, written)
        code = phonenumbers.country_code_for_region(country)
        main = phonenumbers.region_code_for_country_code(code)
        rows.append(
            Format(
                written,
                code,
                trunk_prefix(main),
                international_prefix(country),
                " ".join(str(length) for length in sorted(by_code[code])),
                str(written == main).lower(),
            )
        )
    return rows


def write(path: Path = SEED) -> None:
    """Write the seed."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Format._fields)
        writer.writerows(formats())


if __name__ == "__main__":
    write()
