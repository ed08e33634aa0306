"""What a provider reports later finds its letter, settles doubts, suppresses, counts and brakes.

The same reports again, twice or in another order leave the same state behind.
"""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as trials
from hypothesis import strategies as st

from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose, RowKey, TokenSigner
from lovecampaign.delivery.provider_events import apply_reports
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.eligibility.eligibility import Eligibility
from lovecampaign.store.ledger.events import ProviderEvent
from lovecampaign.store.ledger.lookup import find_delivery
from lovecampaign.store.ledger.settle_by_event import settle_all_in_doubt_by_events
from lovecampaign.store.ledger.transactional_mail import TransactionalKind, queue_transactional
from lovecampaign.store.sending.in_doubt import make_due
from lovecampaign.store.sending.settle import Settlement, settle
from lovecampaign.store.signup.unsubscribe import unsubscribe_by_link
from lovecampaign.store.subscribers.erasure import forget
from lovecampaign.store.subscribers.records import read_events
from lovecampaign.store.tables import DeliveryState
from lovecampaign.testing.sendgrid_events import BLOCKED, make_event
from lovecampaign.web.serve.webhooks.sendgrid_parse import read_batch
from tests.integration.serve.support.letters import active_suppressions, delivery_of, rows_of
from tests.support.row_keys import key_of
from tests.support.stage import DAY_1, Stage

SIGNER = TokenSigner(("test-key",))
AT = DAY_1 + timedelta(minutes=5)
NOW = DAY_1 + timedelta(hours=2)
A_DAY = timedelta(days=1)


class Desk:
    """A campaign whose first letter went out to a few readers, and who hears what became of it."""

    def __init__(self, settings: Settings, database: Database, readers: int = 4) -> None:
        self.stage = Stage(settings, database, days=4)
        self.database = database
        self.people = self.stage.add_readers(readers)
        self.stage.send()
        self.letters = [delivery_of(database, "day-01", one) for one in self.people]

    def event(self, kind: str, who: int = 0, at: datetime = AT, **more: Any) -> dict[str, Any]:
        lc_id = SIGNER.sign(Purpose.DELIVERY, self.key(Purpose.DELIVERY, self.letters[who]))
        return make_event(kind, lc_id, f"reader{who + 1}@readers.example", at, **more)

    def key(self, purpose: Purpose, number: int) -> RowKey:
        return key_of(self.database, purpose, number)

    def read(self, *events: object) -> list[ProviderEvent]:
        return list(read_batch(json.dumps(events).encode(), SIGNER, NOW + 30 * A_DAY))

    def hear(self, *events: object, now: datetime = NOW) -> int:
        return self.take(self.read(*events), now)

    def take(self, reports: list[ProviderEvent], now: datetime = NOW) -> int:
        campaigns = {self.stage.campaign.id: self.stage.campaign}
        return apply_reports(self.database, reports, campaigns, "sendgrid", now)

    def put_in_doubt(self, *who: int) -> None:
        self.set_state(DeliveryState.IN_DOUBT, *who)

    def set_state(self, state: DeliveryState, *who: int) -> None:
        with self.database.write() as connection:
            connection.execute(
                sa.update(tables.delivery)
                .where(tables.delivery.c.id.in_([self.letters[one] for one in who]))
                .values(state=state.value, reason=None, detail=None)
            )

    def state(self, who: int = 0) -> tuple[str, str | None]:
        (row,) = rows_of(self.database, tables.delivery, id=self.letters[who])
        return row.state, row.reason

    def counts(self) -> tuple[int, int, int, int, int]:
        (row,) = rows_of(self.database, tables.email, key="day-01")
        return (
            row.accepted,
            row.hard_bounces,
            row.late_bounces,
            row.complaints,
            row.unsubscribes,
        )

    def suppressions(self, who: int = 0) -> set[tuple[str, str]]:
        return active_suppressions(self.database, f"reader{who + 1}@readers.example")

    def paused(self) -> str | None:
        (row,) = rows_of(self.database, tables.campaign)
        return None if row.paused_at is None else row.pause_reason

    def snapshot(self) -> object:
        """All that reports can change, without the numbers of rows and the times of hearing."""
        with self.database.read() as connection:
            events = connection.execute(
                sa.select(
                    tables.event.c.key,
                    tables.event.c.kind,
                    tables.event.c.at,
                    tables.event.c.delivery_id,
                    tables.event.c.subscriber_id,
                    tables.event.c.payload,
                )
            ).all()
            suppressions = connection.execute(
                sa.select(
                    tables.suppression.c.address_key,
                    tables.suppression.c.list,
                    tables.suppression.c.only_campaign,
                    tables.suppression.c.reason,
                    tables.suppression.c.source,
                    tables.suppression.c.at,
                )
            ).all()
            states = connection.execute(
                sa.select(tables.delivery.c.id, tables.delivery.c.state, tables.delivery.c.reason)
            ).all()
        return (
            sorted(map(repr, events)),
            sorted(map(repr, suppressions)),
            sorted(map(repr, states)),
            self.counts(),
            self.paused() is not None,
        )

    def start_again(self, doubtful: tuple[int, ...]) -> None:
        with self.database.write() as connection:
            connection.execute(sa.delete(tables.event))
            connection.execute(sa.delete(tables.suppression))
            connection.execute(sa.update(tables.campaign).values(paused_at=None))
            connection.execute(
                sa.update(tables.email).values(
                    accepted=4 - len(doubtful),
                    hard_bounces=0,
                    late_bounces=0,
                    complaints=0,
                    unsubscribes=0,
                )
            )
        self.set_state(DeliveryState.SENT, *range(4))
        self.put_in_doubt(*doubtful)


