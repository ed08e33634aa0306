"""Is there a table in the copy that readers would see as pipes and dashes?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lovecampaign.checks.base.locate import find_in_words
from lovecampaign.checks.base.rule import EmailDraft
from lovecampaign.core.problems import Problem, Severity

#: The line of dashes under the first row, which makes a table elsewhere.
_TABLE_RULE = re.compile(
    r"^ {0,3}(?=[^|]*\|)\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$"
)
_FENCE = re.compile(r"^ {0,3}(```|~~~)")


class PipeTable:
    """Copy holds no tables made of pipes.

    CommonMark, the Markdown of copy, has none: readers would see the pipes and dashes as they
    stand, and on a phone a table is wider than the screen. A list says the same.

    Bad:  | Seed | Sow in |, with | --- | --- | below it
    Good: - **Peas**: sow in March
    """

    code = "LC224"

    def find(self, draft: EmailDraft) -> Iterator[Problem]:
        copy = draft.email.copy
        in_code = {copy.first_line + line for line in _lines_of_code(copy.text)}
        for passage in find_in_words(draft, _TABLE_RULE):
            if passage.place.file != copy.file or passage.place.line not in in_code:
                yield passage.problem(
                    self.code,
                    "readers would see this table as pipes and dashes: Markdown here has no tables",
                    hint="write a list, or put the table into a template with <mj-table>",
                    severity=Severity.WARNING,
                )


def _lines_of_code(text: str) -> Iterator[int]:
    """The lines between fences, counted from 0: they are shown as they stand on purpose."""
    fence = ""
    for number, line in enumerate(text.split("\n")):
        found = _FENCE.match(line)
        if found and fence in ("", found[1]):
            fence = "" if fence else found[1]
        elif fence:
            yield number
