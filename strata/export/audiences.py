"""Who is in which audience, and by which address they may be reached."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from strata.errors import UserError
from strata.sql import identifier, literal
from strata.warehouse import reading

ADDRESS_OF_CHANNEL: Final = {"email": "email", "sms": "phone", "phone": "phone"}
"""By which address a channel reaches somebody; others, such as push, have none of ours."""


@dataclass(frozen=True)
class Member:
    """A customer in an audience, with the addresses that consent covers, and what is told."""

    customer_id: str
    email: str
    phone: str
    details: tuple[str, ...]


@dataclass(frozen=True)
class Audience:
    """Customers with the same tier, segment or action; or all with recommendations."""

    code: str
    label: str
    columns: tuple[str, ...]
    members: list[Member]


class Warehouse:
    """A build, opened for reading under its own name, for its views name themselves so."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._prefix = os.environ.get("STRATA_SCHEMA_PREFIX", "")

    def has(self, name: str) -> bool:
        """Say whether the build has a relation."""
        return bool(self._schemas(name))

    def relation(self, name: str) -> str:
        """Return the full name of a relation.

        Raises
        ------
        UserError
            If there is none, or several.
        """
        schemas = self._schemas(name)
        if len(schemas) != 1:
            raise UserError(f"the build has {len(schemas) or 'no'} relations {name}: `dbt build`")
        return identifier(schemas[0], name)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Return the rows of a query."""
        return self._connection.execute(sql).fetchall()

    def _schemas(self, name: str) -> list[str]:
        found = self._connection.execute(
            "select table_schema from information_schema.tables"
            " where table_name = ? and table_catalog = current_database()",
            [name],
        ).fetchall()
        return [it for (it,) in found if not self._prefix or it.startswith(self._prefix)]


@contextmanager
def opened(path: Path) -> Iterator[Warehouse]:
    """Open a warehouse file for reading."""
    with reading(path) as connection:
        yield Warehouse(connection)


def audiences(build: Warehouse, kind: str) -> list[Audience]:
    """Read the audiences of a kind, with everybody in them.

    Raises
    ------
    UserError
        If the build lacks what it takes: consents, or the marts of marketing.
    """
    build.relation("customer_tiers")
    consents = "int_customer_consents"
    if not build.has(consents) or not build.rows(f"from {build.relation(consents)} limit 1"):
        raise UserError(
            "nobody may be contacted: the build knows no consent (the raw table consents, and the"
            " wing marketing)"
        )
    member = {"tier": _by_class, "segment": _by_class, "action": _by_action}.get(kind, _by_products)
    return member(build, kind)


def erased_hashes(build: Warehouse) -> set[str]:
    """Return the salted hashes of the identifiers of erased persons."""
    rows = build.rows(
        f"select record_id from {build.relation('int_customers_unified')}"
        " where fate = 'erased_customer'"
        f" union select customer_key from {build.relation('int_customer_keys')}"
        " where fate = 'erased_customer'"
    )
    return {str(it) for (it,) in rows}


def hashes_of(build: Warehouse, customers: list[str]) -> dict[str, str]:
    """Return the salted hash of each identifier."""
    if not customers:
        return {}
    salt = literal(os.environ.get("STRATA_HASH_SALT") or "strata")
    listed = ", ".join(f"({literal(it)})" for it in customers)
    rows = build.rows(f"select id, sha256({salt} || id) from (values {listed}) as t (id)")
    return {str(customer): str(found) for customer, found in rows}


def _reachable(build: Warehouse) -> str:
    """Query: each customer's e-mail and phone, of the latest record that has one, by consent."""
    by_mail, by_phone = (
        ", ".join(literal(it) for it, way in ADDRESS_OF_CHANNEL.items() if way == address)
        for address in ("email", "phone")
    )
    newest = "order by checked.updated_at desc nulls last, checked.record_id"
    return f"""
        select
            unified.customer_id,
            case when bool_or(consents.by_mail) then
                first(contacts.contact_value {newest}) filter (contacts.contact_type = 'email')
            end as email,
            case when bool_or(consents.by_phone) then
                first(contacts.contact_value {newest}) filter (contacts.contact_type = 'phone')
            end as phone
        from {build.relation("int_customers_unified")} as unified
        inner join {build.relation("int_customers_checked")} as checked
            on unified.record_id = checked.record_id and not checked.is_superseded
        inner join {build.relation("int_contact_keys")} as contacts
            on unified.record_id = contacts.record_id
        inner join (
            select
                customer_id,
                bool_or(is_granted and channel in ({by_mail})) as by_mail,
                bool_or(is_granted and channel in ({by_phone})) as by_phone
            from {build.relation("int_customer_consents")}
            group by customer_id
        ) as consents on unified.customer_id = consents.customer_id
        where unified.fate = 'used'
        group by unified.customer_id
    """