@pytest.fixture
def desk(settings: Settings, database: Database) -> Desk:
    return Desk(settings, database)


def test_an_event_finds_its_letter_and_its_reader(desk: Desk) -> None:
    assert desk.hear(desk.event("processed"), desk.event("delivered"), desk.event("open")) == 3

    events = read_events(desk.database, desk.people[0])
    assert {one.kind for one in events} == {"processed", "delivered", "opened"}
    assert {(one.at, one.email_key) for one in events} == {(AT, "day-01")}
    assert read_events(desk.database, desk.people[1]) == []


def test_a_history_tells_what_the_receiver_said(desk: Desk) -> None:
    desk.hear(desk.event("bounce"))

    (bounced,) = read_events(desk.database, desk.people[0])
    assert bounced.words == "550 5.1.1 <(address)> no such user"


def test_the_same_event_again_is_not_new(desk: Desk) -> None:
    event = desk.event("bounce")
    assert desk.hear(event, event) == 1
    before = desk.snapshot()

    assert desk.hear(event, now=NOW + A_DAY) == 0
    assert desk.snapshot() == before


def test_a_hard_bounce_suppresses_the_address_everywhere_and_is_counted_once(desk: Desk) -> None:
    desk.hear(desk.event("bounce"), desk.event("bounce", number=1))

    assert desk.suppressions() == {("", "hard_bounce")}
    assert desk.counts() == (4, 1, 1, 0, 0)
    assert desk.state() == ("sent", None)
    assert desk.suppressions(1) == set()


def test_a_complaint_suppresses_for_ever(desk: Desk) -> None:
    desk.hear(desk.event("spamreport"))

    assert desk.suppressions() == {("", "complaint")}
    assert desk.counts() == (4, 0, 0, 1, 0)


def test_leaving_a_group_leaves_the_lists_of_the_campaign_and_leaving_all_leaves_all(
    desk: Desk,
) -> None:
    desk.hear(desk.event("group_unsubscribe", 0), desk.event("unsubscribe", 1))

    assert desk.suppressions(0) == {("readers", "unsubscribed"), ("insiders", "unsubscribed")}
    assert desk.suppressions(1) == {("", "unsubscribed")}
    assert desk.counts() == (4, 0, 0, 0, 2)


