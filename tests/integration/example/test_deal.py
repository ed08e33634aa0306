"""Nobody who is not an insider gets or opens the deal before the public time.

The whole example month is sent to people of every standing, and every deal link that any of them
holds is opened at many instants.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.model.deal import Deal
from lovecampaign.core.clock import FixedClock
from lovecampaign.core.message import Message
from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose
from lovecampaign.delivery.base.sender import open_sender
from lovecampaign.delivery.loop.send import PassOptions, send_due
from lovecampaign.delivery.prepare.readiness import EditPolicy
from lovecampaign.providers.base.memory import MemoryProvider
from lovecampaign.render.model.formatting import LocalizedMoney
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.subscribers.suppressions import EVERY_LIST, unsubscribe
from tests.support.fast_databases import open_new_database
from tests.support.paths import REPOSITORY
from tests.support.serving import serving

ZONES = ("Pacific/Auckland", "Europe/Paris", "America/Los_Angeles", "")
LONG_AGO = datetime.fromisoformat("2027-01-10T12:00Z")
DAY_14 = datetime.fromisoformat("2027-02-14T12:00Z")
AFTER_LAUNCH = datetime.fromisoformat("2027-02-28T12:00Z")
#: By name: when they joined the readers and the insiders (None: never), confirmed or not.
INSIDERS = {
    "insider": (LONG_AGO, LONG_AGO),
    "insider-since-day-14": (LONG_AGO, DAY_14),
    "insider-only": (None, LONG_AGO),
    "late-insider": (DAY_14, datetime.fromisoformat("2027-02-27T20:00Z")),
}
OTHERS = {
    "reader": (LONG_AGO, None),
    "late-reader": (DAY_14, None),
    "too-late-insider": (LONG_AGO, AFTER_LAUNCH),
    "unconfirmed": (LONG_AGO, LONG_AGO),
    "left-insiders": (LONG_AGO, LONG_AGO),
    "left-everything": (LONG_AGO, LONG_AGO),
}


@dataclass
class Month:
    """The example month, sent."""

    settings: Settings
    database: Database
    campaign: Campaign
    clock: FixedClock
    #: Every message with the instant at which it left, by the first part of the address.
    messages: dict[str, list[tuple[datetime, Message]]] = field(default_factory=dict)

    @property
    def deal(self) -> Deal:
        assert self.campaign.insider_deal is not None
        return self.campaign.insider_deal

    def links(self) -> dict[str, list[int]]:
        """Ids of everybody's deliveries."""
        found: dict[str, list[int]] = {}
        query = sa.select(tables.subscriber.c.email, tables.delivery.c.id).join(
            tables.delivery, tables.delivery.c.subscriber_id == tables.subscriber.c.id
        )
        with self.database.read() as connection:
            for address, number in connection.execute(query.order_by(tables.delivery.c.id)):
                found.setdefault(address.partition("@")[0], []).append(number)
        return found

    def codes(self) -> Mapping[str, str]:
        query = sa.select(tables.subscriber.c.email, tables.deal_code.c.code).join(
            tables.deal_code, tables.deal_code.c.subscriber_id == tables.subscriber.c.id
        )
        with self.database.read() as connection:
            return {address.partition("@")[0]: code for address, code in connection.execute(query)}


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    workspace = tmp_path_factory.mktemp("example")
    for part in ("campaigns", "templates"):
        shutil.copytree(REPOSITORY / part, workspace / part)
    settings = Settings(workspace=workspace, secret_keys=("test-key",))
    campaign = load_campaign(workspace / "campaigns" / "customer-love", workspace).campaign
    assert campaign is not None
    database = open_new_database(settings)
    made = Month(settings, database, campaign, FixedClock(LONG_AGO))
    people = {**INSIDERS, **OTHERS}
    for number, name in enumerate(people):
        add(database, name, ZONES[number % len(ZONES)])
    play(made)
    yield made
    database.close()


def add(database: Database, name: str, zone: str) -> None:
    address = f"{name}@readers.example"
    values = {"address_key": address, "email": address, "timezone": zone, "fields": {}}
    with database.write() as connection:
        connection.execute(
            sa.insert(tables.subscriber).values(**values, created_at=LONG_AGO, updated_at=LONG_AGO)
        )


def join(database: Database, after: datetime, until: datetime) -> None:
    """Who joins a list in this time does so now: nobody is known to join in the future."""
    for name, places in {**INSIDERS, **OTHERS}.items():
        for list_name, since in zip(("readers", "insiders"), places, strict=True):
            if since is None or not after < since <= until:
                continue
            is_open = (name, list_name) == ("unconfirmed", "insiders")
            ids = sa.select(tables.subscriber.c.id).where(
                tables.subscriber.c.email == f"{name}@readers.example"
            )
            with database.write() as connection:
                connection.execute(
                    sa.insert(tables.membership).values(
                        list=list_name,
                        subscriber_id=ids.scalar_subquery(),
                        joined_at=since,
                        confirmed_at=None if is_open else since,
                    )
                )


