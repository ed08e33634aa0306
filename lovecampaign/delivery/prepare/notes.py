"""Personal notes on their way into messages: from ``notes/KEY.csv``, and as a signed line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.engine import Connection

from lovecampaign.audience.address import InvalidAddress, normalise
from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.campaign.words.catalog import FALLBACK, read_words
from lovecampaign.core.csv_file.reader import open_csv
from lovecampaign.core.errors import ProblemsFound, UsageError
from lovecampaign.core.problems import Place, Problem, Severity
from lovecampaign.store.dialogue.notes.notes import (
    PersonalNote,
    find_subscriber_ids,
    has_notes,
    read_notes,
    write_notes,
)
from lovecampaign.store.sending.claimed import ClaimedDelivery

NOTES = "LC906"
#: A note is a line or two, and no letter.
MAX_NOTE = 500
_COLUMNS = ("email", "text")


class NoteRow(NamedTuple):
    """One line of a file of notes."""

    line: int
    #: Normalised.
    address_key: str
    note: PersonalNote


def note_problem(text: str) -> str | None:
    """Why words cannot be a note; None where they can."""
    if not text:
        return "the note has no words"
    return (
        f"the note has {len(text)} characters, {MAX_NOTE} at most" if len(text) > MAX_NOTE else None
    )


def one_line(text: str) -> str:
    return " ".join(text.split())


def format_note(campaign: Campaign, note: PersonalNote, language: str) -> str:
    """The note as its reader sees it, with P.S. and signature, in their language."""
    words = read_words(campaign.workspace, language) or read_words(None, FALLBACK)
    assert words is not None, "English is shipped"  # noqa: S101
    return words("note.line", text=note.text, name=note.signed_by)


def read_note_lines(
    connection: Connection,
    campaign: Campaign,
    campaign_id: int,
    email: Email,
    claims: Sequence[ClaimedDelivery],
) -> Mapping[int, str]:
    """The note in each message, by subscriber; those without one are missing."""
    if not has_notes(connection, campaign_id, email.key):
        return {}
    ids = [each.subscriber_id for each in claims]
    notes = read_notes(connection, campaign_id, email.key, ids)
    languages = {each.subscriber_id: each.member.subscriber.language for each in claims}
    return {
        id_: format_note(campaign, note, campaign.language_of(email, languages[id_]))
        for id_, note in notes.items()
    }


def load_note_file(
    connection: Connection, campaign: Campaign, campaign_id: int, email: Email, now: datetime
) -> Sequence[Problem]:
    """Store the notes of an email's file, for those who do not have the email yet.

    A file with a mistake stores none: a line that is then taken out must not be sent.
    """
    rows, problems = read_note_file(campaign, email.key)
    if problems:
        return problems
    ids = find_subscriber_ids(connection, {row.address_key for row in rows})
    notes = {ids[row.address_key]: row.note for row in rows if row.address_key in ids}
    write_notes(connection, campaign_id, email.key, notes, now)
    return [_unknown(email.key, row) for row in rows if row.address_key not in ids]


def find_note_problems(campaign: Campaign) -> Iterator[Problem]:
    """Mistakes in a campaign's files of notes, and files that no email reads."""
    keys = [email.key for email in campaign.scheduled_emails]
    for file in sorted((campaign.folder / "notes").glob("[!.]*")):
        key = next((key for key in keys if file.name == f"{key}.csv"), None)
        if key is not None:
            yield from read_note_file(campaign, key)[1]
            continue
        name = f"notes/{file.name}"
        nearest = f"day-{file.stem:0>2}" if file.stem.isdecimal() else file.stem.lower()
        known = f"notes/{nearest}.csv" if nearest in keys else "such as notes/day-05.csv"
        hint = f"name it after its email, {known}"
        yield _problem(name, 1, "no email reads this file", hint, Severity.WARNING)


def read_note_file(campaign: Campaign, key: str) -> tuple[Sequence[NoteRow], Sequence[Problem]]:
    """The rows of ``notes/KEY.csv``, columns ``email``, ``text`` and perhaps ``from``."""
    name = f"notes/{key}.csv"
    path = campaign.folder / name
    if not path.is_file():
        return [], []
    try:
        with open_csv(path, shown_as=name) as table:
            headings = [heading.strip().lower() for heading in table.headings]
            if not set(_COLUMNS) <= set(headings):
                hint = "the first line names the columns: email,text"
                return [], [_problem(name, table.heading_line, "no columns email and text", hint)]
            cells = [
                (row.line, row.fault, dict(zip(headings, row.cells, strict=False)))
                for row in table.rows
                if any(row.cells)
            ]
    except ProblemsFound as found:
        return [], found.problems
    except UsageError as error:
        return [], [_problem(name, 1, error.message, error.hint or "")]
    problems: list[Problem] = []
    rows = list(_rows(campaign, name, cells, problems))
    return rows, problems


def _rows(
    campaign: Campaign,
    name: str,
    cells: Sequence[tuple[int, str, Mapping[str, str]]],
    problems: list[Problem],
) -> Iterator[NoteRow]:
    seen: dict[str, int] = {}
    for line, fault, row in cells:
        text = one_line(row.get("text", ""))
        wrong = fault or note_problem(text)
        if wrong:
            problems.append(_problem(name, line, wrong, "fix this line"))
            continue
        try:
            key = normalise(row["email"].strip())
        except (InvalidAddress, KeyError):
            problems.append(_problem(name, line, "this is not an email address", "fix this line"))
            continue
        if key in seen:
            message = f"a second note to the person of line {seen[key]}"
            problems.append(_problem(name, line, message, "keep one of the two"))
            continue
        seen[key] = line
        signed_by = one_line(row.get("from", "")) or campaign.sender.name
        yield NoteRow(line, key, PersonalNote(text=text, signed_by=signed_by))


def _unknown(key: str, row: NoteRow) -> Problem:
    """Without the address, which is personal data."""
    hint = "add the person first, or take the line out"
    message = "a note to an address that is no subscriber's"
    return _problem(f"notes/{key}.csv", row.line, message, hint, Severity.WARNING)


def _problem(
    name: str, line: int, message: str, hint: str, severity: Severity = Severity.ERROR
) -> Problem:
    place = Place(file=name, line=line)
    return Problem(code=NOTES, message=message, place=place, hint=hint, severity=severity)
