"""Validation of the form of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lovecampaign.core.control_characters import drop_control_characters
from lovecampaign.store.dialogue.stories.stories import NO_WORDS, StoryDraft
from lovecampaign.web.serve.pages.signup.join_form import one_line

MAX_TEXT, MAX_NAME = 2000, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerForm:
    """A form as it was filled in, and its first error."""

    draft: StoryDraft = NO_WORDS
    #: The error's text, ``answer.wrong.KEY``; None for a valid form.
    wrong: str | None = None

    @property
    def is_about_text(self) -> bool:
        return self.wrong in ("empty", "long")

    @property
    def is_about_name(self) -> bool:
        return self.wrong in ("name", "address")


def read_answer_form(form: Mapping[str, str], *, is_expired: bool) -> AnswerForm:
    """Validates the fields in order; an expired form is shown again with all that was typed."""
    typed = drop_control_characters(form.get("text", "").replace("\r\n", "\n"))
    text = "\n".join(line.rstrip() for line in typed.split("\n")).strip()
    draft = StoryDraft(
        text=text,
        name=one_line(form.get("name", ""), MAX_NAME),
        in_letter="letter" in form,
        on_wall="wall" in form,
        in_social="social" in form,
    )
    return AnswerForm(draft=draft, wrong=_find_wrong(draft, is_expired=is_expired))


def _find_wrong(draft: StoryDraft, *, is_expired: bool) -> str | None:
    if not draft.text:
        return "empty"
    if len(draft.text) > MAX_TEXT:
        return "long"
    if draft.is_public and not draft.name:
        return "name"
    if "@" in draft.name:
        return "address"
    return "expired" if is_expired else None
