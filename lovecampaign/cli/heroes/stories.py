"""The verb ``stories``: readers' answers, from the first reading to letters and the wall."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.cli.framework.invocation import Invocation, verb, verb_group
from lovecampaign.cli.heroes.story_report import (
    card_problems,
    format_export,
    format_stories,
    format_story,
    places_of,
    story_json,
    write_cards,
)
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.resources.campaigns import campaign_argument
from lovecampaign.cli.resources.file_arguments import read_path
from lovecampaign.cli.resources.open import opened_database, recorded_campaign
from lovecampaign.core.errors import UsageError
from lovecampaign.store.dialogue.stories.stories import (
    Story,
    StoryState,
    approve,
    find_story,
    list_stories,
    publish,
    withdraw,
)
from lovecampaign.store.tables import DeliveryState

_story_argument = click.argument("story_id", type=click.IntRange(min=1), metavar="ID")
_ENDED_UNSENT = frozenset(
    {DeliveryState.FAILED, DeliveryState.CANCELLED, DeliveryState.SKIPPED, DeliveryState.IN_DOUBT}
)


@verb_group("stories", fallback="list")
def stories() -> None:
    """Read, approve, publish or withdraw what readers answered.

    An answer is shown nowhere before you approve it, its writer was told by mail, and you publish
    it; and only where its writer allows.
    """


@verb("list", stories)
@campaign_argument
@click.option(
    "--state",
    type=click.Choice([state.value for state in StoryState]),
    help="Only those in this state.",
)
def list_all(invocation: Invocation, campaign_name: str | None, state: str | None) -> Result:
    """List the answers, newest first (the same as stories alone)."""
    listed, campaign = _read_all(invocation, campaign_name, state)
    if not listed:
        text = "No answers yet." if state is None else f"No answer is {state}."
        return Result(data={"stories": []}, text=text, next_command="lovecampaign status")
    return Result(
        data={"stories": [story_json(one) for one in listed]},
        text=format_stories(listed, campaign.timezone),
        next_command=f"lovecampaign stories show {listed[0].id}",
    )


@verb("show", stories)
@_story_argument
def show(invocation: Invocation, story_id: int) -> Result:
    """Show one answer whole, with its permissions."""
    with opened_database(invocation) as database, database.read() as connection:
        found = _require(connection, story_id)
    return Result(
        data={"story": story_json(found)}, text=format_story(found), next_command=_next_step(found)
    )


@verb("approve", stories)
@_story_argument
def approve_one(invocation: Invocation, story_id: int) -> Result:
    """Approve an answer: its writer gets a mail with the text as it will appear.

    The mail leaves with serve, run, or the next send.
    """
    return _act(invocation, story_id, _approve)


@verb("publish", stories)
@_story_argument
def publish_one(invocation: Invocation, story_id: int) -> Result:
    """Let an approved answer appear, once its writer was told."""
    return _act(invocation, story_id, _publish)


@verb("withdraw", stories)
@_story_argument
def withdraw_one(invocation: Invocation, story_id: int) -> Result:
    """Take an answer from all pages and all letters to come, at once.

    Its words stay with us, and it can be approved again.
    """
    return _act(invocation, story_id, _withdraw)


@verb("export", stories)
@campaign_argument
@click.option(
    "--cards",
    type=read_path,
    metavar="DIR",
    help="Also write a picture of each one that may be in social media into this folder.",
)
def export(invocation: Invocation, campaign_name: str | None, cards: Path | None) -> Result:
    """Print what is published, with what each writer allows, for other programs.

    Addresses are left out.
    """
    published, campaign = _read_all(invocation, campaign_name, StoryState.PUBLISHED.value)
    rows = [{**story_json(one), "email": None} for one in published]
    if cards is not None:
        write_cards(published, campaign, cards)
    problems = card_problems(published) if cards is not None else []
    if not invocation.output.as_json:
        text = format_export(published) if published else "Nothing is published yet."
        return Result(
            text=text, problems=problems, next_command="lovecampaign stories export --json"
        )
    return Result(data={"stories": rows}, problems=problems)


def _read_all(
    invocation: Invocation, campaign_name: str | None, state: str | None
) -> tuple[Sequence[Story], Campaign]:
    with (
        recorded_campaign(invocation, campaign_name) as recorded,
        recorded.database.read() as connection,
    ):
        wanted = StoryState(state) if state else None
        return list_stories(connection, recorded.record.id, wanted), recorded.campaign


def _act(
    invocation: Invocation,
    story_id: int,
    act: Callable[[Connection, Story, Invocation], str],
) -> Result:
    """The change of one answer, decided and written in one transaction."""
    with opened_database(invocation) as database, database.write() as connection:
        text = act(connection, _require(connection, story_id), invocation)
        changed = _require(connection, story_id)
    return Result(
        data={"story": story_json(changed)},
        text=text,
        problems=card_problems([changed]) if changed.state is StoryState.APPROVED else [],
        next_command=_next_step(changed),
    )


def _approve(connection: Connection, story: Story, invocation: Invocation) -> str:
    if not story.draft.text:
        raise UsageError(
            f"the writer of story {story.id} has withdrawn it, and its words are gone",
            hint="ask them, if you miss it",
        )
    if not story.draft.is_public:
        raise UsageError(
            f"the writer of story {story.id} allows it nowhere: it is for your eyes only",
            hint="answer them by mail, and ask",
        )
    if story.state in (StoryState.APPROVED, StoryState.PUBLISHED):
        return f"Story {story.id} is {story.state} already; nothing was changed."
    approve(connection, story, invocation.now)
    said = (
        f"Story {story.id} is approved as it is here. {story.draft.name} gets a mail with it "
        "first: it leaves with serve, run or the next send."
    )
    return f"{story.draft.text}\n\n{said}"


def _publish(connection: Connection, story: Story, invocation: Invocation) -> str:
    if story.state is StoryState.PUBLISHED:
        return f"Story {story.id} is published already; nothing was changed."
    if story.state is not StoryState.APPROVED:
        raise UsageError(
            f"story {story.id} is {story.state}, not approved",
            hint=f"read it: lovecampaign stories show {story.id}",
        )
    if not story.is_told:
        raise UsageError(
            f"the writer of story {story.id} is not told yet", hint=_why_not_told(story)
        )
    publish(connection, story.id, invocation.now)
    return f"Story {story.id} is published: {places_of(story)}."


def _why_not_told(story: Story) -> str:
    if story.mail_state in _ENDED_UNSENT:
        return "the mail to them did not arrive: withdraw the story, or write to them by hand"
    return "their mail leaves with serve, run or send: start one, and publish afterwards"


def _withdraw(connection: Connection, story: Story, invocation: Invocation) -> str:
    if story.state is StoryState.WITHDRAWN:
        return f"Story {story.id} is withdrawn already; nothing was changed."
    withdraw(connection, story.id, invocation.now, by_writer=False)
    return (
        f"Story {story.id} is withdrawn: it is on no page, and in no letter that leaves from now."
    )


def _require(connection: Connection, story_id: int) -> Story:
    found = find_story(connection, story_id)
    if found is None:
        raise UsageError(
            f"there is no story {story_id}", hint="list them: lovecampaign stories --json"
        )
    return found


def _next_step(story: Story) -> str:
    step = {StoryState.NEW: "approve", StoryState.APPROVED: "publish"}.get(story.state)
    if step is None or not story.draft.is_public:
        return "lovecampaign stories"
    return f"lovecampaign stories {step} {story.id}"
