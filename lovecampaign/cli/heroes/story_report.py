"""Stories as tables, texts, JSON and pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.cli.output.format import count_of, local_time
from lovecampaign.cli.output.table import NAME, format_table, shorten
from lovecampaign.core.errors import Unreachable
from lovecampaign.core.problems import Problem, Severity
from lovecampaign.store.dialogue.stories.stories import Story, StoryState

#: Rows of the table for people; ``--json`` has all.
_MAX_ROWS = 100


def story_json(story: Story) -> Mapping[str, object]:
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


def format_stories(listed: Sequence[Story], zone: str) -> str:
    rows = [
        (
            str(one.id),
            one.state.value,
            one.day,
            shorten(one.draft.name, NAME),
            places_of(one),
            local_time(one.written_at, zone),
            shorten(one.draft.text),
        )
        for one in listed[:_MAX_ROWS]
    ]
    table = format_table(("id", "state", "day", "name", "allowed", "written", "words"), rows)
    rest = len(listed) - len(rows)
    lines = [table, *([f"{rest:,} more: --json lists all."] if rest else [])]
    return "\n".join([*lines, f"{count_of(len(listed), 'answer')}."])


def format_story(story: Story) -> str:
    draft = story.draft
    lines = [
        f"Story {story.id}, {story.state}; {story.day}: {story.question}",
        "",
        draft.text or "(its writer took the words away)",
        "",
        f"Name to be shown: {draft.name or '(none)'}",
        f"Allowed: {places_of(story)}",
        f"From: {story.email}",
    ]
    if story.state is StoryState.APPROVED:
        lines.append("The writer was told." if story.is_told else "The writer is not told yet.")
    return "\n".join(lines)


def format_export(published: Sequence[Story]) -> str:
    parts = [
        f"{one.draft.name} ({one.day}; allowed: {places_of(one)})\n{one.draft.text}"
        for one in published
    ]
    return "\n\n".join(parts)


def places_of(story: Story) -> str:
    draft = story.draft
    given = {"letter": draft.in_letter, "wall": draft.on_wall, "social": draft.in_social}
    return ", ".join(name for name, is_given in given.items() if is_given) or "nowhere"


def write_cards(published: Sequence[Story], campaign: Campaign, folder: Path) -> None:
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


def card_problems(stories: Sequence[Story]) -> list[Problem]:
    """A warning for each story of which the card leaves something out."""
    from lovecampaign.render.card.draw import CardWords, find_undrawable
    from lovecampaign.render.card.typefaces import INSTALL_FONTS

    problems = []
    for story in stories:
        draft = story.draft
        missing = find_undrawable(CardWords(story.question, draft.text, draft.name, ""))
        if missing:
            message = f"the card of story {story.id} has no {' and no '.join(missing)}: "
            problems.append(
                Problem(
                    code="card",
                    message=f"{message}no font on this machine has the letters",
                    hint=INSTALL_FONTS,
                    severity=Severity.WARNING,
                )
            )
    return problems


@contextmanager
def _writing_into(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unreachable(
            f"{folder} cannot be written: {error}", hint="name another folder"
        ) from error
