"""A letter is answered in its thread; nobody is asked to buy while an answer is owed."""

from __future__ import annotations

import email
from datetime import timedelta
from email import policy
from email.message import EmailMessage

import pytest
import sqlalchemy as sa

from lovecampaign.core.errors import ConfirmationNeeded
from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose
from lovecampaign.delivery.desk.write import NotToBeSent
from lovecampaign.providers.base.memory import MemoryProvider
from lovecampaign.providers.base.outcomes import unknown
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.dialogue.desk.cases import CaseStep
from lovecampaign.store.dialogue.desk.letters import LetterState, take_letter
from lovecampaign.store.dialogue.desk.waiting import close_unreachable, note_sent_answers
from lovecampaign.store.dialogue.stories.stories import (
    StoryDraft,
    approve,
    list_stories,
    save_answer,
)
from lovecampaign.store.ledger.lookup import find_delivery_of
from lovecampaign.store.ledger.settle_by_event import settle_transactional_by_events
from lovecampaign.store.subscribers.erasure import forget
from lovecampaign.store.subscribers.subject_access import export_personal_data
from tests.integration.desk.reply_desk import ANNA, ReplyDesk
from tests.integration.serve.support.letters import rows_of
from tests.support.row_keys import key_of
from tests.unit.delivery.inbox.mails import dsn

AN_HOUR = timedelta(hours=1)
BEA = "reader2@readers.example"


@pytest.fixture
def desk(settings: Settings, database: Database) -> ReplyDesk:
    """Two readers who got day 1."""
    desk = ReplyDesk(settings, database, days=1)
    desk.add_readers(2)
    desk.send()
    desk.clock.move_to(desk.now + 2 * AN_HOUR)
    return desk


