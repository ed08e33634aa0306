"""Does anything in an email slow down how fast it is sent?"""

from __future__ import annotations

from collections.abc import Iterator

from lovecampaign.checks.base.rule import EmailDraft
from lovecampaign.core.problems import Place, Problem, Severity


class FastPathUsed:
    """Merge values are used in ways that can be worked out ahead.

    What is the same for all readers is rendered and encoded once, and each reader's own values
    are put in: tens of thousands of messages a second. A value that is counted with `range`, or
    becomes a key of a dictionary, needs everything rendered anew for each reader. Nothing is wrong
    with such mail, it only takes some hundred times as long.

    Bad:  {% for n in range(first_name | length) %}*{% endfor %}
    Good: {% for letter in first_name %}*{% endfor %}
    """

    code = "LC236"

    def find(self, draft: EmailDraft) -> Iterator[Problem]:
        fallback = draft.shown.fallback if draft.shown else None
        if fallback is None:
            return
        yield Problem(
            code=self.code,
            message=f"{draft.email.key} is rendered anew for each reader: {fallback.message}",
            place=fallback.place,
            hint="use conditions, loops and filters on the value itself",
            severity=Severity.WARNING,
            excerpt=_line_at(draft, fallback.place),
        )


def _line_at(draft: EmailDraft, place: Place) -> str | None:
    copy = draft.email.copy
    sources = {file: (1, source) for file, source in draft.templates.items()}
    sources[copy.file] = (copy.first_line, copy.text)
    if place.line is None or place.file not in sources:
        return None
    first_line, source = sources[place.file]
    lines = source.split("\n")[place.line - first_line :]
    return lines[0] if lines else None
