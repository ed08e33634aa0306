"""What do the templates of one copy say: an email's own, or of a day inside a digest?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jinja2 import Template

from lovecampaign.render.content import Words
from lovecampaign.render.environment import EmailEnvironment
from lovecampaign.render.named_values import spoken_date
from lovecampaign.render.names import DayNames
from lovecampaign.render.printed import Printing, author_text
from lovecampaign.render.trace import file_of_setting


class CopyPart:
    """One copy with its subject, ready to be rendered again and again."""

    def __init__(self, jinja: EmailEnvironment, words: Words) -> None:
        self._words = words
        self.file = words.copy.file
        self._subject: Template = jinja.template_from(
            author_text(words.subject), file_of_setting(words.copy.file, "subject")
        )
        self.copy: Template = jinja.template_from(author_text(words.copy.text), words.copy.file)
        self.extras = {"guest": words.guest, "question": words.question}

    def day(self, names: Mapping[str, Any], printed: Printing[Any], language: str) -> DayNames:
        words = self._words
        day = DayNames(
            number=words.number,
            date=spoken_date(words.date, language),
            key=words.key,
            subject=None,
            kind=words.kind,
        )
        source = self._subject.render({**names, **self.extras, "day": day})
        return replace(day, subject=printed.line(source))
