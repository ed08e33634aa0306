"""A person's whole history, as the desk shows it: letters, answers, choices, purchases, cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from lovecampaign.store.checkout.history import read_deal_history
from lovecampaign.store.database.engine import Database
from lovecampaign.store.dialogue.desk.answers import WrittenAnswer, list_answers
from lovecampaign.store.dialogue.desk.cases import Case, list_cases
from lovecampaign.store.ledger.incoming import read_letters
from lovecampaign.store.subscribers.records import read_address_record, read_events

#: By the kind of incoming mail.
WROTE = {"letter": "wrote", "automatic": "automatic answer", "unsubscribe": "asked to stop"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One line of a subscriber's history, in the shape of its JSON."""

    at: datetime
    #: ``joined``, ``consented``, ``confirmed``, ``suppressed``, ``came back``, ``wrote``,
    #: ``we wrote``, a fact about a case or a deal, or an event's kind.
    what: str
    detail: str


def read_history(database: Database, subscriber_id: int, key: str) -> Sequence[HistoryEntry]:
    """Everything that the desk knows of a subscriber, newest first."""
    record = read_address_record(database, key)
    entries = [
        *dialogue_entries(database, subscriber_id, key),
        *(
            HistoryEntry(at=fact.at, what=fact.what, detail=fact.detail)
            for fact in read_deal_history(database, subscriber_id)
        ),
        *(
            HistoryEntry(
                at=event.at,
                what=event.kind.replace("_", " "),
                detail=join(event.email_key, event.words),
            )
            for event in read_events(database, subscriber_id)
        ),
        *(
            HistoryEntry(at=one.at, what="suppressed", detail=one.reason.value.replace("_", " "))
            for one in record.suppressions
        ),
    ]
    memberships = record.profile.memberships if record.profile else ()
    entries += [
        HistoryEntry(at=one.joined_at, what="joined", detail=one.list) for one in memberships
    ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def dialogue_entries(database: Database, subscriber_id: int, key: str) -> Iterator[HistoryEntry]:
    """Letters, answers and cases, in no order."""
    for at, kind, words in read_letters(database, subscriber_id, key):
        yield HistoryEntry(at=at, what=WROTE[kind], detail=words)
    with database.read() as connection:
        answers = list_answers(connection, subscriber_id)
        cases = list_cases(connection, is_open=None, subscriber_id=subscriber_id)
    for answer in answers:
        yield HistoryEntry(at=answer.at, what="we wrote", detail=_answer(answer))
    for case in cases:
        yield from _case(case)


def _answer(answer: WrittenAnswer) -> str:
    words = " ".join(answer.text.split())
    unsent = "" if answer.sent_at else f"{answer.state or 'not sent'}: "
    return f"{answer.owner}: {unsent}{words}"


def _case(case: Case) -> Iterator[HistoryEntry]:
    name = f"{case.id}: {case.about}"
    yield HistoryEntry(at=case.opened_at, what="case opened", detail=name)
    for bent in case.exceptions:
        cost = f"{bent.cost} {bent.currency}" if bent.currency else ""
        yield HistoryEntry(at=bent.at, what="rule bent", detail=join(bent.rule, bent.because, cost))
    if case.reopened_at is not None:
        yield HistoryEntry(at=case.reopened_at, what="case reopened", detail=name)
    if case.closed_at is not None:
        yield HistoryEntry(at=case.closed_at, what="case closed", detail=name)


def join(*words: str | None) -> str:
    """The words that there are, with commas."""
    return ", ".join(word for word in words if word)