def test_who_left_by_our_link_too_is_counted_once(desk: Desk) -> None:
    with desk.database.write() as connection:
        found = find_delivery(connection, desk.key(Purpose.LINKS, desk.letters[0]))
        assert found is not None
        unsubscribe_by_link(connection, found, ["readers"], AT)
    desk.hear(desk.event("unsubscribe"))

    assert desk.counts()[-1] == 0  # the page counts for itself


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        ("Bounced Address", "hard_bounce"),
        ("Spam Reporting Address", "complaint"),
        ("Unsubscribed Address", "unsubscribed"),
    ],
)
def test_a_drop_tells_what_the_provider_knows_of_the_address(
    desk: Desk, why: str, reason: str
) -> None:
    desk.hear(desk.event("dropped", reason=why))

    assert desk.suppressions() == {("", reason)}
    assert desk.state() == ("failed", "dropped")
    assert desk.counts() == (4, 0, 0, 0, 0)


def test_what_was_dropped_for_our_fault_suppresses_nobody_and_can_be_tried_again(
    desk: Desk,
) -> None:
    desk.hear(desk.event("dropped", reason="Recipient List over Package Quota"))
    assert desk.suppressions() == set()
    assert desk.state() == ("failed", "dropped")

    (row,) = rows_of(desk.database, tables.email, key="day-01")
    with desk.database.write() as connection:
        email = desk.stage.campaign.find_email("day-01")
        assert email is not None
        eligibility = Eligibility(
            campaign=desk.stage.campaign, email=email, campaign_id=row.campaign_id, now=NOW
        )
        retried = make_due(connection, eligibility, row.id, DeliveryState.FAILED, None)
    assert retried.number == 1
    desk.stage.send(NOW)
    assert desk.state() == ("sent", None)
    # An old report does not speak of the new try, and a new one does.
    desk.hear(desk.event("processed", at=NOW + timedelta(minutes=1)))
    assert desk.state() == ("sent", None)


def test_three_soft_bounces_on_different_days_rest_an_address_until_the_next_campaign(
    desk: Desk,
) -> None:
    same_day = [desk.event("bounce", number=n, at=AT, **BLOCKED) for n in range(5)]
    desk.hear(*same_day, desk.event("bounce", number=9, at=AT + A_DAY, **BLOCKED))
    assert desk.suppressions() == set()

    desk.hear(desk.event("bounce", number=10, at=AT + 2 * A_DAY, **BLOCKED), now=NOW + 2 * A_DAY)
    assert desk.suppressions() == {("", "soft_bounces")}
    (row,) = rows_of(desk.database, tables.suppression)
    assert row.only_campaign == desk.stage.campaign.id
    assert desk.counts() == (4, 0, 0, 0, 0)


def test_a_receiver_that_refuses_us_rests_nobody(desk: Desk) -> None:
    refusal: dict[str, Any] = {**BLOCKED, "bounce_classification": "Reputation"}
    desk.hear(*(desk.event("bounce", number=n, at=AT + n * A_DAY, **refusal) for n in range(4)))

    assert desk.suppressions() == set()


@pytest.mark.parametrize("kind", ["processed", "delivered", "deferred", "bounce", "open"])
def test_what_the_provider_reports_of_a_letter_in_doubt_it_has_taken(desk: Desk, kind: str) -> None:
    desk.put_in_doubt(0, 1)
    desk.hear(desk.event(kind))

    assert desk.state(0) == ("sent", None)
    assert desk.state(1) == ("in_doubt", None)
    assert desk.counts()[0] == 5  # each was counted when it was sent by this test's provider


def test_a_drop_settles_a_doubt_as_failed(desk: Desk) -> None:
    desk.put_in_doubt(0)
    desk.hear(desk.event("dropped", reason="Spam Content"), desk.event("processed"))

    assert desk.state() == ("failed", "dropped")


