"""Next best actions: all that can occur does in the demo, and drawn cases follow the prose.

The drawn project has several hundred customers, each with consents, contacts and orders around
the edges, under drawn rules, caps and cooldowns. What is held against the mart is written from the
words of the design, from the raw rows on.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from conftest import Project, copy_project, read_seed
from raw_data import Order, utc, write_csv
from reference import CODES, Rule, classify, first_match, rows_of_market, sentence

pytestmark = pytest.mark.slow

Seed = list[dict[str, str]]
AS_OF = date(2026, 6, 15)
AGE_BANDS = (
    "select customer_id, segment_code from intermediate.int_customer_attributes"
    " where attribute = 'age_band'"
)
ACTIONS = "select * from marts.customer_actions order by customer_id"
DRAW = 2
CUSTOMERS = 800
ACTIONS_DRAWN = 5
CHANNELS = ("email", "sms", "phone", "social", "push")
WINDOWS = {"24h": 1, "7d": 7, "30d": 30}
REASONS = ("no_consent", "frequency_cap", "cooldown", "control_group")
COUNTRIES = {"CN": "CN", "US": "US", "DE": "DE", "": "*"}
EDGES = (-1, 0, 0, 1, 1, 6, 7, 7, 8, 13, 14, 15, 29, 30, 30, 31, 60)


# The demo


@pytest.mark.parametrize(
    ("column", "seed"),
    [
        ("action_code", "actions"),
        ("trigger_code", "triggers"),
        ("suppression_reason", "suppression_reasons"),
        ("channel", "channels"),
        ("milestone_id", "milestones"),
    ],
)
def test_every_outcome_occurs_in_the_demo(demo_build: Project, column: str, seed: str) -> None:
    found = demo_build.query(f"select distinct {column} from marts.customer_actions")
    assert {it for (it,) in found} - {None} == {row[column] for row in read_seed(seed)}


def test_actions_of_the_demo_are_the_first_match(demo_build: Project) -> None:
    """From the history on; the milestones and browsed products have tests of their own."""
    rows = demo_build.records(
        "select history.*, happenings.milestones_reached, happenings.browse_events"
        " from marts.customer_tier_history as history"
        " inner join intermediate.int_customer_happenings as happenings using (customer_id)"
        " where history.is_current"
    )
    told = {row["customer_id"]: row for row in demo_build.records(ACTIONS)}
    assert len(rows) == len(told) > 1800
    for row in rows:
        happened = [row["tenure_days"], row["days_since_last_order"]]
        happened += [row["days_since_last_interaction"]]
        row["days_since_last_activity"] = min(it for it in happened if it is not None)
        row["potential_12m"] = cents(row["potential_12m"])
        row["trigger_code"] = classify("trigger_rules", row)["trigger_code"]
        rule = classify("action_rules", row)
        action = told[row["customer_id"]]
        expected = (row["trigger_code"], rule["rule_id"], rule["action_code"])
        assert (action["trigger_code"], action["rule_id"], action["action_code"]) == expected, row
        assert action["potential_12m"] == row["potential_12m"]


def test_the_sentence_tells_why(demo_build: Project) -> None:
    rules = {rule["rule_id"]: rule for rule in read_seed("action_rules")}
    channels = {row["channel"]: row["label_en"].lower() for row in read_seed("channels")}
    reasons = {it["suppression_reason"]: it["label_en"] for it in read_seed("suppression_reasons")}
    for row in demo_build.records(ACTIONS):
        told = row["explanation"]
        why = sentence(rules[row["rule_id"]], "action_code")
        assert f"rule {row['rule_id']}, {why}, asks for: {row['label_en']}" in told
        assert told.endswith(".")
        assert (row["channel"] is None) == (row["suppression_reason"] is not None)
        if row["channel"]:
            assert f"by {channels[row['channel']]}." in told
        else:
            assert f"not now, {reasons[row['suppression_reason']]}" in told


def cents(value: Any) -> Decimal | None:
    """Round a value to money, as the cast of the engine does."""
    if value is None:
        return None
    return Decimal(str(value)).quantize(Decimal("0.01"), "ROUND_HALF_UP")


# Drawn cases


@dataclass
class Drawn:
    """Drawn seeds and raw rows; a person has one or two records."""

    seeds: dict[str, Seed] = field(default_factory=dict)
    person_of: dict[str, str] = field(default_factory=dict)
    customers: dict[str, dict[str, str]] = field(default_factory=dict)
    records: list[tuple[Any, ...]] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    consents: list[tuple[str, str, str, datetime]] = field(default_factory=list)
    contacts: list[tuple[str, str, str, str, str, datetime]] = field(default_factory=list)

    def records_of(self, person: str) -> list[str]:
        """Return the raw identifiers of a person."""
        return [record for record, it in self.person_of.items() if it == person]


def drawn_rules(random: Random) -> Seed:
    """Draw action rules for all markets and for one alone; of few actions, which contacts meet."""
    columns = list(read_seed("action_rules")[0])
    actions = [row["action_code"] for row in read_seed("actions")][:ACTIONS_DRAWN]
    values = {
        code: [row[column] for row in read_seed(catalogue)]
        for code, (catalogue, column) in CODES["action_rules"].items()
    }
    rules: Seed = []
    for market, count in (("*", 24), ("US", 12)):
        for priority in range(count + 1):
            rule = dict.fromkeys(columns, "") | {"market": market, "priority": str(priority)}
            rule |= {"rule_id": f"{market}_{priority}", "action_code": random.choice(actions)}
            rule |= {"valid_from": "1970-01-01", "note": "drawn"}
            if priority < count:  # the last is the catch-all
                for code in random.sample(list(values), 1 + (priority < count / 2)):
                    rule[code] = random.choice(values[code])
                if random.random() < 0.3:
                    rule["potential_12m"] = f"{random.choice(('<', '<=', '>=', '>'))}5000.5"
                    rule["currency"] = "CNY"
                if random.random() < 0.2:
                    rule["valid_to"] = random.choice(("2026-06-15", "2026-06-16"))
            rules.append(rule)
    return random.sample(rules, len(rules))


def drawn_seeds(random: Random) -> dict[str, Seed]:
    """Draw what decides: rules, actions, their channels, caps, preferences, campaigns."""
    actions = [
        action
        | {"cooldown_days": str(random.choice((0, 7, 14, 30)))}
        | {"purpose": "service" if number % 3 == 0 else "commercial"}
        for number, action in enumerate(read_seed("actions"))
    ]
    action_channels = [
        {"action_code": action["action_code"], "channel": channel, "preference": str(preference)}
        for action in actions
        for preference, channel in enumerate(random.sample(CHANNELS, random.randint(2, 5)), 1)
    ]
    codes = [action["action_code"] for action in actions[:ACTIONS_DRAWN]]
    campaigns = [
        {
            "campaign_id": f"k{number}",
            "campaign_name": "drawn",
            "action_code": random.choice(codes),
            "purpose": random.choice(("commercial", "commercial", "service")),
            "conversion_days": str(random.choice((7, 14, 30))),
            "contact_cost": "0.10",
            "currency": "CNY",
        }
        for number in range(24)
    ]

    def cap(market: str, channel: str, begin: str, end: str = "") -> dict[str, str]:
        few = ("", "3", "4", "6") if channel == "*" else ("", "1", "1", "2")
        most = {f"max_contacts_{it}": random.choice(few) for it in WINDOWS}
        if channel == "phone":
            most["max_contacts_30d"] = "0"
        period = {"valid_from": begin, "valid_to": end, "note": "drawn"}
        return {"market": market, "channel": channel} | most | period

    policies = [cap("*", channel, "1970-01-01") for channel in random.sample(CHANNELS, 4)]
    policies += [cap("*", "*", "1970-01-01", "2026-06-15"), cap("*", "*", "2026-06-15")]
    policies += [cap("US", "*", "2026-06-15") | {"max_contacts_30d": "1"}]
    policies += [cap("US", "sms", "1970-01-01", "2026-06-16")]
    policies += [cap("US", "email", "2026-06-16"), cap("DE", "email", "1970-01-01", "2026-06-15")]
    bands = ("*", "18_24", "25_34", "65_plus", "unknown")
    kinds = [(kind, band) for kind in ("*", "person", "business") for band in bands]
    preferences = [
        {
            "customer_type": kind,
            "age_band": band,
            "channel": channel,
            "preference": str(preference),
            "note": "drawn",
        }
        for kind, band in random.sample(kinds, 7)
        for preference, channel in enumerate(random.sample(CHANNELS, random.randint(1, 3)), 1)
    ]
    return {
        "action_rules": drawn_rules(random),
        "actions": actions,
        "action_channels": action_channels,
        "campaigns": campaigns,
        "channel_policies": policies,
        "channel_preferences": preferences,
    }


def drawn_time(random: Random, days: int) -> datetime:
    """Draw a UTC time so many business days before the last, often the day's first or last."""
    minute = random.choice((0, 1439, random.randrange(1440)))
    return utc(AS_OF - timedelta(days=days), minute)