def leave(database: Database) -> None:
    unsubscribe(database, "left-insiders@readers.example", DAY_14, lists=["insiders"])
    unsubscribe(database, "left-everything@readers.example", DAY_14, lists=[EVERY_LIST])


def play(month: Month) -> None:
    """Every pass of the month, each at the moment for which something is due."""
    provider = MemoryProvider()
    before, now = LONG_AGO - timedelta(days=1), datetime.fromisoformat("2027-01-31T12:00Z")
    with open_sender(month.settings, month.database, provider, month.clock) as sender:
        while True:
            join(month.database, before, now)
            if before < DAY_14 <= now:
                leave(month.database)
            month.clock.move_to(now)
            report = send_due(
                sender, month.campaign, PassOptions(on_edit=EditPolicy()), lambda _email: ()
            )
            for message in provider.sent:
                name = message.to.email.partition("@")[0]
                month.messages.setdefault(name, []).append((now, message))
            provider.sent.clear()
            if report.next_due is None:
                return
            joins = [at for places in (*INSIDERS.values(), *OTHERS.values()) for at in places if at]
            before, now = now, min([report.next_due, *(at for at in joins if at > now)])


def said(message: Message) -> str:
    return "\n".join((message.subject, message.text, message.html))


def instants(campaign: Campaign, deal: Deal) -> list[datetime]:
    second, hour = timedelta(seconds=1), timedelta(hours=1)
    return [
        DAY_14,
        *(deal.opens + step for step in (-second, timedelta(0), hour, 13 * hour)),
        *(campaign.launch.at + step for step in (-second, timedelta(0), 3 * hour)),
        *(deal.closes + step for step in (-second, timedelta(0), 24 * hour)),
    ]


def test_the_insiders_have_their_letters_and_the_others_have_theirs(month: Month) -> None:
    early = {
        name
        for name, sent in month.messages.items()
        if any("A day early" in m.subject for _, m in sent)
    }

    assert early == set(INSIDERS)
    assert set(month.messages) == set(INSIDERS) | set(OTHERS)


def printed(deal: Deal) -> str:
    """The deal's price as letters and pages print it."""
    return str(LocalizedMoney.of(deal.price, "en"))


def test_no_message_to_anybody_else_holds_a_code_or_the_price_of_the_deal(month: Month) -> None:
    codes, price = month.codes(), printed(month.deal)
    assert set(codes) == set(INSIDERS)

    for name in OTHERS:
        for _, message in month.messages[name]:
            assert price not in said(message), (name, message.subject)
            assert not any(code in said(message) for code in codes.values())


def test_no_insider_reads_the_code_of_another_or_anything_of_it_before_it_opens(
    month: Month,
) -> None:
    codes = month.codes()

    for name in INSIDERS:
        for at, message in month.messages[name]:
            found = {owner for owner, code in codes.items() if code in said(message)}
            assert found <= {name}
            if at < month.deal.opens:
                assert printed(month.deal) not in said(message)


def test_every_deal_link_of_everybody_opens_what_is_theirs_at_every_instant(month: Month) -> None:
    links, codes, deal = month.links(), month.codes(), month.deal
    price, launch = printed(deal), month.campaign.launch.at
    with serving(month.settings, month.database, month.clock) as served:
        for now in instants(month.campaign, deal):
            month.clock.move_to(now)
            for name, numbers in links.items():
                for number in {numbers[0], numbers[len(numbers) // 2], numbers[-1]}:
                    path = f"/d/{served.token(Purpose.DEAL, number)}"
                    page = served.get(path)
                    is_theirs = name in INSIDERS and deal.opens <= now < deal.closes
                    assert page.status == 200
                    shown = page.text.replace("\N{NO-BREAK SPACE}", " ")
                    assert (price in shown) == is_theirs, (name, now)
                    assert not any(code in page.text for code in codes.values())
                    if name in OTHERS:
                        answer = served.post(path, {"do": "claim"})
                        assert answer.headers["location"] == path, (name, now)
                        has_offer = 'href="https://bloom.example/year"' in page.text
                        assert has_offer == (now >= launch), (name, now)


def test_every_single_deal_link_of_the_others_is_shut_while_insiders_have_it_for_themselves(
    month: Month,
) -> None:
    links = month.links()
    month.clock.move_to(month.deal.opens + timedelta(hours=1))
    with serving(month.settings, month.database, month.clock) as served:
        for name in OTHERS:
            for number in links[name]:
                page = served.get(f"/d/{served.token(Purpose.DEAL, number)}")
                assert "Not open yet" in page.text, name
                assert not re.search(r"\bEUR\b|€", page.text)