def last_mail(desk: ReplyDesk) -> EmailMessage:
    message = email.message_from_bytes(desk.memory.sent[-1].raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def launch(desk: ReplyDesk) -> list[str]:
    """Who got the launch email in a pass at this moment."""
    before = len(desk.memory.sent)
    desk.send(desk.now)
    sent = desk.memory.sent[before:]
    return sorted(one.to_email for one in sent if "launch" in one.subject.lower())


def test_an_answer_goes_out_in_the_thread_from_the_person_without_list_headers(
    desk: ReplyDesk,
) -> None:
    one = desk.hear(
        "Where is my parcel?",
        Subject="AW: Re: Day 1",
        Message_ID="<one@mail.example>",
        References=f"<first@mail.example> <{desk.token()}@bloom.example>",
    )
    desk.answer(one, "Dear Anna,\n\nit left today.\n.\nAna")
    desk.deliver()

    mail = last_mail(desk)
    assert mail["To"].addresses[0].addr_spec == ANNA
    assert mail["From"].addresses[0].display_name == "Ana"
    assert mail["Subject"] == "Re: Day 1"
    assert mail["In-Reply-To"] == "<one@mail.example>"
    token = f"<{desk.token()}@bloom.example>"
    assert mail["References"].split() == ["<first@mail.example>", token, "<one@mail.example>"]
    assert [name for name in mail if name.startswith("List-") or name == "Precedence"] == []
    text = mail.get_body(("plain",))
    assert text is not None
    assert "it left today." in text.get_content()
    assert desk.reload(one).state is LetterState.ANSWERED


def test_a_reply_to_our_answer_is_a_new_letter_of_the_same_person(desk: ReplyDesk) -> None:
    one = desk.hear("Where is my parcel?")
    desk.answer(one, "It left today.")
    desk.deliver()
    ours = last_mail(desk)["Message-ID"]
    desk.clock.move_to(desk.now + AN_HOUR)

    again = desk.hear("It did not come.", In_Reply_To=ours, Message_ID="<two@mail.example>")

    assert again.id != one.id
    assert again.subscriber_id == one.subscriber_id
    assert again.state is LetterState.WAITING


def test_a_text_that_another_person_got_is_refused_and_nothing_is_queued(desk: ReplyDesk) -> None:
    first = desk.hear("Where is my parcel?")
    second = desk.hear("Is it vegan?", BEA, In_Reply_To="", Message_ID="<b@mail.example>")
    desk.answer(first, "Thank you for writing. We look into it!")

    with pytest.raises(NotToBeSent, match="another person got exactly this text"):
        desk.answer(second, "thank you for writing;  we look into it")
    desk.deliver()
    assert [row.state for row in rows_of(desk.database, tables.transactional)] == ["sent"]
    assert desk.reload(second).state is LetterState.WAITING


@pytest.mark.parametrize(
    "text",
    [
        "Sorry, but it\N{RIGHT SINGLE QUOTATION MARK}s always been done that way.",
        "Das ist NICHT mein  Problem!",
        "Ce n'est pas mon probleme.",
        "Das wurde schon immer so gemacht.",
        "Personne d'autre ne s\N{RIGHT SINGLE QUOTATION MARK}est plaint.",
        "Nadie más se ha quejado, señora.",
        "Si è sempre fatto così.",
        "Sempre fizemos assim.",
        "Niemand anders heeft geklaagd.",
    ],
)
def test_a_phrase_that_a_customer_must_never_hear_is_flagged(desk: ReplyDesk, text: str) -> None:
    one = desk.hear("Where is my parcel?")
    with pytest.raises(ConfirmationNeeded, match="must never hear"):
        desk.answer(one, text)
    desk.answer(one, text, accepts_phrases=True)


def test_one_person_has_a_letter_and_it_is_answered_once(desk: ReplyDesk) -> None:
    one = desk.hear("Where is my parcel?")
    with desk.database.write() as connection:
        assert take_letter(connection, one.id, "Ana", desk.now)
        assert not take_letter(connection, one.id, "Lucie", desk.now)
    with pytest.raises(NotToBeSent, match="Ana has that letter"):
        desk.answer(one, "It left today.", owner="Lucie")
    desk.answer(one, "It left today.")
    with pytest.raises(NotToBeSent, match="on its way"):
        desk.answer(one, "It left yesterday.")


def test_a_letter_from_another_address_is_shown_with_a_guess_and_belongs_to_nobody_else(
    desk: ReplyDesk,
) -> None:
    one = desk.hear("My sister forwarded this. Lovely!", "sister@elsewhere.example")

    assert one.guess == ANNA
    assert one.subscriber_id is None
    desk.answer(one, "How kind of her.")
    desk.deliver()
    assert desk.memory.sent[-1].to_email == "sister@elsewhere.example"
    answered = desk.reload(one)
    assert (answered.state, answered.guess) == (LetterState.ANSWERED, ANNA)


def test_an_answer_in_doubt_keeps_the_letter_waiting_until_an_event_proves_it(
    desk: ReplyDesk,
) -> None:
    one = desk.hear("Where is my parcel?")
    desk.provider = MemoryProvider(lambda _message: unknown("connection lost"))
    desk.answer(one, "It left today.")
    desk.deliver()
    assert desk.reload(one).state is LetterState.IN_DOUBT

    [row] = rows_of(desk.database, tables.transactional)
    with desk.database.write() as connection:
        settle_transactional_by_events(connection, [row.id], [], desk.now)
        note_sent_answers(connection, desk.now)
    assert desk.reload(one).state is LetterState.ANSWERED


@pytest.fixture
def at_launch(desk: ReplyDesk) -> ReplyDesk:
    desk.clock.move_to(desk.campaign.launch.at - AN_HOUR)
    return desk


def test_who_waits_gets_no_launch_email_until_the_answer_went_out(at_launch: ReplyDesk) -> None:
    desk = at_launch
    one = desk.hear("Where is my parcel?")
    desk.clock.move_to(desk.campaign.launch.at)
    assert launch(desk) == [BEA]

    desk.clock.move_to(desk.now + 2 * AN_HOUR)
    desk.answer(one, "It left today.")
    assert launch(desk) == []  # queued is not sent
    desk.deliver()
    desk.clock.move_to(desk.now + AN_HOUR)
    assert launch(desk) == [ANNA]


def test_a_letter_after_planning_holds_the_planned_row_and_lateness_ends_it(
    at_launch: ReplyDesk,
) -> None:
    desk = at_launch
    desk.clock.move_to(desk.campaign.launch.at - timedelta(minutes=1))
    desk.send(desk.now)  # plans the launch, which is not due yet
    one = desk.hear("Where is my parcel?")
    desk.clock.move_to(desk.campaign.launch.at + timedelta(minutes=1))

    assert launch(desk) == [BEA]
    assert desk.states("launch") == {"sent": 1, "planned": 1}

    desk.clock.move_to(desk.campaign.launch.at + desk.campaign.launch.late_after)
    assert launch(desk) == []
    assert desk.reasons("launch") == {"waiting_for_answer": 1}
    assert desk.reload(one).state is LetterState.WAITING


def test_no_ask_while_waiting_can_be_turned_off(settings: Settings, database: Database) -> None:
    choices = {"launch": {"no_ask_while_waiting": False}}
    desk = ReplyDesk(settings, database, days=1, settings_=choices)
    desk.add_readers(1)
    desk.send()
    desk.clock.move_to(desk.campaign.launch.at - AN_HOUR)
    desk.hear("Where is my parcel?")
    desk.clock.move_to(desk.campaign.launch.at)
    assert launch(desk) == [ANNA]


def test_a_case_closes_by_its_follow_through_alone_and_no_launch_comes_before(
    at_launch: ReplyDesk,
) -> None:
    desk = at_launch
    one = desk.hear("It arrived broken.")
    desk.answer(one, "Oh no. A new one is on its way.")
    desk.deliver()
    case = desk.open_case(one.subscriber_id or 0, one.id)
    desk.clock.move_to(desk.campaign.launch.at)
    assert launch(desk) == [BEA]

    with pytest.raises(NotToBeSent, match="comes first"):
        desk.follow_through(case, "Did it arrive?")
    desk.finish_steps(case)
    desk.follow_through(case, "Did the new one arrive, Anna?")
    assert desk.case(case.id).is_open
    desk.deliver()

    closed = desk.case(case.id)
    assert not closed.is_open
    assert closed.next_step is None
    mail = last_mail(desk)
    key = key_of(
        desk.database, Purpose.TRANSACTIONAL, rows_of(desk.database, tables.transactional)[-1].id
    )
    link = f"/p/{desk.signer.sign(Purpose.MAILED, key)}"
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body is not None
        assert link in body.get_content()
    desk.clock.move_to(desk.now + AN_HOUR)
    assert launch(desk) == [ANNA]


def test_forgetting_erases_letters_answers_and_cases(desk: ReplyDesk) -> None:
    one = desk.hear("My SECRET parcel is broken")
    desk.answer(one, "A SECRET answer")
    desk.deliver()
    person = one.subscriber_id or 0
    case = desk.open_case(person, one.id)
    with desk.database.read() as connection:
        data = export_personal_data(connection, person)
    assert [len(data[name]) for name in ("desk_letter", "desk_answer", "desk_case")] == [1, 1, 1]

    forget(desk.database, ANNA, desk.now)

    for table in tables.metadata.sorted_tables:
        assert "SECRET" not in repr(rows_of(desk.database, table))
        assert ANNA not in repr(rows_of(desk.database, table))
    assert not desk.case(case.id).is_open
    assert desk.case(case.id).about == ""


def test_the_button_of_a_last_message_is_in_the_readers_language(
    settings: Settings, database: Database
) -> None:
    desk = ReplyDesk(settings, database, days=1, settings_={"languages": ["en", "fr"]})
    [person] = desk.add_readers(1)
    with desk.database.write() as connection:
        connection.execute(sa.update(tables.subscriber).values(locale="fr-CA"))
    case = desk.open_case(person)
    desk.finish_steps(case)
    desk.follow_through(case, "C'est arrivé ?")
    desk.deliver()
    assert "Pas résolu\N{NARROW NO-BREAK SPACE}? Dites-le-nous" in desk.memory.sent[-1].text


def test_a_stop_that_stops_nothing_waits_on_the_desk_with_a_guess(desk: ReplyDesk) -> None:
    one = desk.hear("Stop.", "alias@elsewhere.example")

    assert (one.text, one.guess, one.subscriber_id) == ("Stop.", ANNA, None)
    assert one.state is LetterState.WAITING
    desk.hear("Stop.")
    assert len(desk.letters()) == 1  # that one left the lists, and needs no answer


def test_an_answer_that_comes_back_reopens_its_letter(desk: ReplyDesk) -> None:
    one = desk.hear("Where is my parcel?")
    desk.answer(one, "It left today.")
    desk.deliver()
    token = last_mail(desk)["X-Lovecampaign-Delivery"]
    report = dsn(reply="552 5.2.2 Mailbox full", status="5.2.2", email=ANNA, token=token)
    desk.take(report, report)

    assert desk.reload(one).state is LetterState.FAILED
    desk.answer(one, "It left today, in a blue box.")
    desk.deliver()
    assert desk.reload(one).state is LetterState.ANSWERED


def test_a_last_message_that_comes_back_reopens_its_case(at_launch: ReplyDesk) -> None:
    desk = at_launch
    one = desk.hear("It arrived broken.")
    desk.answer(one, "Oh no. A new one is on its way.")
    case = desk.open_case(one.subscriber_id or 0, one.id)
    desk.finish_steps(case)
    for words, reply in (
        ("Did it arrive?", "552 5.2.2 Mailbox full"),
        ("Did the new one arrive?", "550 5.1.1 User unknown"),
    ):
        desk.follow_through(desk.case(case.id), words)
        desk.deliver()
        assert not desk.case(case.id).is_open
        with desk.database.write() as connection:
            assert not close_unreachable(connection, case.id, "by telephone", desk.now)
        token = last_mail(desk)["X-Lovecampaign-Delivery"]
        report = dsn(reply=reply, status=reply[4:9], email=ANNA, token=token)
        desk.take(report.replace(b"Message-ID: <2027", f"Message-ID: <{len(words)}".encode()))

        step = desk.case(case.id).next_step
        assert step is not None
        assert step.step is CaseStep.FOLLOW_THROUGH
    desk.clock.move_to(desk.campaign.launch.at)
    assert launch(desk) == [BEA]

    with desk.database.write() as connection:
        assert close_unreachable(connection, case.id, "by telephone", desk.now)
    assert [step.note for step in desk.case(case.id).steps] == [*[""] * 4, "by telephone"]


def test_a_report_on_an_older_try_leaves_what_arrived_since(desk: ReplyDesk) -> None:
    one = desk.hear("Where is my parcel?")
    working = desk.provider
    desk.provider = MemoryProvider(lambda _message: unknown("connection lost"))
    desk.answer(one, "It left today.")
    desk.deliver()
    desk.provider = working
    desk.answer(one, "It left today, in a blue box.")
    desk.deliver()
    first = min(rows_of(desk.database, tables.transactional), key=lambda row: row.id)
    key = key_of(desk.database, Purpose.TRANSACTIONAL, first.id)
    token = desk.signer.sign(Purpose.TRANSACTIONAL, key)
    desk.take(dsn(reply="552 5.2.2 Mailbox full", status="5.2.2", email=ANNA, token=token))

    assert desk.reload(one).state is LetterState.ANSWERED


def test_a_hero_whose_mail_comes_back_counts_as_not_told(desk: ReplyDesk) -> None:
    draft = StoryDraft(text="A fig.", name="Anna", in_letter=True, on_wall=True, in_social=False)
    with desk.database.write() as connection:
        row = connection.execute(sa.select(tables.delivery)).first()
        assert row is not None
        found = find_delivery_of(connection, row.email_id, row.subscriber_id)
        assert found is not None
        save_answer(connection, found, "day-01", "Which plant?", draft, desk.now)
        [story] = list_stories(connection, row.campaign_id)
        approve(connection, story, desk.now)
    desk.deliver()
    mail = last_mail(desk)
    desk.take(dsn(email=str(mail["To"]), token=mail["X-Lovecampaign-Delivery"]))

    with desk.database.read() as connection:
        [story] = list_stories(connection, row.campaign_id)
    assert not story.is_told


def test_a_name_alone_is_shown_as_a_guess_and_attributed_to_no_one(desk: ReplyDesk) -> None:
    with desk.database.write() as connection:
        connection.execute(
            sa.update(tables.subscriber)
            .where(tables.subscriber.c.email == ANNA)
            .values(first_name="Anna", last_name="Keller")
        )
    one = desk.hear("Hello!", "Anna Keller <anna@work.example>", In_Reply_To="")

    assert (one.guess, one.subscriber_id, one.email) == (ANNA, None, "anna@work.example")
