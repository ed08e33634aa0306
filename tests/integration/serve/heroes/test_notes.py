"""A note reaches one person and nobody else, and stays as it is from the first try on."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from lovecampaign.core.settings import Settings
from lovecampaign.delivery.prepare.notes import find_note_problems
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.dialogue.notes.notes import PersonalNote, write_notes
from lovecampaign.store.ledger.campaigns import record_campaign
from lovecampaign.store.subscribers.erasure import forget
from tests.integration.serve.support.letters import rows_of
from tests.support.stage import DAY_1, Stage

NOTE = PersonalNote(text="Your fig from 1987 made our week.", signed_by="Ana")


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    return Stage(settings, database, days=3)


def write(stage: Stage, reader: int, note: PersonalNote = NOTE, day: str = "day-02") -> bool:
    """Returns whether it was in time."""
    now, record = stage.clock.now(), record_campaign(stage.database, stage.campaign)
    with stage.database.write() as connection:
        return not write_notes(connection, record.id, day, {reader: note}, now)


def test_of_300_letters_one_person_s_has_the_note(stage: Stage) -> None:
    ids = stage.add_readers(300)
    stage.send()
    assert write(stage, ids[140])
    [mine] = rows_of(stage.database, tables.subscriber, id=ids[140])
    before = len(stage.memory.sent)

    stage.send(DAY_1 + timedelta(days=1))

    letters = stage.memory.sent[before:]
    assert len(letters) == 300
    line = "P.S. Your fig from 1987 made our week. — Ana"
    for letter in letters:
        is_theirs = letter.to.email == mine.email
        has_it = [
            part for part in (letter.text, letter.html, letter.raw.decode()) if "from 1987" in part
        ]
        assert len(has_it) == (3 if is_theirs else 0)
        assert (line in letter.text) == is_theirs
        assert "P.S." not in letter.html or is_theirs


def test_a_file_of_notes_is_read_before_its_letter_is_sent(stage: Stage) -> None:
    stage.add_readers(3)
    [_, bo, _] = rows_of(stage.database, tables.subscriber)
    (stage.folder / "notes").mkdir()
    rows = f"email,text,from\n{bo.email.upper()},Good to see you back.,Bo\nx@none.example,Hi.,\n"
    (stage.folder / "notes" / "day-01.csv").write_text(rows)

    report = stage.send()

    told = {
        letter.to.email: "P.S. Good to see you back. — Bo" in letter.text
        for letter in stage.memory.sent
    }
    assert told.pop(bo.email)
    assert list(told.values()) == [False, False]
    [warning] = report.problems
    assert (warning.code, warning.place and warning.place.line) == ("LC906", 3)
    assert "x@none.example" not in warning.message


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("address,words\na@b.example,Hi.\n", "no columns"),
        ("email,text\nnobody,Hi.\n", "not an email address"),
        ("email,text\na@b.example,\n", "no words"),
        (f"email,text\na@b.example,{'x' * 501}\n", "501 characters"),
        ("email,text\na@b.example,Hi.\nA@b.example,Ho.\n", "a second note"),
    ],
)
def test_a_file_with_a_mistake_stops_its_letter(stage: Stage, rows: str, says: str) -> None:
    stage.add_readers(1)
    (stage.folder / "notes").mkdir()
    valid = "email,text\nreader1@readers.example,Hi.\n"
    (stage.folder / "notes" / "day-01.csv").write_text(rows.replace("email,text\n", valid))

    report = stage.send()

    assert stage.memory.sent == []
    assert any(says in problem.message for problem in report.problems)
    assert rows_of(stage.database, tables.personal_note) == []
    # check tells it before.
    assert any(says in problem.message for problem in find_note_problems(stage.campaign))


def test_a_file_of_notes_that_no_email_reads_is_told(stage: Stage) -> None:
    (stage.folder / "notes").mkdir()
    for name in ("2.csv", "Day-01.CSV", "day-01.csv", "day-99.csv", ".draft.csv"):
        (stage.folder / "notes" / name).write_text("email,text\na@b.example,Hi.\n")

    told = {str(one.place): one.hint or "" for one in find_note_problems(stage.campaign)}

    assert sorted(told) == ["notes/2.csv:1", "notes/Day-01.CSV:1", "notes/day-99.csv:1"]
    # No wrong guess: followed, it would send the note in another letter.
    assert "such as" in told["notes/day-99.csv:1"]
    assert "notes/day-02.csv" in told["notes/2.csv:1"]
    assert "notes/day-01.csv" in told["notes/Day-01.CSV:1"]


def test_from_the_first_claim_on_a_note_stays(stage: Stage) -> None:
    [reader] = stage.add_readers(1)
    assert write(stage, reader, day="day-01")
    stage.send()

    assert not write(stage, reader, PersonalNote(text="Other.", signed_by="Bo"), day="day-01")

    assert [row.text for row in rows_of(stage.database, tables.personal_note)] == [NOTE.text]


def test_whom_we_forget_keeps_no_note(stage: Stage) -> None:
    [reader] = stage.add_readers(1)
    assert write(stage, reader)
    with stage.database.read() as connection:
        address = connection.scalar(sa.select(tables.subscriber.c.email))

    forget(stage.database, str(address), stage.clock.now())

    assert rows_of(stage.database, tables.personal_note) == []
