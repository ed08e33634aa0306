"""Does every link lead anywhere at all?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lovecampaign.campaign.model.campaign import Copy
from lovecampaign.checks.base.locate import Passage
from lovecampaign.checks.base.rule import EmailDraft
from lovecampaign.core.problems import Place, Problem

#: Where an address stands in copy: a link, where ``[page]:`` leads, and a button. The paths of
#: pictures are looked up elsewhere.
_IN_COPY = re.compile(
    r"(?<!!)\[(?:[^\[\]]|!\[[^\]]*\]\([^)]*\))*\]\(\s*<?(?P<link>[^)\s>]+)"
    r"|^\s{0,3}\[[^\]]+\]:\s*<?(?P<page>[^\s>]+)"
    r"|\[\[\s*button\s*:.*\|\s*(?P<button>[^\s|\]]+)\s*\]\]",
    re.IGNORECASE,
)
_IN_TEMPLATE = re.compile(r"""\shref\s*=\s*["'](?P<link>[^"']+)["']""", re.IGNORECASE)
_CODE = re.compile(r"`[^`]*`")
#: A value is looked at when it is printed; a place on the same page begins with #.
_LEADS = re.compile(r"https?://[^/\s]|mailto:.|tel:.|sms:.|\{[{%#]|#", re.IGNORECASE)
_PROGRAM = re.compile(r"(?:javascript|vbscript|data):", re.IGNORECASE)
_HOST = re.compile(r"(?:www\.|(?:[a-z0-9-]+\.)+[a-z]{2,12}(?:[/?#]|$))\S*", re.IGNORECASE)


class DeadLink:
    """Every link is a whole address.

    A mail has no page around it that "/shop" or "www.your-shop.com" could belong to: mail
    programs open nothing, or look for a file. Addresses that run a program (javascript:) are
    refused everywhere.

    Bad:  [see the page](www.your-shop.com)
    Good: [see the page](https://www.your-shop.com)
    """

    code = "LC279"

    def find(self, draft: EmailDraft) -> Iterator[Problem]:
        for passage in _addresses(draft):
            if _LEADS.match(passage.text):
                continue
            message, hint = _words(passage.text)
            yield passage.problem(self.code, message, hint=hint)


def _words(address: str) -> tuple[str, str]:
    if _PROGRAM.match(address):
        return f"{address} would run a program: no mail program opens it", "link to a page"
    if _HOST.fullmatch(address):
        return f"{address} lacks its beginning: nothing would open", f"write https://{address}"
    hint = "write the whole address: https://your-shop.com/page"
    return f"{address} leads nowhere: a mail has no page that it could belong to", hint


def _addresses(draft: EmailDraft) -> Iterator[Passage]:
    copy = draft.email.copy
    yield from _find(_without_code(copy), copy.file, copy.first_line, _IN_COPY)
    for file, source in draft.templates.items():
        yield from _find(source, file, 1, _IN_TEMPLATE)


def _without_code(copy: Copy) -> str:
    """The copy with blanks where code spans stand, so that columns stay."""
    return _CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), copy.text)


def _find(text: str, file: str, first_line: int, pattern: re.Pattern[str]) -> Iterator[Passage]:
    for number, line in enumerate(text.split("\n"), first_line):
        for found in pattern.finditer(line):
            name = found.lastgroup or "link"
            place = Place(file=file, line=number, column=found.start(name) + 1)
            yield Passage(text=found[name], place=place, excerpt=line)