def test_an_unknown_event_settles_nothing(desk: Desk) -> None:
    desk.put_in_doubt(0)
    desk.hear(desk.event("group_resubscribe"), desk.event("open") | {"event": "news"})

    assert desk.state() == ("in_doubt", None)


def test_a_report_that_is_ahead_of_our_own_doubt_settles_it_too(desk: Desk) -> None:
    desk.set_state(DeliveryState.CLAIMED, 0)
    desk.hear(desk.event("delivered"))
    assert desk.state() == ("claimed", None)

    doubt = Settlement(
        delivery_id=desk.letters[0], subscriber_id=desk.people[0], state=DeliveryState.IN_DOUBT
    )
    with desk.database.write() as connection:
        settle(connection, [doubt], desk.stage.campaign.id, NOW)
    assert desk.state() == ("sent", None)


def test_the_next_pass_of_a_sender_settles_what_events_prove(desk: Desk) -> None:
    desk.hear(desk.event("delivered"), desk.event("dropped", 1, reason="Spam Content"))
    desk.put_in_doubt(0, 1, 2)  # written down at the same moment as the reports
    desk.stage.send(NOW)

    assert [desk.state(who) for who in range(3)] == [
        ("sent", None),
        ("failed", "dropped"),
        ("in_doubt", None),
    ]
    before = desk.snapshot()
    settle_all_in_doubt_by_events(desk.database, NOW)
    assert desk.snapshot() == before


def test_a_report_of_an_earlier_try_proves_nothing_about_this_one(desk: Desk) -> None:
    desk.put_in_doubt(0)
    desk.hear(desk.event("processed", at=AT - timedelta(hours=1)))

    assert desk.state() == ("in_doubt", None)


def test_mail_that_was_asked_for_is_settled_by_its_own_id(desk: Desk) -> None:
    with desk.database.write() as connection:
        (campaign,) = rows_of(desk.database, tables.campaign)
        asked = [
            queue_transactional(
                connection, TransactionalKind.CONFIRM, desk.people[0], campaign.id, {}, DAY_1
            )
            for _ in range(3)
        ]
        connection.execute(
            sa.update(tables.transactional).values(state=DeliveryState.IN_DOUBT.value)
        )
    tokens = [
        SIGNER.sign(Purpose.TRANSACTIONAL, desk.key(Purpose.TRANSACTIONAL, one)) for one in asked
    ]
    desk.hear(
        make_event("dropped", tokens[0], "reader1@readers.example", AT),
        make_event("processed", tokens[0], "reader1@readers.example", AT),
        make_event("bounce", tokens[1], "reader1@readers.example", AT),
    )

    rows = rows_of(desk.database, tables.transactional)
    assert [row.state for row in sorted(rows, key=lambda row: row.id)] == [
        "failed",
        "sent",
        "in_doubt",
    ]
    assert desk.suppressions() == {("", "hard_bounce")}
    assert len(read_events(desk.database, desk.people[0])) == 3


