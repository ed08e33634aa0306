"""Mail that came back settles, suppresses, counts and brakes; taken in twice it counts once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose
from lovecampaign.delivery.inbox.match import match_mail
from lovecampaign.delivery.inbox.sort_files import FiledMail
from lovecampaign.delivery.inbox.sorting.sort import sort_mail
from lovecampaign.delivery.inbox.take_in import is_matched, take_in
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.incoming import read_letters
from lovecampaign.store.subscribers.change_address import move_address
from lovecampaign.store.subscribers.erasure import forget
from lovecampaign.store.subscribers.records import read_events
from lovecampaign.store.subscribers.subject_access import export_personal_data
from lovecampaign.store.tables import DeliveryState
from tests.integration.delivery.test_provider_events import A_DAY, NOW, SIGNER, Desk
from tests.integration.serve.support.letters import active_suppressions, rows_of
from tests.unit.delivery.inbox.mails import dsn, file_part, letter, letter_with_files

READER = "reader1@readers.example"


class Inbox(Desk):
    """The desk, hearing by mail."""

    def token(self, who: int = 0) -> str:
        return SIGNER.sign(Purpose.DELIVERY, self.key(Purpose.DELIVERY, self.letters[who]))

    def take_mail(self, *raw: bytes) -> int:
        """Returns how many were new."""
        filed = [FiledMail(file="", mail=sort_mail(one)) for one in raw]
        with self.database.read() as connection:
            matches = match_mail(connection, SIGNER, filed)
        self.matched = [is_matched(one) for one in matches]
        self.kinds = [one.filed.mail.kind.value for one in matches]
        campaigns = {self.stage.campaign.id: self.stage.campaign}
        return len(take_in(self.database, matches, campaigns, NOW + 30 * A_DAY))

    def bounce(self, who: int = 0, **fields: str) -> bytes:
        email = fields.pop("email", f"reader{who + 1}@readers.example")
        return dsn(token=self.token(who), email=email, **fields)

    def reply(self, text: str, who: int = 0, **headers: str) -> bytes:
        headers = {
            "From": f"reader{who + 1}@readers.example",
            "In-Reply-To": f"<{self.token(who)}@bloom.example>",
            **headers,
        }
        return letter(text, **headers)


@pytest.fixture
def inbox(settings: Settings, database: Database) -> Inbox:
    return Inbox(settings, database, readers=2)


def test_a_hard_bounce_suppresses_counts_and_is_one_however_often_it_is_taken_in(
    inbox: Inbox,
) -> None:
    assert inbox.take_mail(inbox.bounce()) == 1
    assert inbox.take_mail(inbox.bounce(), inbox.bounce()) == 0

    assert inbox.suppressions() == {("", "hard_bounce")}
    assert inbox.counts()[1:3] == (1, 1)
    assert len(rows_of(inbox.database, tables.incoming_mail)) == 1


def test_a_report_settles_a_delivery_in_doubt(inbox: Inbox) -> None:
    inbox.put_in_doubt(0)
    inbox.take_mail(inbox.bounce(action="delayed", status="4.4.1", reply="450 4.4.1 busy"))

    assert inbox.state()[0] == DeliveryState.SENT


def test_a_report_that_names_no_message_of_ours_changes_nothing(inbox: Inbox) -> None:
    """Anybody who knows an address can write one."""
    assert inbox.take_mail(dsn(email="reader1@readers.example")) == 1

    assert inbox.suppressions() == set()
    assert inbox.matched == [False]


def test_three_soft_bounces_on_different_days_rest_the_address_and_blocks_do_not(
    inbox: Inbox,
) -> None:
    for day in ("2", "3", "4"):
        full = inbox.bounce(reply="552 5.2.2 Mailbox full", status="5.2.2")
        blocked = inbox.bounce(1, reply="550 5.7.1 Blocked by spamhaus", status="5.7.1")
        inbox.take_mail(
            *(one.replace(b"1 Feb 2027", f"{day} Feb 2027".encode()) for one in (full, blocked))
        )
    assert [reason for _, reason in inbox.suppressions()] == ["soft_bounces"]
    assert inbox.suppressions(1) == set()


def test_a_complaint_suppresses_everywhere(inbox: Inbox) -> None:
    report = inbox.bounce(form="feedback-report").replace(
        b"Reporting-MTA", b"Feedback-Type: abuse\nReporting-MTA"
    )
    inbox.take_mail(report)

    assert inbox.suppressions() == {("", "complaint")}
    assert inbox.counts()[3] == 1


def test_a_reply_that_says_stop_leaves_the_lists_of_its_campaign(inbox: Inbox) -> None:
    inbox.take_mail(inbox.reply("Stop, please"))

    assert {reason for _, reason in inbox.suppressions()} == {"unsubscribed"}
    assert {name for name, _ in inbox.suppressions()} >= set(inbox.stage.campaign.lists)
    assert ("", "unsubscribed") not in inbox.suppressions()
    assert inbox.counts()[4] == 1


def test_the_address_in_list_unsubscribe_works_from_any_address(inbox: Inbox) -> None:
    mail = letter("", From="other@mail.example", Subject=f"unsubscribe {inbox.token()}")
    inbox.take_mail(mail)

    assert {reason for _, reason in inbox.suppressions()} == {"unsubscribed"}


def test_a_friend_with_a_forwarded_letter_stops_nothing_and_is_never_taken_for_the_subscriber(
    inbox: Inbox,
) -> None:
    stop = inbox.reply("stop", From="friend@mail.example")
    words = inbox.reply("Lovely!", From="friend@mail.example", Message_ID="<2@mail.example>")
    inbox.take_mail(stop, words)

    assert inbox.suppressions() == set()
    assert inbox.matched == [False, False]
    assert read_letters(inbox.database, inbox.people[0], READER) == []


@pytest.mark.parametrize("names_anothers_letter", [False, True])
def test_a_stop_that_names_no_letter_to_its_writer_counts_for_their_address(
    inbox: Inbox, *, names_anothers_letter: bool
) -> None:
    stop = letter("Stop", From="Reader1@readers.example")
    if names_anothers_letter:
        stop = inbox.reply("Stop", who=1, From="reader1@readers.example")
    inbox.take_mail(stop)

    assert inbox.suppressions(0) == {("", "unsubscribed")}
    assert inbox.suppressions(1) == set()
    assert inbox.matched == [False]
    (event,) = read_events(inbox.database, inbox.people[0])
    assert (event.kind, event.words[:27]) == ("unsubscribed", "by a mail from this address")


def test_a_letter_is_kept_with_its_subscriber_until_they_are_forgotten(inbox: Inbox) -> None:
    inbox.take_mail(inbox.reply("A tulip\0 and a rose", Subject="Re: Day 1"))
    ((_, kind, words),) = read_letters(inbox.database, inbox.people[0], READER)
    assert (kind, words) == ("letter", "A tulip and a rose")

    forget(inbox.database, "reader1@readers.example", NOW)

    (row,) = rows_of(inbox.database, tables.incoming_mail)
    assert (row.text, row.subject, row.address_key, row.detail) == ("", "", "", "")
    assert inbox.take_mail(inbox.reply("A tulip\0 and a rose", Subject="Re: Day 1")) == 0


def test_a_letters_file_is_stored_told_to_its_writer_and_erased(inbox: Inbox) -> None:
    inbox.take_mail(
        letter_with_files("Look", file_part("tulip.jpg", b"\0\xff"), From=f"Ana <{READER}>")
    )
    (file,) = rows_of(inbox.database, tables.incoming_attachment)
    assert (file.name, file.type, file.size, file.content) == (
        "tulip.jpg", "image/jpeg", 2, b"\0\xff",
    )  # fmt: skip
    with inbox.database.read() as connection:
        told = export_personal_data(connection, inbox.people[0])
    assert [one["content"] for one in told["incoming_attachment"]] == ["AP8="]
    assert [one["from_name"] for one in told["incoming_mail"]] == ["Ana"]

    forget(inbox.database, READER, NOW)

    assert rows_of(inbox.database, tables.incoming_attachment) == []
    (row,) = rows_of(inbox.database, tables.incoming_mail)
    assert (row.from_name, row.reply_to, row.message_id, row.to_address) == ("", "", "", "")


def test_the_same_words_twice_from_one_address_are_a_programs(inbox: Inbox) -> None:
    first = letter("Got it, we will write soon.", From="reader1@readers.example")
    inbox.take_mail(first)
    inbox.take_mail(first.replace(b"<1@", b"<2@"))
    assert inbox.kinds == ["automatic"]


def test_a_program_answers_every_mail_with_the_same_words_and_a_person_says_thanks_twice(
    inbox: Inbox,
) -> None:
    away = "Ich arbeite montags bis mittwochs, in der Rosengasse 3. Es grüßt Max Muster."
    mails = [
        inbox.reply(text, Message_ID=f"<{number}@a.example>")
        for number, text in enumerate(("Thanks!", "Thanks!", away, away))
    ]
    inbox.take_mail(*mails[:2])
    assert inbox.kinds == ["letter", "letter"]
    inbox.take_mail(*mails[2:])  # of one batch
    inbox.take_mail(mails[3].replace(b"<3@", b"<4@"))
    assert inbox.kinds == ["automatic"]


@pytest.mark.parametrize(
    ("seconds", "headers", "kind"),
    [
        (20, {}, "automatic"),
        (20, {"In-Reply-To": "<1@bloom.example>"}, "letter"),
        (5, {"In-Reply-To": "<1@bloom.example>"}, "automatic"),
    ],
)
def test_an_answer_that_is_faster_than_a_person_is_a_programs(
    inbox: Inbox, seconds: int, headers: dict[str, str], kind: str
) -> None:
    (row,) = rows_of(inbox.database, tables.delivery, id=inbox.letters[0])
    at = (row.claimed_at + timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S +0000")
    inbox.take_mail(letter("Hello!", **{"From": "reader1@readers.example", "Date": at, **headers}))

    assert inbox.kinds == [kind]


def test_a_bounce_of_a_former_address_leaves_the_new_one_alone(inbox: Inbox) -> None:
    with inbox.database.write() as connection:
        move_address(connection, inbox.people[0], "new@readers.example", "new@readers.example", NOW)
    inbox.take_mail(inbox.bounce())

    assert active_suppressions(inbox.database, "new@readers.example") == set()
    assert ("", "hard_bounce") in inbox.suppressions()


def test_a_bounce_behind_a_forwarding_is_the_subscribers(inbox: Inbox) -> None:
    inbox.take_mail(inbox.bounce(email="ana@inner.example"))

    assert inbox.suppressions() == {("", "hard_bounce")}
