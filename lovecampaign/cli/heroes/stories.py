"""The verb ``stories``: readers' answers, from the first reading to letters and the wall."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.cli.framework.invocation import Invocation, verb, verb_group
from lovecampaign.cli.output.format import count_of, local_time
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.table import NAME, format_table, shorten
from lovecampaign.cli.resources.campaigns import campaign_argument
from lovecampaign.cli.resources.file_arguments import read_path
from lovecampaign.cli.resources.open import opened_database, recorded_campaign
from lovecampaign.core.errors import Unreachable, UsageError
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

#: Rows of the table for people; ``--json`` has all.
_MAX_ROWS = 100
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
        data={"stories": [_json(one) for one in listed]},
        text=_format_table(listed, campaign.timezone),
        next_command=f"lovecampaign stories show {listed[0].id}",
    )


@verb("show", stories)
@_story_argument
def show(invocation: Invocation, story_id: int) -> Result:
    """Show one answer whole, with its permissions."""
    with opened_database(invocation) as database, database.read() as connection:
        found = _require(connection, story_id)
    return Result(
        data={"story": _json(found)}, text=_format_story(found), next_command=_next_step(found)
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
    rows = [{**_json(one), "email": None} for one in published]
    if cards is not None:
        _write_cards(published, campaign, cards)
    if not invocation.output.as_json:
        text = _format_export(published) if published else "Nothing is published yet."
        return Result(text=text, next_command="lovecampaign stories export --json")
    return Result(data={"stories": rows})


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
    return Result(data={"story": _json(changed)}, text=text, next_command=_next_step(changed))


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
    return f"Story {story.id} is published: {_places(story)}."


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


def _json(story: Story) -> Mapping[str, object]:
    draft = story.draft
    return {
        "id": story.id,
        "campaign": story.campaign_key,
        "day": story.day,
        "question": story.question,
        "text": draft.text,
        "name": draft.name,
        "email": story.email,
        "letter": draft.in_letter,
        "wall": draft.on_wall,
        "social": draft.in_social,
        "state": story.state,
        "told": story.is_told,
        "written_at": story.written_at,
        "approved_at": story.approved_at,
        "published_at": story.published_at,
        "withdrawn_at": story.withdrawn_at,
    }


def _format_table(listed: Sequence[Story], zone: str) -> str:
    rows = [
        (
            str(one.id),
            one.state.value,
            one.day,
            shorten(one.draft.name, NAME),
            _places(one),
            local_time(one.written_at, zone),
            shorten(one.draft.text),
        )
        for one in listed[:_MAX_ROWS]
    ]
    table = format_table(("id", "state", "day", "name", "allowed", "written", "words"), rows)
    rest = len(listed) - len(rows)
    lines = [table, *([f"{rest:,} more: --json lists all."] if rest else [])]
    return "\n".join([*lines, f"{count_of(len(listed), 'answer')}."])


def _format_story(story: Story) -> str:
    draft = story.draft
    lines = [
        f"Story {story.id}, {story.state}; {story.day}: {story.question}",
        "",
        draft.text or "(its writer took the words away)",
        "",
        f"Name to be shown: {draft.name or '(none)'}",
        f"Allowed: {_places(story)}",
        f"From: {story.email}",
    ]
    if story.state is StoryState.APPROVED:
        lines.append("The writer was told." if story.is_told else "The writer is not told yet.")
    return "\n".join(lines)


def _format_export(published: Sequence[Story]) -> str:
    parts = [
        f"{one.draft.name} ({one.day}; allowed: {_places(one)})\n{one.draft.text}"
        for one in published
    ]
    return "\n\n".join(parts)


def _places(story: Story) -> str:
    draft = story.draft
    given = {"letter": draft.in_letter, "wall": draft.on_wall, "social": draft.in_social}
    return ", ".join(name for name, is_given in given.items() if is_given) or "nowhere"


def _write_cards(published: Sequence[Story], campaign: Campaign, folder: Path) -> None:
    """``story-12.png`` for each one that may be in social media."""
    from lovecampaign.render.card.draw import CardWords, draw_card
    from lovecampaign.store.dialogue.stories.published import as_hero

    with _writing_into(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for story in published:
            if story.draft.in_social:
                hero = as_hero(story)
                words = CardWords(hero.question, hero.text, hero.name, campaign.name)
                card = draw_card(words, campaign.brand.color)
                (folder / f"story-{story.id}.png").write_bytes(card)


@contextmanager
def _writing_into(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unreachable(
            f"{folder} cannot be written: {error}", hint="name another folder"
        ) from error
