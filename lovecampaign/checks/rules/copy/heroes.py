"""Rules about questions to readers, and about readers whom a letter names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lovecampaign.checks.base.locate import find_in_lines
from lovecampaign.checks.base.rule import EmailDraft, EmailRule, MonthDraft, MonthRule
from lovecampaign.core.problems import Problem
from lovecampaign.render.markup.code_regions import without_code

#: Two lines of a button on a phone, and of the page's heading.
_MAX_QUESTION = 80
_ANSWER = re.compile(r"\[\[[ \t]*answer[ \t]*:[ \t]*([^\n]*?)[ \t]*\]\]", re.IGNORECASE)


class AnswerableQuestion(EmailRule, code="LC207"):
    """A question can be read and answered on a phone, in one breath.

    It is the button in the letter and the heading of the page. A letter asks one: the second
    would have no page of its own.

    Bad:  [[answer: What is the oldest plant in your home, where does it come from, who gave it to you?]]
    Good: [[answer: What is the oldest plant in your home?]]
    """  # noqa: E501 - a question that is too long

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        copy = draft.email.copy
        asked = find_in_lines(without_code(copy.text), copy.file, copy.first_line, _ANSWER)
        for number, passage in enumerate(asked):
            found = _ANSWER.match(passage.text)
            length = len(found[1]) if found else 0
            if number:
                yield passage.error(
                    "this letter asks two questions",
                    hint="keep one, and ask the other on a later day",
                )
            elif length > _MAX_QUESTION:
                yield passage.warning(
                    f"this question has {length} characters: on a phone it fills the screen",
                    hint=f"ask it in {_MAX_QUESTION} characters, and tell the rest above it",
                )


class PermittedHero(MonthRule, code="LC208"):
    """A letter names a reader only with their permission.

    Their answer has a name beside it and a permission for letters. This rule knows names of two
    words or more, of answers that are not published or may not be in letters.

    Bad:  "Mathilde Renard told us …", whose answer has no permission for letters
    Good: {% for hero in heroes_of("day-04") %}, which prints those who allow it
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        names = sorted(draft.facts.unpermitted_names)
        if not names:
            return
        pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, names))})(?!\w)", re.IGNORECASE)
        for email in draft.campaign.emails:
            copy = email.copy
            for passage in find_in_lines(copy.text, copy.file, copy.first_line, pattern):
                yield passage.warning(
                    f"“{passage.text}” has answered you, and does not allow it in a letter yet",
                    hint="see: lovecampaign stories; if they agreed elsewhere, ignore this rule",
                )
