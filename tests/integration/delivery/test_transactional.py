"""Mail that was asked for leaves at once, says what it should, and is never sent twice."""

from __future__ import annotations

import email
import email.policy
import re
import threading
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.clock import SystemClock
from lovecampaign.core.errors import ProviderRefused, Unreachable
from lovecampaign.core.message import FaultKind, Message, Outcome
from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose, RowKey, TokenSigner
from lovecampaign.delivery.base.sender import open_sender
from lovecampaign.delivery.loop.recovery import recover
from lovecampaign.delivery.transactional.welcome import check_welcome_edit
from lovecampaign.delivery.transactional.worker import (
    TransactionalPlan,
    TransactionalWorker,
    send_transactional,
)
from lovecampaign.providers.base.memory import MemoryProvider, Script
from lovecampaign.providers.base.outcomes import (
    NoConnection,
    Verdict,
    accepted,
    permanent,
    stop_the_run,
    transient,
    unknown,
)
from lovecampaign.providers.base.provider import FlightLog
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import pause
from lovecampaign.store.ledger.transactional_mail import (
    DESK_KINDS,
    TransactionalKind,
    queue_transactional,
)
from lovecampaign.store.sending.transactional_queue import list_transactional_in_doubt
from lovecampaign.store.signup.request import SignupOutcome
from tests.support.row_keys import key_of
from tests.support.signup import (
    ANA,
    apply,
    asked_rows,
    asked_states,
    confirm,
    record_of,
    rows_of,
    welcome,
)
from tests.support.stage import Stage