def drawn_orders(random: Random, customer_id: str) -> list[Order]:
    """Draw orders around the thresholds and days of the milestones, in the reporting currency."""
    count = random.choice((0, 0, 1, 2, 3, 4, 4, 5, 8, 9, 9, 10, 23, 24, 24))
    size = random.choice((100, 1_000, 2_000, 10_000, 25_000))
    late, silence = random.choice(((0, 0), (1, 0), (1, 0), (2, 0), (0, 150), (0, 400)))
    days = [random.choice((0, 29, 30, 31, random.randint(0, 60))) for _ in range(late)]
    days += [silence + random.choice((60, 100, 300, random.randint(31, 600))) for _ in range(count)]
    return [
        Order(
            f"o{customer_id}_{it}", customer_id, AS_OF - timedelta(days=day), amount=Decimal(size)
        )
        for it, day in enumerate(days)
    ]


def draw(seed: int) -> Drawn:
    """Draw a project."""
    random = Random(seed)
    drawn = Drawn(drawn_seeds(random))
    campaigns = [row["campaign_id"] for row in drawn.seeds["campaigns"]] + ["unlisted", ""]
    for number in range(CUSTOMERS):
        person = f"c{number:04}"
        country = random.choice((*COUNTRIES, "CN"))
        birth = random.choice(("", "2005-06-15", "1999-01-01", "1950-01-01", "1980-01-01"))
        registered = utc(AS_OF - timedelta(days=random.choice((5, 13, 14, 400, 800, 900))))
        kind = random.choice(("person", "person", "business", ""))
        drawn.customers[person] = {"customer_type": kind, "market": COUNTRIES[country]}
        records = [person, f"{person}_too"] if number % 5 == 0 else [person]
        for it, record in enumerate(records):  # the first registers first, and survives
            drawn.person_of[record] = person
            drawn.records.append(
                (record, kind, birth, country, f"{person}@x.org", registered + timedelta(hours=it))
            )
        drawn.orders += drawn_orders(random, random.choice(records))
        granting = random.choice((0.5, 0.8, 1))
        for channel in random.sample((*CHANNELS, "fax"), random.randint(1, 6)):
            for _ in range(random.choice((1, 1, 2, 3))):
                status = "granted" if random.random() < granting else "revoked"
                when = drawn_time(random, random.choice((-1, 0, 0, 1, 1, 9)))
                drawn.consents.append((random.choice(records), channel, status, when))
        for _ in range(random.choice((0, 1, 2, 4, 8))):
            drawn.contacts.append(
                (
                    f"n{len(drawn.contacts):05}",
                    random.choice(campaigns),
                    random.choice(records),
                    random.choice((*CHANNELS, *CHANNELS, "fax", "")),
                    random.choice(("true", "false", "false", "false", "")),
                    drawn_time(random, random.choice(EDGES)),
                )
            )
    return drawn


