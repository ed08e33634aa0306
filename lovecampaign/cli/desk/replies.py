"""The verb ``replies``: letters that wait for an answer, their owners and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from sqlalchemy.engine import Connection

from lovecampaign.cli.desk.editor import file_option, read_text, yes_option
from lovecampaign.cli.desk.open_desk import (
    OpenDesk,
    as_option,
    exit_code_for,
    opened_desk,
    waiting_problem,
)
from lovecampaign.cli.framework.invocation import Invocation, verb, verb_group
from lovecampaign.cli.framework.options import read_name
from lovecampaign.cli.output.format import count_of
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.table import format_table, shorten
from lovecampaign.core.errors import UsageError
from lovecampaign.delivery.desk.overview import PromisedLetter, promise
from lovecampaign.delivery.desk.write import NotToBeSent, answer_letter
from lovecampaign.store.dialogue.desk.answers import WrittenAnswer, list_answers
from lovecampaign.store.dialogue.desk.letters import (
    DeskLetter,
    LetterState,
    close_letter,
    find_letter,
    hand_over,
    list_attachments,
    list_letters,
    take_letter,
)

_letter_argument = click.argument("letter_id", type=click.IntRange(min=1), metavar="ID")


@verb_group("replies", fallback="list")
def replies() -> None:
    """List letters that wait for an answer; take, answer or close one."""


@verb("list", replies)
@click.option("--waiting", "which", flag_value="waiting", default=True, help="The default.")
@click.option("--mine", "which", flag_value="mine", help="Waiting, and yours.")
@click.option("--all", "which", flag_value="all", help="Also answered and closed ones.")
@as_option
def list_all(invocation: Invocation, which: str, named: str | None) -> Result:
    """List the letters that wait (the same as replies alone), oldest first.

    "by" is when an answer is promised: replies.within of campaign.yaml, in working days.
    """
    with opened_desk(invocation) as desk, desk.database.read() as connection:
        owner = desk.me(named) if which == "mine" else None
        found = list_letters(connection, is_done=None if which == "all" else False, owner=owner)
        letters = [promise(letter, desk.campaigns.of) for letter in found]
        first = next((one.id for one in found if one.done_at is None), None)
        return Result(
            data={"replies": [_json(invocation, one) for one in letters]},
            text=_format(desk, letters),
            next_command=f"lovecampaign replies show {first}" if first else None,
        )


@verb("show", replies)
@_letter_argument
def show(invocation: Invocation, letter_id: int) -> Result:
    """Show a letter, and what was written to its writer before."""
    with opened_desk(invocation) as desk, desk.database.read() as connection:
        letter = _find(connection, letter_id)
        one = promise(letter, desk.campaigns.of)
        answers = _answers(connection, letter)
        files = list_attachments(connection, letter_id)
        history = [
            {"at": each.at, "sent_at": each.sent_at, "owner": each.owner, "text": each.text}
            for each in answers
        ]
        return Result(
            data={**_json(invocation, one), "attachments": list(files), "answers": history},
            text="\n".join(
                [
                    _head(desk, one),
                    "",
                    letter.text or "(no text)",
                    *(f"\nattached: {file.name} ({file.size:,} bytes)" for file in files),
                    *(
                        f"\n{desk.local(each.at)} {each.owner} wrote:\n{each.text}"
                        for each in answers
                    ),
                ]
            ),
            next_command=f"lovecampaign replies answer {letter_id}"
            if letter.done_at is None
            else None,
        )


@verb("take", replies)
@_letter_argument
@as_option
@click.option("--over", is_flag=True, help="From its owner, who then has it no more.")
def take(invocation: Invocation, letter_id: int, named: str | None, *, over: bool) -> Result:
    """Make a letter yours, so that one person answers it."""
    with opened_desk(invocation) as desk:
        me = desk.me(named)
        with desk.database.write() as connection:
            letter = _find_open(connection, letter_id)
            if over:
                hand_over(connection, letter_id, me, invocation.now)
            elif not take_letter(connection, letter_id, me, invocation.now):
                raise UsageError(
                    f"{letter.owner} has that letter",
                    hint=f"to take it over: lovecampaign replies take {letter_id} --over",
                )
    return Result(
        data={"id": letter_id, "owner": me},
        text=f"Letter {letter_id} is {me}'s.",
        next_command=f"lovecampaign replies answer {letter_id}",
    )


@verb("answer", replies)
@_letter_argument
@file_option
@as_option
@yes_option
def answer(
    invocation: Invocation, letter_id: int, file: Path | None, named: str | None, *, yes: bool
) -> Result:
    """Answer a letter, from you, in its thread.

    It goes out at once, or with the next send, run or serve. A text that another person got is
    refused, and phrases that a customer must never hear are flagged.
    """
    with opened_desk(invocation) as desk:
        with desk.database.read() as connection:
            letter = _find_open(connection, letter_id)
        text = read_text(invocation, file, _quoted(letter))
        owner = desk.me(named) if named or not letter.owner else letter.owner
        writing = desk.writing(
            letter.campaign_key, letter.subscriber_id, owner, text, accepts_phrases=yes
        )
        with desk.database.write() as connection:
            answer_letter(connection, letter, writing, invocation.now)
        reason = desk.deliver(writing.campaign)
        with desk.database.read() as connection:
            letter = _find(connection, letter_id)
    state = sent_state(letter.state)
    return answer_result(letter.id, letter.email, state, reason, "lovecampaign replies")


@verb("close", replies)
@_letter_argument
@click.option("--why", required=True, type=read_name, metavar="TEXT", help="Recorded with it.")
def close(invocation: Invocation, letter_id: int, why: str) -> Result:
    """Close a letter that needs no answer."""
    with opened_desk(invocation) as desk, desk.database.write() as connection:
        _find_open(connection, letter_id)
        close_letter(connection, letter_id, why, invocation.now)
    return Result(
        data={"id": letter_id, "why": why},
        text=f"Letter {letter_id} is closed.",
        next_command="lovecampaign replies",
    )


def sent_state(state: LetterState) -> str:
    """Of an answer that was just queued."""
    if state in (LetterState.IN_DOUBT, LetterState.FAILED):
        return state.value
    return "sent" if state is LetterState.ANSWERED else "queued"


def answer_result(
    id_: int, address: str, state: str, reason: str | None, next_command: str
) -> Result:
    """The end of a command that wrote to a person."""
    words = {"sent": f"Sent to {address}.", "queued": f"Written to {address}."}
    return Result(
        data={"id": id_, "email": address, "state": state},
        text=words.get(state, f"Not sent to {address}."),
        problems=() if state == "sent" else [waiting_problem(state, reason)],
        exit_code=exit_code_for(state),
        next_command=next_command,
    )


def _find(connection: Connection, letter_id: int) -> DeskLetter:
    letter = find_letter(connection, letter_id)
    if letter is None:
        raise UsageError(f"there is no letter {letter_id}", hint="type: lovecampaign replies --all")
    return letter


def _find_open(connection: Connection, letter_id: int) -> DeskLetter:
    letter = _find(connection, letter_id)
    if letter.done_at is not None:
        raise NotToBeSent(
            f"letter {letter_id} is {letter.state.value}",
            hint=f"see: lovecampaign replies show {letter_id}",
        )
    return letter


def _answers(connection: Connection, letter: DeskLetter) -> Sequence[WrittenAnswer]:
    if letter.subscriber_id is None:
        return ()
    return list_answers(connection, letter.subscriber_id)


def _json(invocation: Invocation, one: PromisedLetter) -> Mapping[str, object]:
    letter = one.letter
    return {
        "id": letter.id,
        "at": letter.at,
        "email": letter.email,
        "name": letter.name or None,
        "guess": letter.guess,
        "campaign": letter.campaign_key,
        "key": letter.email_key,
        "subject": letter.subject,
        "text": letter.text,
        "state": letter.state,
        "owner": letter.owner or None,
        "promised": one.due_at,
        "overdue": one.is_overdue(invocation.now),
        "done_at": letter.done_at,
        "why": letter.why or None,
        "case": letter.case_id,
    }


def _format(desk: OpenDesk, letters: Sequence[PromisedLetter]) -> str:
    if not letters:
        return "No letter waits."
    now = desk.invocation.now
    rows = [
        (
            one.letter.id,
            one.letter.email,
            one.letter.email_key,
            one.letter.owner or None,
            one.letter.state.value.replace("_", " "),
            f"{desk.local(one.due_at)}{'  overdue' if one.is_overdue(now) else ''}",
            shorten(one.letter.text or one.letter.subject),
        )
        for one in letters
    ]
    table = format_table(("id", "from", "answers", "owner", "state", "by", "words"), rows)
    overdue = sum(one.is_overdue(now) for one in letters)
    waiting = sum(one.letter.done_at is None for one in letters)
    end = f"{count_of(waiting, 'letter')} waiting, {overdue:,} overdue."
    return f"{table}\n{end}"


def _head(desk: OpenDesk, one: PromisedLetter) -> str:
    letter = one.letter
    lines = [
        f"{f'{letter.name} ' if letter.name else ''}<{letter.email}>, {desk.local(letter.at)}",
        f"Subject: {letter.subject}",
    ]
    if letter.email_key:
        lines.append(f"Answers {letter.email_key} of {letter.campaign_key}")
    if letter.guess:
        lines.append(f"From another address; perhaps {letter.guess}")
    by = desk.local(one.due_at)
    lines.append(f"{letter.state.value.replace('_', ' ')}, owner {letter.owner or '–'}, by {by}")
    return "\n".join(lines)


def _quoted(letter: DeskLetter) -> str:
    words = "\n".join(f"> {line}" for line in letter.text.splitlines())
    return f"{letter.name or letter.email} wrote:\n{words}"