def _gathered(build: Warehouse, columns: tuple[str, ...], sql: str) -> list[Audience]:
    """Make audiences of rows of code, label, customer, channel or null, and details."""
    rows = build.rows(
        f"""
        with reachable as ({_reachable(build)}),
        listed as ({sql})
        select
            listed.code,
            listed.label,
            listed.customer_id,
            coalesce(case when coalesce(listed.address, 'email') = 'email' then email end, ''),
            coalesce(case when coalesce(listed.address, 'phone') = 'phone' then phone end, ''),
            listed.* exclude (code, label, customer_id, address)
        from listed
        left join reachable on listed.customer_id = reachable.customer_id
        order by listed.code, listed.customer_id
        """
    )
    found: dict[str, Audience] = {}
    for code, label, customer, email, phone, *details in rows:
        audience = found.setdefault(str(code), Audience(str(code), str(label), columns, []))
        told = tuple("" if it is None else str(it) for it in details)
        audience.members.append(Member(str(customer), str(email), str(phone), told))
    return list(found.values())


def _by_class(build: Warehouse, kind: str) -> list[Audience]:
    catalogue, key = {
        "tier": ("tiers", "tier_code"),
        "segment": ("rfm_segment_labels", "segment_code"),
    }[kind]
    column = {"tier": "tier_code", "segment": "rfm_segment"}[kind]
    return _gathered(
        build,
        ("Tier", "RFM segment"),
        f"""
        select
            classes.{key} as code,
            classes.label_en as label,
            customers.customer_id,
            cast(null as text) as address,
            customers.tier_label_en,
            customers.rfm_segment
        from {build.relation("customer_tiers")} as customers
        inner join {build.relation(catalogue)} as classes on customers.{column} = classes.{key}
        """,
    )


def _by_action(build: Warehouse, _: str) -> list[Audience]:
    ways = " ".join(
        f"when {literal(channel)} then {literal(way)}"
        for channel, way in ADDRESS_OF_CHANNEL.items()
    )
    return _gathered(
        build,
        ("Tier", "Action", "Channel"),
        f"""
        select
            actions.action_code as code,
            actions.label_en as label,
            actions.customer_id,
            case actions.channel {ways} else 'none' end as address,
            customers.tier_label_en,
            actions.label_en as action,
            actions.channel
        from {build.relation("customer_actions")} as actions
        inner join {build.relation("customer_tiers")} as customers
            on actions.customer_id = customers.customer_id
        where actions.suppression_reason is null and actions.channel is not null
        """,
    )


def _by_products(build: Warehouse, _: str) -> list[Audience]:
    products = ", ".join(
        f"max(product_name) filter (rank = {place}) as product_{place}" for place in range(1, 6)
    )
    return _gathered(
        build,
        tuple(f"Product {place}" for place in range(1, 6)),
        f"""
        select
            'recommendations' as code,
            'Recommendations' as label,
            customer_id,
            cast(null as text) as address,
            {products}
        from {build.relation("customer_recommendations")}
        group by customer_id
        """,
    )