def test_a_new_address_that_does_not_exist_is_no_suppression_of_the_old_one(desk: Desk) -> None:
    with desk.database.write() as connection:
        (campaign,) = rows_of(desk.database, tables.campaign)
        asked = queue_transactional(
            connection, TransactionalKind.CHANGE_ADDRESS, desk.people[0], campaign.id, {}, DAY_1
        )
    token = SIGNER.sign(Purpose.TRANSACTIONAL, desk.key(Purpose.TRANSACTIONAL, asked))
    desk.hear(make_event("bounce", token, "new@readers.example", AT))

    assert rows_of(desk.database, tables.suppression) == []


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("bounce", "hard_bounce"),
        ("spamreport", "complaint"),
        ("unsubscribe", "unsubscribed"),
        ("dropped", "hard_bounce"),
    ],
)
def test_what_is_a_fact_of_an_address_counts_whosever_mail_it_was(
    desk: Desk, kind: str, reason: str
) -> None:
    """The account may send other mail; and to a complainer or a dead mailbox nobody may write."""
    elsewhere = TokenSigner(("another-workspace",)).sign(
        Purpose.DELIVERY, desk.key(Purpose.DELIVERY, desk.letters[0])
    )
    never_sent = SIGNER.sign(Purpose.DELIVERY, RowKey(10_000_000, 7))
    before = desk.counts()
    desk.hear(
        *(
            make_event(kind, token, f"Reader{who}@readers.example", AT, number=who)
            for who, token in enumerate((elsewhere, never_sent, ""), start=1)
        ),
        make_event(kind, "", "stranger@readers.example", AT),
    )

    rows = rows_of(desk.database, tables.event)
    assert [row.delivery_id for row in rows] == [None] * 4
    assert {row.subscriber_id for row in rows} == {*desk.people[:3], None}
    assert [desk.suppressions(who) for who in range(4)] == [{("", reason)}] * 3 + [set()]
    assert active_suppressions(desk.database, "stranger@readers.example") == set()
    assert desk.counts() == before  # no letter of ours is to blame


@pytest.mark.parametrize("kind", ["group_unsubscribe", "delivered", "processed", "click", "open"])
def test_what_is_about_other_mail_alone_changes_nothing_here(desk: Desk, kind: str) -> None:
    desk.hear(make_event(kind, "", "reader1@readers.example", AT))

    (row,) = rows_of(desk.database, tables.event)
    assert row.delivery_id is None
    assert rows_of(desk.database, tables.suppression) == []


def test_a_complaint_without_our_id_is_found_by_the_providers_and_counted(desk: Desk) -> None:
    with desk.database.write() as connection:
        connection.execute(sa.update(tables.delivery).values(provider_message_id="Xj5LmNkWSO"))
    late = make_event("spamreport", "", "reader2@readers.example", AT)
    desk.hear({**late, "sg_message_id": "Xj5LmNkWSO.recvd-85abf8d92c-1"})

    assert desk.suppressions(1) == {("", "complaint")}
    assert desk.counts()[3] == 1


def test_a_bounce_that_comes_without_our_id_is_found_by_the_providers_and_the_address(
    desk: Desk,
) -> None:
    with desk.database.write() as connection:
        connection.execute(sa.update(tables.delivery).values(provider_message_id="Xj5LmNkWSO"))
    late = make_event("bounce", "", "Reader2@readers.example", AT)
    late["sg_message_id"] = "Xj5LmNkWSO.recvd-85abf8d92c-1"
    other = {**late, "sg_message_id": "another.recvd-1", "sg_event_id": "other"}
    desk.hear(late, other)

    assert desk.suppressions(1) == {("", "hard_bounce")}
    rows = rows_of(desk.database, tables.event)
    assert {row.key: row.delivery_id for row in rows} == {
        late["sg_event_id"]: desk.letters[1],
        "other": None,
    }


def test_who_changed_their_address_keeps_the_new_one(desk: Desk) -> None:
    with desk.database.write() as connection:
        connection.execute(
            sa.update(tables.subscriber)
            .where(tables.subscriber.c.id == desk.people[0])
            .values(address_key="new@readers.example", email="new@readers.example")
        )
    desk.hear(desk.event("bounce"))

    assert desk.suppressions(0) == {("", "hard_bounce")}
    assert active_suppressions(desk.database, "new@readers.example") == set()


def test_who_came_back_after_it_happened_is_not_taken_off_by_hearing_of_it_late(
    desk: Desk,
) -> None:
    desk.hear(desk.event("unsubscribe"))
    with desk.database.write() as connection:
        connection.execute(
            sa.update(tables.suppression).values(lifted_at=AT + timedelta(minutes=30))
        )
    desk.hear(desk.event("unsubscribe", number=1, at=AT + timedelta(minutes=1)))
    assert desk.suppressions() == set()

    desk.hear(desk.event("unsubscribe", number=2, at=AT + timedelta(hours=1)))
    assert desk.suppressions() == {("", "unsubscribed")}