def business_day(moment: datetime) -> date:
    """Return the day in Shanghai."""
    return (moment + timedelta(hours=8)).date()


class Prose:
    """The words of the design, one customer at a time."""

    def __init__(self, drawn: Drawn):
        self.drawn = drawn
        self.seeds = drawn.seeds
        self.campaigns = {row["campaign_id"]: row for row in self.seeds["campaigns"]}
        self.actions = {row["action_code"]: row for row in self.seeds["actions"]}
        self.consents = defaultdict(list)
        self.contacts = defaultdict(list)
        self.orders = defaultdict(list)
        for record, channel, status, when in drawn.consents:
            if business_day(when) <= AS_OF:
                self.consents[drawn.person_of[record], channel].append((when, status))
        for _, campaign, record, channel, control, when in drawn.contacts:
            if business_day(when) <= AS_OF:
                ago = (AS_OF - business_day(when)).days
                contact = (campaign, channel, control == "true", ago)
                self.contacts[drawn.person_of[record]].append(contact)
        for order in drawn.orders:
            self.orders[drawn.person_of[order.customer_id]].append(order)

    def milestones(self, person: str) -> list[Rule]:
        """Return the milestones at whose threshold a person is, and was not within_days ago."""

        def value(measure: str, day: date) -> Decimal:
            amounts = [order.amount for order in self.orders[person] if order.day <= day]
            return (
                Decimal(len(amounts)) if measure == "lifetime_orders" else sum(amounts, Decimal())
            )

        return [
            it
            for it in read_seed("milestones")
            if value(it["measure"], AS_OF) >= Decimal(it["threshold"])
            and value(it["measure"], AS_OF - timedelta(days=int(it["within_days"])))
            < Decimal(it["threshold"])
        ]

    def has_consent(self, person: str, channel: str) -> bool:
        """Tell whether the last word on a channel is yes; of several at once each must be."""
        told = self.consents[person, channel]
        last = max((when for when, _ in told), default=None)
        return bool(told) and all(status == "granted" for when, status in told if when == last)

    def is_capped(self, person: str, market: str, channel: str) -> bool:
        """Tell whether one more contact would be one too many, by the channel or all together."""
        for scope in (channel, "*"):
            policies = [it for it in self.seeds["channel_policies"] if it["channel"] == scope]
            for policy in rows_of_market(policies, market, AS_OF):
                for window, days in WINDOWS.items():
                    most = policy[f"max_contacts_{window}"]
                    had = sum(
                        ago < days
                        and not control
                        and scope in (via, "*")
                        and self.campaigns.get(campaign, {}).get("purpose") != "service"
                        for campaign, via, control, ago in self.contacts[person]
                    )
                    if most and had >= int(most):
                        return True
        return False

    def preference(self, person: str, age_band: str, channel: str) -> float:
        """Return the place of a channel for a kind of customer; last without a row."""
        kind = self.drawn.customers[person]["customer_type"]
        fitting = [
            float(row["preference"])
            for row in self.seeds["channel_preferences"]
            if row["customer_type"] in ("*", kind or "unknown type")
            and row["age_band"] in ("*", age_band)
            and row["channel"] == channel
        ]
        return min(fitting, default=float("inf"))

    def decide(self, person: str, age_band: str, action_code: str) -> tuple[str | None, str | None]:
        """Return the channel of an action, or why there is none."""
        action, market = self.actions[action_code], self.drawn.customers[person]["market"]
        candidates = sorted(
            (self.preference(person, age_band, it["channel"]), int(it["preference"]), it["channel"])
            for it in self.seeds["action_channels"]
            if it["action_code"] == action_code
        )
        consented = [channel for *_, channel in candidates if self.has_consent(person, channel)]
        if not consented:
            return None, "no_consent"
        is_commercial = action["purpose"] == "commercial"
        free = [
            it for it in consented if not (is_commercial and self.is_capped(person, market, it))
        ]
        if not free:
            return None, "frequency_cap"
        same = [
            (control, ago, int(self.campaigns[campaign]["conversion_days"]))
            for campaign, _, control, ago in self.contacts[person]
            if campaign in self.campaigns and self.campaigns[campaign]["action_code"] == action_code
        ]
        if any(ago < int(action["cooldown_days"]) for control, ago, _ in same if not control):
            return None, "cooldown"
        if any(ago <= conversion_days for control, ago, conversion_days in same if control):
            return None, "control_group"
        return free[0], None

    def last_contact(self, person: str) -> date | None:
        """Return the day of the last contact of any kind."""
        days = [ago for *_, control, ago in self.contacts[person] if not control]
        return AS_OF - timedelta(days=min(days)) if days else None


