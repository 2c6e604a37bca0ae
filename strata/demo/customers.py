"""Customer records: the raw table ``customers``, with several records for some persons."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strata.demo import geography
from strata.demo.arrays import Bools, Generator, Ints, draw, ids, moments, pick
from strata.demo.population import Population
from strata.demo.schema import SCHEMAS
from strata.demo.timeline import AS_OF_MINUTE, DAYS, FIRST_EPOCH_DAY, MINUTES_PER_DAY, utc_minutes

EXTRA_RECORD_SHARE: Final = 0.055
"""Share of the records that are second or third records of a person."""
THIRD_RECORD_SHARE: Final = 0.15
"""Share of these that are third records, linked to the second by phone."""
THIRD: Final = 2
"""Rank of a third record."""
LINKED_BY_EMAIL_SHARE: Final = 0.5
"""Share of the second records with the e-mail address of the first; the others share the phone."""
VARIED_EMAIL_SHARE: Final = 0.8
DASHED_PHONE_SHARE: Final = 0.1
SECOND_RECORD_DAYS: Final = (5, 400)
SOURCE_SYSTEMS: Final = ("webshop", "pos", "crm")
SOURCE_WEIGHTS: Final = (0.60, 0.25, 0.15)
ACQUISITION_CHANNELS: Final = (
    *("search", "social", "referral", "store", "marketplace", "campaign", None),
)
ACQUISITION_WEIGHTS: Final = (0.25, 0.20, 0.15, 0.18, 0.12, 0.08, 0.02)
GENDERS: Final = ("female", "male", "other", None)
GENDER_WEIGHTS: Final = (0.45, 0.44, 0.02, 0.09)
OCCUPATIONS: Final = (
    *("student", "engineer", "teacher", "office", "service"),
    *("manager", "self_employed", "retired", "farmer", "civil_servant", None),
)
OCCUPATION_WEIGHTS: Final = (0.13, 0.13, 0.07, 0.2, 0.12, 0.08, 0.08, 0.06, 0.03, 0.05, 0.05)
INCOME_BANDS: Final = ("low", "middle", "upper_middle", "high", None)
INCOME_WEIGHTS: Final = (0.22, 0.36, 0.18, 0.08, 0.16)
INDUSTRIES: Final = (
    *("manufacturing", "retail", "services", "technology", "education", "logistics"),
)
INDUSTRY_WEIGHTS: Final = (0.24, 0.22, 0.2, 0.16, 0.1, 0.08)
AGE_BOUNDS: Final = (16.0, 82.0)
BLANK_BIRTH_DATE_SHARE: Final = 0.10
BLANK_EMPLOYEES_SHARE: Final = 0.08
PARENT_SHARE: Final = 0.15
BLANK_EMAIL_SHARE: Final = 0.12
BLANK_PHONE_SHARE: Final = 0.10
PLACEHOLDER_SHARES: Final = (
    ("email", "unknown@example.com", 0.006),
    ("email", "n/a", 0.003),
    ("phone", "00000000", 0.006),
    ("phone", "n/a", 0.003),
)
MAILBOX_RECORDS: Final = 12
"""Unrelated records that share one e-mail address in each chunk of enough customers."""
SMALLEST_CHUNK_WITH_EXTRAS: Final = 200
TEST_SHARE: Final = 0.0015
UPDATED_DAYS: Final = 200
"""How long after the registration a record was last changed, at most."""
DELETED_SHARE: Final = 0.0025
FLAGGED_WEIGHTS: Final = (1.0, 6.0)
"""Range of the expected orders of test and deleted customers: some, but not the best."""
DELETED_DAYS: Final = 25
"""How long before the as-of day customers were deleted, at most."""

PHONE_PREFIXES: Final = ("128", "555", "010", "010", "128")
"""Area digits, dialled at home, that no real subscriber has; the numbers after them are unique."""
PHONE_PREFIXES_ABROAD: Final = ("+86 128", "+1 555", "+49 10", "+33 10", "+86 128")
PHONE_DIGITS: Final = (8, 7, 8, 7, 8)
PHONE_SCRAMBLER: Final = 7_654_321
"""Coprime to 10, so that multiplication permutes the numbers of a fixed length."""


@dataclass(frozen=True)
class Records:
    """Customer records of one chunk, in the order of their ids; shape (records,) each.

    Attributes
    ----------
    entity : Ints
        Entity of each record; ``rank`` is 0 for its first record, then 1, 2.
    email_of, phone_of : Ints
        Number of the record whose e-mail address or phone the record has.
    first_record : Ints
        Shape (entities,): the row of the first record of each entity.
    customer_id : Array
        Ids as text.
    """

    entity: Ints
    rank: Ints
    number: Ints
    registered_minute: Ints
    email_of: Ints
    phone_of: Ints
    is_linked: Bools
    first_record: Ints
    customer_id: pa.Array

    def __len__(self) -> int:
        return len(self.entity)

    def row_of(self, rank: int, entities: int) -> Ints:
        """Row of the record with a rank for each entity, -1 where there is none."""
        rows = np.full(entities, -1, dtype=np.int64)
        members = np.flatnonzero(self.rank == rank)
        rows[self.entity[members]] = members
        return rows


def extra_records(size: int) -> int:
    """Return how many of ``size`` records are second or third records."""
    return int(size * EXTRA_RECORD_SHARE)


def make_records(rng: Generator, population: Population, size: int, first_number: int) -> Records:
    """Give the entities ``size`` records, numbered by registration."""
    extra = size - len(population)
    thirds = int(extra * THIRD_RECORD_SHARE)
    order = rng.permutation(len(population))
    persons_first = order[np.argsort(population.is_business[order], kind="stable")]
    doubled = persons_first[: extra - thirds]
    entity = np.concatenate([np.arange(len(population)), doubled, doubled[:thirds]])
    rank = np.repeat([0, 1, 2], [len(population), extra - thirds, thirds])
    registered = utc_minutes(population.registered)[entity]
    registered += (rank * rng.integers(*SECOND_RECORD_DAYS, size)) * MINUTES_PER_DAY
    registered = np.minimum(registered, AS_OF_MINUTE - rng.integers(10, 3000, size))
    registered = np.maximum(registered, registered[entity] + rank)
    by_time = np.lexsort((entity, rank, registered))
    entity, rank, registered = entity[by_time], rank[by_time], registered[by_time]
    return _link(rng, entity, rank, registered, first_number)


def _link(rng: Generator, entity: Ints, rank: Ints, minute: Ints, first_number: int) -> Records:
    """Decide which records share an e-mail address or a phone number."""
    size = len(entity)
    number = first_number + np.arange(size)
    first, second = np.zeros((2, entity.max() + 1), dtype=np.int64)
    first[entity[rank == 0]] = np.flatnonzero(rank == 0)
    second[entity[rank == 1]] = np.flatnonzero(rank == 1)
    has_third = np.zeros(entity.max() + 1, dtype=bool)
    has_third[entity[rank == THIRD]] = True
    by_email = (rng.random(entity.max() + 1) < LINKED_BY_EMAIL_SHARE) | has_third
    email_of = np.where((rank == 1) & by_email[entity], number[first[entity]], number)
    phone_of = np.where((rank == 1) & ~by_email[entity], number[first[entity]], number)
    phone_of = np.where(rank == THIRD, number[second[entity]], phone_of)
    return Records(
        entity=entity,
        rank=rank,
        number=number,
        registered_minute=minute,
        email_of=email_of,
        phone_of=phone_of,
        is_linked=np.bincount(entity)[entity] > 1,
        first_record=first,
        customer_id=ids("customers", number),
    )


def customers_table(rng: Generator, population: Population, records: Records) -> pa.Table:
    """Return the raw table ``customers`` of one chunk."""
    entity, size = records.entity, len(records)
    business = population.is_business[entity]
    country, place = population.country[entity], population.place[entity]
    names = _Names(rng, population)
    email, phone = _contacts(rng, population, records, names)
    is_test, deleted = _flags(rng, population, records)
    source = (draw(rng, SOURCE_WEIGHTS, len(population))[entity] + records.rank) % len(
        SOURCE_SYSTEMS
    )
    updated = records.registered_minute + (
        rng.random(size) * UPDATED_DAYS * MINUTES_PER_DAY
    ).astype(int)
    updated = np.minimum(updated, AS_OF_MINUTE)
    deleted_at = AS_OF_MINUTE - rng.integers(1, DELETED_DAYS * MINUTES_PER_DAY, size)
    deleted_at = np.maximum(deleted_at, updated)
    columns = {
        "customer_id": records.customer_id,
        "source_system": pick(SOURCE_SYSTEMS, source),
        "email": email,
        "phone": phone,
        "full_name": names.full_name.take(pa.array(entity)),
        "customer_type": pick(("person", "business"), business.astype(np.int64)),
        "parent_customer_id": _parents(rng, population, records),
        **_person_columns(rng, population, entity),
        **_business_columns(rng, population, entity),
        "country": pick(geography.COUNTRIES, country),
        "region": pick([entry.region for entry in geography.PLACES], place),
        "city": pick([entry.city for entry in geography.PLACES], place),
        "acquisition_channel": pick(ACQUISITION_CHANNELS, draw(rng, ACQUISITION_WEIGHTS, size)),
        "registered_at": moments(records.registered_minute),
        "is_test": pa.array(is_test),
        "deleted_at": moments(deleted_at, ~deleted),
        "updated_at": moments(np.where(deleted, deleted_at, updated)),
    }
    ordered = {name: columns[name] for name in SCHEMAS["customers"].names}
    return pa.table(ordered, schema=SCHEMAS["customers"])


class _Names:
    """Names of the entities, in the script of their country, and an ASCII form for e-mail."""

    def __init__(self, rng: Generator, population: Population) -> None:
        size = len(population)
        chinese = np.isin(population.country, (geography.CHINA, geography.NOWHERE))
        business = population.is_business
        draws = rng.random((2, size))
        options = (
            (geography.CHINESE_SURNAMES, geography.CHINESE_GIVEN_NAMES, chinese & ~business),
            (geography.LATIN_GIVEN_NAMES, geography.LATIN_SURNAMES, ~chinese & ~business),
            (geography.CHINESE_COMPANY_STEMS, geography.CHINESE_COMPANY_KINDS, chinese & business),
            (geography.LATIN_COMPANY_STEMS, geography.LATIN_COMPANY_KINDS, ~chinese & business),
        )
        self.full_name = pa.nulls(size, pa.string())
        self.ascii = pa.nulls(size, pa.string())
        for first, second, members in options:
            self._write(first, second, members, draws)

    def _write(
        self,
        first: tuple[tuple[str, str], ...] | tuple[str, ...],
        second: tuple[tuple[str, str], ...] | tuple[str, ...],
        members: Bools,
        draws: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    ) -> None:
        """Write the names of the members from a first and a second part."""
        is_pair = isinstance(first[0], tuple)
        native, roman = [], []
        for one in first:
            for two in second:
                native.append(one[0] + two[0] if is_pair else f"{one} {two}")
                roman.append(f"{one[1]}.{two[1]}" if is_pair else f"{one}.{two}".lower())
        chosen = draws[:, members]
        codes = (chosen[0] * len(first)).astype(np.int64) * len(second)
        codes += (chosen[1] * len(second)).astype(np.int64)
        self.full_name = pc.replace_with_mask(
            self.full_name, pa.array(members), pick(native, codes)
        )
        self.ascii = pc.replace_with_mask(self.ascii, pa.array(members), pick(roman, codes))


def _contacts(
    rng: Generator, population: Population, records: Records, names: _Names
) -> tuple[pa.Array, pa.Array]:
    """Return e-mail and phone of each record, written differently on later records."""
    size = len(records)
    email = _emails(population, records, names)
    email = pc.if_else(
        pa.array((records.rank > 0) & (rng.random(size) < VARIED_EMAIL_SHARE)), _vary(email), email
    )
    phone = _phones(rng, population, records)
    blank = rng.random((2, size)) < np.asarray([[BLANK_EMAIL_SHARE], [BLANK_PHONE_SHARE]])
    blank &= ~records.is_linked
    email = pc.if_else(pa.array(blank[0]), pa.scalar(None, pa.string()), email)
    phone = pc.if_else(pa.array(blank[1]), pa.scalar(None, pa.string()), phone)
    return _placeholders(rng, records, email, phone)


def _emails(population: Population, records: Records, names: _Names) -> pa.Array:
    domains = ("example.cn", "example.com", "example.com", "example.com", "example.cn")
    domain = pick(domains, population.country[records.entity])
    name = names.ascii.take(pa.array(records.entity))
    owner = pa.array(records.email_of).cast(pa.string())
    local = pc.binary_join_element_wise(name, owner, "")
    return pc.binary_join_element_wise(local, domain, "@")


def _vary(email: pa.Array) -> pa.Array:
    """Write an e-mail address in capitals and with spaces around it."""
    return pc.binary_join_element_wise(" ", pc.utf8_upper(email), "  ", "")


def _phones(rng: Generator, population: Population, records: Records) -> pa.Array:
    """Write each phone in one of four formats, the last of them international."""
    country = population.country[records.entity]
    length = np.asarray(PHONE_DIGITS)[country]
    scrambled = records.phone_of * PHONE_SCRAMBLER % 10**length
    digits = pc.utf8_lpad(pa.array(scrambled).cast(pa.string()), 8, "0")
    short = pa.array(length == min(PHONE_DIGITS))
    digits = pc.if_else(short, pc.utf8_slice_codeunits(digits, 1), digits)
    prefix, abroad = pick(PHONE_PREFIXES, country), pick(PHONE_PREFIXES_ABROAD, country)
    head, tail = pc.utf8_slice_codeunits(digits, 0, 4), pc.utf8_slice_codeunits(digits, 4)
    written = pc.binary_join_element_wise(prefix, digits, "")
    variants = (
        pc.binary_join_element_wise(prefix, head, tail, "-"),
        pc.binary_join_element_wise(prefix, head, tail, " "),
        pc.binary_join_element_wise(" ", abroad, " ", head, "-", tail, ""),
    )
    style = np.where(records.rank > 0, rng.integers(1, 4, len(records)), 0)
    style = np.where(
        (records.rank == 0) & (rng.random(len(records)) < DASHED_PHONE_SHARE), 1, style
    )
    for code, variant in enumerate(variants, start=1):
        written = pc.if_else(pa.array(style == code), variant, written)
    return written


def _placeholders(
    rng: Generator, records: Records, email: pa.Array, phone: pa.Array
) -> tuple[pa.Array, pa.Array]:
    """Write placeholder values and the shared mailbox over unlinked records."""
    columns = {"email": email, "phone": phone}
    free = np.flatnonzero(~records.is_linked)
    if len(records) < SMALLEST_CHUNK_WITH_EXTRAS:
        return email, phone
    chosen = rng.permutation(free)
    mailbox = f"office{records.number[0]}@example.cn"
    shared = [("email", mailbox, MAILBOX_RECORDS)]
    shared += [
        (column, text, int(np.ceil(share * len(records))))
        for column, text, share in PLACEHOLDER_SHARES
    ]
    position = 0
    for column, text, count in shared:
        members = np.zeros(len(records), dtype=bool)
        members[chosen[position : position + count]] = True
        columns[column] = pc.if_else(pa.array(members), text, columns[column])
        position += count
    return columns["email"], columns["phone"]


def _flags(rng: Generator, population: Population, records: Records) -> tuple[Bools, Bools]:
    """Choose test and deleted records among single records of usual buyers."""
    size = len(records)
    flags = np.zeros((2, size), dtype=bool)
    if size >= SMALLEST_CHUNK_WITH_EXTRAS:
        low, high = FLAGGED_WEIGHTS
        weight = population.weight[records.entity]
        usual = ~records.is_linked & (weight > low) & (weight < high)
        candidates = rng.permutation(np.flatnonzero(usual))
        tests = int(np.ceil(size * TEST_SHARE))
        flags[0, candidates[:tests]] = True
        flags[1, candidates[tests : tests + int(np.ceil(size * DELETED_SHARE))]] = True
    return flags[0], flags[1]


def _parents(rng: Generator, population: Population, records: Records) -> pa.Array:
    """Let some businesses name an earlier business as their parent."""
    size = len(records)
    rows = np.flatnonzero(population.is_business[records.entity])
    if len(rows) == 0:
        return pa.nulls(size, pa.string())
    before = np.cumsum(population.is_business[records.entity]) - 1
    parent = rows[(rng.random(size) * np.maximum(before, 1)).astype(np.int64)]
    has_parent = np.zeros(size, dtype=bool)
    has_parent[rows[1:]] = rng.random(len(rows) - 1) < PARENT_SHARE
    return records.customer_id.take(pa.array(parent, mask=~has_parent))


def _person_columns(rng: Generator, population: Population, entity: Ints) -> dict[str, pa.Array]:
    """Draw the attributes of persons; they are those of the entity on each of its records."""
    size = len(population)
    business = population.is_business
    low, high = AGE_BOUNDS
    ages = low + (high - low) * rng.beta(1.8, 3.2, size)
    as_of = FIRST_EPOCH_DAY + DAYS - 1
    born = pa.array((as_of - ages * 365.25).astype(np.int32), pa.int32())
    no_birth = business | (rng.random(size) < BLANK_BIRTH_DATE_SHARE)
    born = pc.if_else(pa.array(no_birth), pa.scalar(None, pa.int32()), born)
    columns = {
        "birth_date": born.cast(pa.date32()),
        "gender": pick(GENDERS, draw(rng, GENDER_WEIGHTS, size), business),
        "occupation": pick(OCCUPATIONS, draw(rng, OCCUPATION_WEIGHTS, size), business),
        "income_band": pick(INCOME_BANDS, draw(rng, INCOME_WEIGHTS, size), business),
    }
    rows = pa.array(entity)
    return {name: values.take(rows) for name, values in columns.items()}


def _business_columns(rng: Generator, population: Population, entity: Ints) -> dict[str, pa.Array]:
    """Draw the attributes of businesses."""
    size = len(population)
    person = ~population.is_business
    employees = np.ceil(rng.lognormal(3.6, 1.4, size)).astype(np.int32)
    unknown = person | (rng.random(size) < BLANK_EMPLOYEES_SHARE)
    columns = {
        "industry": pick(INDUSTRIES, draw(rng, INDUSTRY_WEIGHTS, size), person),
        "employee_count": pa.array(employees, mask=unknown),
    }
    rows = pa.array(entity)
    return {name: values.take(rows) for name, values in columns.items()}