def test_forgetting_erases_what_events_said_and_later_ones_say_nothing(desk: Desk) -> None:
    desk.hear(desk.event("delivered"), desk.event("bounce"))
    forget(desk.database, "reader1@readers.example", NOW)
    desk.hear(desk.event("spamreport"), desk.event("bounce", number=1))

    rows = rows_of(desk.database, tables.event)
    assert [row.payload for row in rows] == [{}] * 4
    assert desk.suppressions() == set()


@pytest.mark.parametrize(
    ("kind", "number", "words"),
    [("bounce", 11, "11 hard bounces in 500"), ("spamreport", 1, "1 complaints in 500")],
)
def test_the_brake_pauses_at_a_share_of_500_deliveries_and_not_before(
    desk: Desk, kind: str, number: int, words: str
) -> None:
    events = [desk.event(kind, 0, number=n) for n in range(number)]
    with desk.database.write() as connection:
        connection.execute(sa.update(tables.email).values(accepted=499))
    desk.hear(*events[:1])
    assert desk.paused() is None

    with desk.database.write() as connection:
        connection.execute(
            sa.update(tables.email).values(
                accepted=500, hard_bounces=0, late_bounces=0, complaints=0
            )
        )
        if kind == "bounce":
            connection.execute(sa.update(tables.email).values(hard_bounces=9, late_bounces=9))
    desk.hear(desk.event(kind, 1))
    if kind == "bounce":
        assert desk.paused() is None  # ten of 500 are 2 %, and not over it
        desk.hear(desk.event(kind, 2))
    assert words in (desk.paused() or "")


MIXED_DROPS = ["Bounced Address", "Spam Content", "Unsubscribed Address"]
KINDS = ["processed", "delivered", "deferred", "dropped", "bounce", "blocked", "spamreport"]
one_event = st.tuples(
    st.sampled_from([*KINDS, "unsubscribe", "group_unsubscribe", "open", "news"]),
    st.integers(0, 3),
    st.integers(0, 3),
    st.sampled_from(MIXED_DROPS),
)


def _as_event(desk: Desk, drawn: tuple[str, int, int, str]) -> dict[str, Any]:
    kind, who, number, why = drawn
    at = AT + number * A_DAY
    if kind == "blocked":
        return desk.event("bounce", who, at, number=number + 10, **BLOCKED)
    if kind == "dropped":
        number += MIXED_DROPS.index(why) * 10
        return desk.event("dropped", who, at, number=number, reason=why)
    if kind == "news":
        return desk.event("open", who, at, number=number + 10) | {"event": "news"}
    return desk.event(kind, who, at, number=number)


@trials(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    drawn=st.lists(one_event, min_size=1, max_size=14),
    doubtful=st.sets(st.integers(0, 3)),
    seed=st.integers(0, 2**32),
)
def test_any_order_any_batches_and_any_repetition_end_in_the_same_state(
    desk: Desk, drawn: list[tuple[str, int, int, str]], doubtful: set[int], seed: int
) -> None:
    chance = random.Random(seed)
    reports = desk.read(*(_as_event(desk, one) for one in drawn))
    now = NOW + 10 * A_DAY
    desk.start_again(tuple(doubtful))
    desk.take(reports, now)
    in_order = desk.snapshot()

    desk.start_again(tuple(doubtful))
    shuffled = [*reports, *chance.choices(reports, k=len(reports))]
    chance.shuffle(shuffled)
    while shuffled:
        size = chance.randint(1, len(shuffled))
        desk.take(shuffled[:size], now)
        shuffled = shuffled[size:]
    assert desk.snapshot() == in_order
