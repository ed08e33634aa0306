"""What do the templates of one copy say: an email's own, or of a day inside a digest?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jinja2 import Template

from lovecampaign.render.model.content import AuthoredEmail
from lovecampaign.render.templating.environment import EmailEnvironment
from lovecampaign.render.templating.error_location import file_of_setting
from lovecampaign.render.templating.named_values import localized_date
from lovecampaign.render.templating.names import DayNames
from lovecampaign.render.values.tokens import ValueRecorder, author_text


class CopyPart:
    """One copy with its subject, ready to be rendered again and again."""

    def __init__(self, jinja: EmailEnvironment, words: AuthoredEmail) -> None:
        self._words = words
        self.file = words.copy.file
        self._subject: Template = jinja.template_from(
            author_text(words.subject), file_of_setting(words.copy.file, "subject")
        )
        self.copy: Template = jinja.template_from(author_text(words.copy.text), words.copy.file)
        self.extras = {"guest": words.guest, "question": words.question}

    def day(self, names: Mapping[str, Any], printed: ValueRecorder[Any], language: str) -> DayNames:
        words = self._words
        day = DayNames(
            number=words.number,
            date=localized_date(words.date, language),
            key=words.key,
            subject=None,
            kind=words.kind,
        )
        source = self._subject.render({**names, **self.extras, "day": day})
        return replace(day, subject=printed.resolve_line(source))