NOW = datetime(2027, 2, 5, 13, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    made = Stage(settings, database, days=7)
    made.clock.move_to(NOW)
    return made


class AwayProvider(MemoryProvider):
    """No connection to it can be had."""

    def send(self, messages: Iterable[Message], flight: FlightLog) -> Iterator[Outcome]:
        for message in messages:
            yield NoConnection(transient("no connection")).on(message)


def answer(stage: Stage, script: Script | None = None, at: datetime | None = None) -> list[Message]:
    """One pass of the post; returns what was accepted in it."""
    stage.provider = MemoryProvider(script) if script else MemoryProvider()
    stage.clock.move_to(at or stage.clock.now())
    with stage.sender() as sender:
        recover(sender)
        send_transactional(sender, [stage.campaign], lambda _campaign: lambda _email: ())
    return stage.memory.sent


def parsed(message: Message) -> EmailMessage:
    return email.message_from_bytes(message.raw, EmailMessage, policy=email.policy.default)


def load_broken(stage: Stage) -> Campaign:
    """The campaign as ``serve`` has it while a file of it has mistakes."""
    loaded = load_campaign(stage.folder, stage.settings.workspace)
    return loaded.campaign or stage.campaign


def ask_for(stage: Stage, kind: TransactionalKind, **payload: object) -> int:
    """Somebody known asks for a mail."""
    reader, record = stage.add_readers(1, name="known")[0], record_of(stage)
    with stage.database.write() as connection:
        return queue_transactional(connection, kind, reader, record.id, payload, NOW)


def test_a_confirmation_is_no_campaign_mail_and_its_link_confirms(stage: Stage) -> None:
    apply(stage, NOW)

    [sent] = answer(stage)

    mail = parsed(sent)
    assert mail["Auto-Submitted"] == "auto-generated"
    unwanted = {"list-id", "list-unsubscribe", "feedback-id", "precedence"}
    assert unwanted & {name.lower() for name in mail} == set()
    assert mail["To"] == ANA  # without the name that anybody could have typed
    found = re.search(r"http://127\.0\.0\.1:8028/confirm/(\S{32})", sent.text)
    assert found is not None
    signer = TokenSigner(stage.settings.secret_keys)
    [row] = asked_rows(stage.database)
    assert signer.verify(Purpose.CONFIRM, found[1]) == RowKey(row.id, row.nonce)
    assert signer.verify(Purpose.TRANSACTIONAL, sent.delivery_id) is not None
    assert asked_states(stage.database) == [("confirm", "sent")]


def test_a_server_that_is_away_costs_no_try(stage: Stage) -> None:
    apply(stage, NOW)
    for hour in range(10):
        stage.clock.move_to(NOW + hour * HOUR)
        stage.provider = AwayProvider()
        with (
            stage.sender() as sender,
            pytest.raises(Unreachable, match="cannot be reached: no connection"),
        ):
            send_transactional(sender, [stage.campaign], lambda _campaign: lambda _email: ())
    assert asked_states(stage.database) == [("confirm", "planned")]

    assert len(answer(stage)) == 1


def test_an_edited_welcome_counts_once_somebody_means_it(
    settings: Settings, database: Database
) -> None:
    text = "---\nsubject: Welcome\npreheader: You are in.\n---\nThe old words.\n"
    stage = Stage(settings, database, days=7, files={"welcome.md": text})
    readers = stage.add_readers(3)

    def welcome_next() -> str:
        welcome(stage, readers.pop(), NOW)
        [sent] = answer(stage, at=NOW)
        return sent.text

    def look(accepted_by: str | None) -> list[str]:
        with stage.sender() as sender:
            told = check_welcome_edit(sender, stage.campaign, accepted_by, lambda _email: ())
        return [problem.code for problem in told]

    assert "The old words." in welcome_next()
    stage.edit("welcome.md", "old words", "new words")
    assert look(None) == ["LC901"]
    assert "The old words." in welcome_next()
    assert look("ana") == []
    assert "The new words." in welcome_next()


def test_the_journal_of_a_server_that_runs_for_weeks_stays_short(stage: Stage) -> None:
    apply(stage, NOW)
    with stage.sender() as sender:
        journal = sender.owner.journal
        journal.longest_bytes = 1
        send_transactional(sender, [stage.campaign], lambda _campaign: lambda _email: ())
        assert asked_states(stage.database) == [("confirm", "sent")]
        assert not journal.is_long


def test_the_campaigns_own_confirmation_is_sent(settings: Settings, database: Database) -> None:
    text = '---\nsubject: "Our own words"\n---\n[[button: Yes | {{ links.confirm }}]]\n'
    stage = Stage(settings, database, days=7, files={"confirm.md": text})
    apply(stage, NOW)

    [sent] = answer(stage, at=NOW)

    assert sent.subject == "Our own words"


@pytest.mark.parametrize(
    "broken",
    [
        {"confirm.md": '---\nsubject: "{{ nobody.knows }}"\n---\nHi {% if %}\n'},
        {"confirm.md": "---\nsubject: Hi\ntemplate: missing\n---\nHi\n"},
    ],
)
def test_a_mistake_of_the_author_keeps_nobody_waiting(
    settings: Settings, database: Database, broken: dict[str, str]
) -> None:
    stage = Stage(settings, database, days=7)
    (stage.folder / "confirm.md").write_text(broken["confirm.md"])
    stage.campaign = load_broken(stage)
    apply(stage, NOW)

    [sent] = answer(stage, at=NOW)

    assert sent.subject == "Please confirm your address"
    assert "/confirm/" in sent.text


def test_not_even_a_broken_base_template_does(stage: Stage) -> None:
    apply(stage, NOW)
    for file in (stage.settings.workspace / "templates/email").glob("*.j2"):
        file.write_text("{% if %}")

    [sent] = answer(stage)

    assert "/confirm/" in sent.text


@pytest.mark.parametrize(
    "kind",
    [kind for kind in TransactionalKind if kind not in {TransactionalKind.CONFIRM, *DESK_KINDS}],
)
@pytest.mark.parametrize(
    ("language", "hello"), [("en", "Hello"), ("fr", "Bonjour"), ("pt-BR", "Olá")]
)
def test_every_kind_has_words_in_the_campaigns_language(
    settings: Settings, database: Database, kind: TransactionalKind, language: str, hello: str
) -> None:
    stage = Stage(settings, database, days=7, settings_={"language": language})
    transactional_id = ask_for(stage, kind)

    [sent] = answer(stage, at=NOW)

    assert hello in sent.text
    key = key_of(database, Purpose.MAILED, transactional_id)
    own_link = "/p/" + TokenSigner(settings.secret_keys).sign(Purpose.MAILED, key)
    has_link = kind not in (TransactionalKind.ALREADY_MEMBER, TransactionalKind.WAITLIST_PLACE)
    assert (own_link in sent.text) is has_link
    assert parsed(sent)["Auto-Submitted"] == "auto-generated"


def test_a_change_of_address_is_confirmed_at_the_new_one(stage: Stage) -> None:
    ask_for(stage, TransactionalKind.CHANGE_ADDRESS, to="new@reader.example")

    assert answer(stage, lambda _: permanent("no such user", FaultKind.RECIPIENT)) == []
    assert asked_states(stage.database) == [("change-address", "failed")]
    assert rows_of(stage.database, tables.suppression) == []  # the old address is as good as ever


def test_a_place_on_the_waiting_list_leads_to_the_persons_own_deal(stage: Stage) -> None:
    reader = stage.add_readers(1)[0]
    welcome(stage, reader, NOW)
    [row] = rows_of(stage.database, tables.delivery)
    ask_for(stage, TransactionalKind.WAITLIST_PLACE, delivery_id=row.id)

    sent = next(each for each in answer(stage) if each.to.email.startswith("known"))

    token = TokenSigner(stage.settings.secret_keys).sign(Purpose.DEAL, RowKey(row.id, row.nonce))
    assert f"/d/{token}" in sent.text


@pytest.mark.parametrize(
    ("language", "until"),
    [("en", "Friday 5 February 2027, 12:30 (New York time)"),
     ("fr", "vendredi 5 février 2027, 12:30 (New York)")],
)  # fmt: skip
def test_who_waited_reads_what_came_back_and_until_when_by_their_own_clock(
    settings: Settings, database: Database, language: str, until: str
) -> None:
    deal = {"quantity": 1, "when_gone": "waitlist"}
    choices = {"language": language, "deals": {"insider": deal}}
    stage = Stage(settings, database, days=7, settings_=choices)
    reader = stage.add_readers(1, zones=["America/New_York"])[0]
    kept_until = datetime(2027, 2, 5, 17, 30, tzinfo=UTC)
    record = record_of(stage)
    with stage.database.write() as connection:
        payload = {"deal": "insider", "until": kept_until.isoformat()}
        queue_transactional(
            connection, TransactionalKind.WAITLIST_PLACE, reader, record.id, payload, NOW
        )

    [sent] = answer(stage, at=NOW)

    assert stage.campaign.insider_deal is not None
    text = " ".join(sent.text.split())
    assert stage.campaign.insider_deal.title in text
    assert until in text
    assert until in " ".join(sent.html.split())


def test_what_is_refused_for_now_is_tried_again_with_the_same_bytes(stage: Stage) -> None:
    apply(stage, NOW)
    seen: list[bytes] = []

    def note(message: Message) -> Verdict:
        seen.append(message.raw)
        return transient("later") if len(seen) == 1 else accepted()

    answer(stage, note)
    assert asked_states(stage.database) == [("confirm", "planned")]
    answer(stage, note, NOW + 30 * timedelta(seconds=1))
    assert len(seen) == 1
    answer(stage, note, NOW + 2 * MINUTE)
    assert asked_states(stage.database) == [("confirm", "sent")]
    assert seen[0] == seen[1]


def test_an_address_that_does_not_exist_rests(stage: Stage) -> None:
    apply(stage, NOW)

    answer(stage, lambda _: permanent("no such user", FaultKind.RECIPIENT))

    assert asked_states(stage.database) == [("confirm", "failed")]
    assert apply(stage, NOW + HOUR) is SignupOutcome.BOUNCED


def test_what_is_in_doubt_is_not_sent_again_but_the_person_may_ask(stage: Stage) -> None:
    apply(stage, NOW)

    answer(stage, lambda _: unknown("the line went dead"))
    assert answer(stage, at=NOW + HOUR) == []
    with stage.database.read() as connection:
        [doubtful] = list_transactional_in_doubt(connection, stage.campaign.id)
    assert doubtful.address == ANA

    assert apply(stage, NOW + HOUR) is SignupOutcome.TO_CONFIRM
    assert len(answer(stage)) == 1


def test_a_refusal_of_us_as_a_whole_loses_nothing(stage: Stage) -> None:
    for number in range(3):
        apply(stage, NOW, address=f"person{number}@reader.example")

    with pytest.raises(ProviderRefused, match="bad key"):
        answer(stage, lambda _: stop_the_run("bad key"))
    assert len(answer(stage)) == 3


def test_a_pause_holds_the_welcome_and_not_the_confirmation(stage: Stage) -> None:
    reader = stage.add_readers(1)[0]
    welcome(stage, reader, NOW)
    apply(stage, NOW)
    record = record_of(stage)
    with stage.database.write() as connection:
        pause(connection, record.id, NOW, "the operator said so")

    assert [each.to.email for each in answer(stage)] == [ANA]
    assert stage.states("welcome") == {"planned": 1}


def test_the_welcome_goes_out_at_once_beside_the_letter_of_the_day(
    settings: Settings, database: Database
) -> None:
    stage = Stage(settings, database, days=7, quiet_hours="21:00-07:00")
    stage.add_readers(1, name="founder")
    stage.send(datetime(2027, 2, 1, 8, tzinfo=UTC))  # the month has begun
    late = datetime(2027, 2, 4, 23, tzinfo=UTC)  # midnight in Paris: quiet hours
    apply(stage, late)
    answer(stage, at=late)
    [asked] = asked_rows(database)
    confirm(stage, asked.id, late + MINUTE)
    welcome(stage, asked.subscriber_id, late + MINUTE)

    [welcomed] = answer(stage, at=late + MINUTE)

    assert welcomed.to.email == ANA
    assert "List-Unsubscribe" in parsed(welcomed)
    assert answer(stage, at=late + HOUR) == []
    stage.provider = MemoryProvider()
    stage.send(datetime(2027, 2, 5, 8, tzinfo=UTC))  # day 5, at nine in Paris
    assert ANA in stage.addresses()
    assert stage.states("day-05") == {"sent": 2}


def test_a_welcome_before_the_month_makes_nobody_a_late_joiner(
    settings: Settings, database: Database
) -> None:
    stage = Stage(settings, database, days=2, late_joiners="wait")
    early, ben = datetime(2027, 1, 20, 12, tzinfo=UTC), "ben@reader.example"
    for address, joined in ((ANA, early), (ben, early + HOUR)):
        apply(stage, joined, address)
        asked = asked_rows(database)[-1]
        confirm(stage, asked.id, joined)
        welcome(stage, asked.subscriber_id, joined)
        answer(stage, at=joined)
    stage.provider = MemoryProvider()
    stage.send(datetime(2027, 2, 1, 8, tzinfo=UTC))

    assert stage.states("welcome") == {"sent": 2}
    assert sorted(stage.addresses()) == [ANA, ben]


@pytest.mark.parametrize(
    ("policy", "hour", "holds_gift"),
    [
        ("from-today", 12, True),  # after nine in Paris: day 4 has gone out without them
        ("from-today", 7, False),  # before nine: it comes by itself
        ("from-day-1", 12, False),
        ("wait", 12, False),
    ],
)
def test_the_welcome_holds_the_gift_of_a_day_that_would_be_missed(
    settings: Settings, database: Database, policy: str, hour: int, *, holds_gift: bool
) -> None:
    stage = Stage(settings, database, days=7, late_joiners=policy)
    stage.add_readers(1, name="founder")
    for day in range(1, 5):
        stage.send(datetime(2027, 2, day, 8, tzinfo=UTC))
    joined = datetime(2027, 2, 5 if hour < 8 else 4, hour, tzinfo=UTC)
    apply(stage, joined)
    answer(stage, at=joined)
    [asked] = asked_rows(database)
    confirm(stage, asked.id, joined)
    welcome(stage, asked.subscriber_id, joined)

    [welcomed] = answer(stage, at=joined)

    assert ("This is the gift of day 4." in welcomed.text) is holds_gift
    assert "gift of day 5" not in welcomed.text
    stage.provider = MemoryProvider()
    stage.send(datetime(2027, 2, 5, 8, tzinfo=UTC))
    gets_day_5 = policy == "from-today"
    assert (ANA in [each.to.email for each in stage.memory.sent if "5" in each.subject]) is (
        gets_day_5
    )


def test_a_killed_sender_leaves_no_confirmation_lost_or_doubled(stage: Stage) -> None:
    """What the dead one wrote and heard is settled, what it never wrote goes out."""
    for number in range(5):
        apply(stage, NOW, address=f"person{number}@reader.example")
    got: list[str] = []

    class Dies(BaseException):
        pass

    def die_at_the_third(message: Message) -> Verdict:
        if len(got) == 2:
            raise Dies
        got.append(message.to.email)
        return accepted()

    with pytest.raises(Dies):
        answer(stage, die_at_the_third)
    stage.provider = MemoryProvider()
    later = answer(stage)

    got += [message.to.email for message in later]
    assert len(got) == len(set(got))
    states = [state for _, state in asked_states(stage.database)]
    # The third was being written: the way out of this test can tell that it never arrived.
    assert states == ["sent"] * 5


def test_the_post_says_that_the_provider_rejects_us_until_it_takes_mail_again(
    stage: Stage,
) -> None:
    stage.provider = MemoryProvider(lambda _: stop_the_run("535 wrong password"))
    reported = threading.Event()
    post = TransactionalWorker(
        plan=TransactionalPlan(
            open_sender=stage.sender,
            campaigns=lambda: [stage.campaign],
            check=lambda _campaign: lambda _email: (),
            on_outage=lambda _error: reported.set(),
            on_bug=lambda _error: None,
        )
    )
    apply(stage, NOW)
    with post.sending():
        assert reported.wait(5)
        assert "535 wrong password" in (post.why_waiting() or "")
        assert post.why_waiting(stage.campaign.id) == post.why_waiting()


def test_the_post_answers_within_a_moment_of_being_woken(stage: Stage) -> None:
    stage.provider = MemoryProvider()
    troubles: list[Unreachable] = []
    bugs: list[BaseException] = []
    post = TransactionalWorker(
        plan=TransactionalPlan(
            open_sender=lambda: open_sender(
                stage.settings, stage.database, stage.provider, SystemClock(), stop=post.stop
            ),
            campaigns=lambda: [stage.campaign],
            check=lambda _campaign: lambda _email: (),
            on_outage=troubles.append,
            on_bug=bugs.append,
        )
    )
    post.start()
    try:
        time.sleep(0.3)
        apply(stage, datetime.now(UTC))
        post.wake()
        until = time.monotonic() + 5
        while not stage.memory.sent and time.monotonic() < until:
            time.sleep(0.02)
        assert [message.to.email for message in stage.memory.sent] == [ANA]
        assert post.is_alive()
    finally:
        post.end()
    assert not post.is_alive()
    assert (troubles, bugs) == ([], [])
    with stage.database.read() as connection:
        open_owners = connection.execute(
            tables.owner.select().where(tables.owner.c.ended_at.is_(None))
        ).all()
    assert open_owners == []