def build(folder: Path, drawn: Drawn) -> Project:
    """Write drawn seeds and raw rows and make the mart."""
    missing = ["order_items", "refunds", "products", "web_events", "interactions", "feedback"]
    missing.append("erasure_requests")
    variables = {"missing_sources": missing, "as_of_date": AS_OF, "history_months": 1}
    project = copy_project(folder, variables)
    for name, rows in drawn.seeds.items():
        write_csv(project.seed(name), list(rows[0]), (list(row.values()) for row in rows))
    raw = project.root / "demo"
    columns = ("customer_id", "customer_type", "birth_date", "country", "email", "registered_at")
    write_csv(raw / "customers.csv", columns, drawn.records)
    write_csv(
        raw / "orders.csv",
        ("order_id", "customer_id", "ordered_at", "status", "currency", "amount"),
        (
            (order.order_id, order.customer_id, utc(order.day), "completed", "CNY", order.amount)
            for order in drawn.orders
        ),
    )
    write_csv(
        raw / "consents.csv", ("customer_id", "channel", "status", "changed_at"), drawn.consents
    )
    write_csv(
        raw / "campaign_contacts.csv",
        ("contact_id", "campaign_id", "customer_id", "channel", "is_control", "contacted_at"),
        drawn.contacts,
    )
    project.make("+customer_actions")
    return project


