"""The verb ``note``: a personal line in one email to one person."""

from __future__ import annotations

import shlex

import click

from lovecampaign.cli.framework.invocation import Invocation, verb
from lovecampaign.cli.framework.options import read_address
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.resources.campaigns import campaign_option, find_scheduled
from lovecampaign.cli.resources.open import recorded_campaign
from lovecampaign.core.errors import UsageError
from lovecampaign.store.dialogue.notes.notes import (
    PersonalNote,
    delete_note,
    find_subscriber_ids,
    write_notes,
)


@verb("note")
@click.argument("email")
@click.argument("text", nargs=-1)
@click.option("--day", "key", required=True, metavar="KEY", help="The email: day-04, or 4.")
@click.option("--from", "name", metavar="NAME", help="The name below it. Default: sender.name.")
@click.option("--delete", "is_deleted", is_flag=True, help="Take the note back.")
@campaign_option
def note(  # noqa: PLR0913 - one parameter for each option
    invocation: Invocation,
    email: str,
    text: tuple[str, ...],
    key: str,
    name: str | None,
    campaign_name: str | None,
    *,
    is_deleted: bool,
) -> Result:
    """Add a personal line to one person's copy of an email.

    It stands above the footer as a P.S., or where the copy prints {{ note }}. It can be changed
    until that copy is sent. Many at once: notes/KEY.csv beside the campaign.
    """
    from lovecampaign.delivery.prepare.notes import format_note, note_problem, one_line

    words = one_line(" ".join(text))
    wrong = None if is_deleted else note_problem(words)
    if wrong is not None:
        hint = "a note is a line or two" if words else 'note ana@b.example --day 4 "Your words."'
        raise UsageError(wrong, hint=hint)
    address_key = read_address(email)
    with (
        recorded_campaign(invocation, campaign_name) as recorded,
        recorded.database.write() as connection,
    ):
        campaign, id_ = recorded.campaign, recorded.record.id
        day = find_scheduled(campaign, key).key
        person = find_subscriber_ids(connection, [address_key]).get(address_key)
        if person is None:
            raise UsageError(
                f"{email} is no subscriber",
                hint=f"see: lovecampaign subscribers show {shlex.quote(email)}",
            )
        written = PersonalNote(text=words, signed_by=one_line(name or "") or campaign.sender.name)
        if is_deleted:
            is_in_time = delete_note(connection, id_, day, person)
        else:
            is_in_time = not write_notes(connection, id_, day, {person: written}, invocation.now)
    if not is_in_time:
        what = "has no note, or went out already" if is_deleted else "went out already"
        raise UsageError(
            f"{day} to {email} {what}", hint="choose a later day; see: lovecampaign plan --for"
        )
    line = "" if is_deleted else format_note(campaign, written, campaign.language)
    return Result(
        data={
            "campaign": campaign.slug,
            "email": email,
            "day": day,
            "note": None if is_deleted else line,
        },
        text="The note is deleted." if is_deleted else f"In {day} to {email} alone:\n  {line}",
        next_command=f"lovecampaign preview {campaign.slug}",
    )