def test_drawn_actions_are_those_of_the_prose(tmp_path: Path) -> None:
    drawn = draw(DRAW)
    project = build(tmp_path, drawn)
    prose = Prose(drawn)
    history = {
        row["customer_id"]: row
        for row in project.records("select * from marts.customer_tier_history where is_current")
    }
    bands: dict[str, str] = dict(project.query(AGE_BANDS))
    rows = project.records(ACTIONS)
    assert [row["customer_id"] for row in rows] == sorted(drawn.customers)
    won: Counter[Any] = Counter(
        rules=len({row["rule_id"] for row in rows}),
        milestones=len({row["milestone_id"] for row in rows} - {None}),
    )
    for row in rows:
        person = row["customer_id"]
        today = history[person] | {"trigger_code": row["trigger_code"]}
        assert today["market"] == drawn.customers[person]["market"]
        reached = prose.milestones(person)
        highest = max(reached, key=lambda it: int(it["milestone_rank"]), default=None)
        assert row["milestone_id"] == (highest and highest["milestone_id"]), person
        assert (row["trigger_code"] == "milestone") == bool(reached), person

        measures = {code: today[code] for code in CODES["action_rules"]}
        measures["potential_12m"] = cents(today["potential_12m"])
        rules = rows_of_market(drawn.seeds["action_rules"], today["market"], AS_OF)
        rule = first_match(rules, measures)
        assert (row["rule_id"], row["action_code"]) == (rule["rule_id"], rule["action_code"]), row

        expected = prose.decide(person, bands[person], rule["action_code"])
        assert (row["channel"], row["suppression_reason"]) == expected, (person, row)
        assert row["last_contact_date"] == prose.last_contact(person)
        won.update(expected)
    assert all(won[it] >= 10 for it in (*REASONS, "email", "sms", "social", "push")), won
    assert won["rules"] > 15
    assert won["milestones"] == len(read_seed("milestones"))
