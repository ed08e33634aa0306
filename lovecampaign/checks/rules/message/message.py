"""Rules about the whole message: its size, its text part, its footer, and how fast it renders."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lovecampaign.campaign.model.campaign import Role
from lovecampaign.checks.base.locate import Passage, first_line, point_at
from lovecampaign.checks.base.prose import read_prose
from lovecampaign.checks.base.rule import EmailDraft, EmailRule
from lovecampaign.core.problems import Place, Problem, Severity
from lovecampaign.render.plain.sample_recipients import SAMPLE_LINKS

_WARN_BYTES = 90_000
#: Gmail cuts off what comes after some 102 kB of HTML, the unsubscribe link included.
GMAIL_CLIPS_AT_BYTES = 102_000
_WORD = re.compile(r"\w+")
_BUTTON_LINE = re.compile(r"https?://\S+")
_FEW_WORDS = 20


class HtmlWeight(EmailRule, code="LC266"):
    """The letter is shown to its end.

    Gmail cuts off HTML after about 102 kB, and puts the rest, with the unsubscribe link, behind
    "View entire message". From 90 kB on there is a warning: names and codes add to it.

    Bad:  a template with 95 kB of styles
    Good: letters of 20 to 30 kB, as the example has them
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        size = len(draft.rendered.html.encode()) if draft.rendered else 0
        if size > _WARN_BYTES:
            is_cut = size > GMAIL_CLIPS_AT_BYTES
            yield first_line(draft.email).problem(
                f"{draft.email.key} has {size // 1000} kB of HTML: "
                f"{'Gmail cuts it off' if is_cut else 'near the 102 kB at which Gmail cuts off'}",
                hint="shorten the copy, or the styles of its template",
                severity=Severity.ERROR if is_cut else Severity.WARNING,
            )


class TextPart(EmailRule, code="LC267"):
    """The text part says what the HTML says.

    Some people read text, by choice or because of their eyes, and filters compare the two
    parts. The text is made from the template's mj-text and the copy, not from mj-raw.

    Bad:  the whole letter inside <mj-raw>
    Good: words in the copy, or in <mj-text>
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        shown = draft.rendered
        if shown is None:
            return
        in_html = len(_WORD.findall(shown.words))
        in_text = len(_WORD.findall(_BUTTON_LINE.sub("", shown.text)))
        if in_html > _FEW_WORDS and in_text < in_html / 2:
            yield point_at(draft, re.compile(r"<mj-raw\b")).warning(
                f"the text part has {in_text} words, the HTML {in_html}",
                hint="move words from mj-raw into mj-text, or into the copy",
            )


class RequiredFooter(EmailRule, code="LC268"):
    """Both parts of a letter have its legal footer.

    The law and the mailbox providers want it, and it is the reader's right: an unsubscribe link,
    a preferences link and the postal address, all visible. No ignore silences this.

    Bad:  a footer inside <mj-raw>, or with display:none
    Good: a footer with {{ links.unsubscribe }}, {{ links.preferences }} and
          {{ sender.postal_address }} in an <mj-text>
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        shown = draft.rendered
        if shown is None or draft.email.role is Role.CONFIRM:
            return
        for part, lacks in (
            (
                "HTML",
                _missing(draft, {link.href for link in shown.links if link.words}, shown.words),
            ),
            ("text", _missing(draft, set(_BUTTON_LINE.findall(shown.text)), shown.text)),
        ):
            if lacks:
                footer = re.compile(r"links\s*\.\s*unsubscribe|postal_address")
                yield point_at(draft, footer).error(
                    f"the {part} part does not show {' and '.join(lacks)}",
                    hint="print them in an <mj-text> at the end of the template",
                )


class ImageOnly(EmailRule, code="LC278"):
    """A letter is more than a picture.

    Many mail programs show no pictures at first, and filters know mail that is only one picture
    (SpamAssassin: HTML_IMAGE_ONLY). The words belong in the letter.

    Bad:  [[image: letter.png | Our news]] and nothing else
    Good: the words as copy, and the picture beside them
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        shown = draft.rendered
        if shown is None or not any(True for _ in shown.tags("img")):
            return
        words = len(_WORD.findall(read_prose(draft.email.copy.text)))
        if words < _FEW_WORDS and draft.email.copy.text.strip():
            yield first_line(draft.email).warning(
                f"{draft.email.key} is a picture with {words} words",
                hint="write the words into the copy",
            )


class FastPathUsed(EmailRule, code="LC236"):
    """Merge values are used in ways that allow the fast path of rendering.

    The parts that are the same for all readers are rendered and encoded once, and each reader's
    own values are put in: tens of thousands of messages a second. A value that is counted with
    `range`, or becomes a key of a dictionary, needs everything rendered anew for each reader.
    Such mail is correct, but takes about a hundred times as long.

    Bad:  {% for n in range(first_name | length) %}*{% endfor %}
    Good: {% for letter in first_name %}*{% endfor %}
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        fallback = draft.rendered.fallback if draft.rendered else None
        if fallback is None:
            return
        passage = Passage(text="", place=fallback.place, excerpt=_line_at(draft, fallback.place))
        yield passage.warning(
            f"{draft.email.key} is rendered anew for each reader: {fallback.message}",
            hint="use conditions, loops and filters on the value itself",
        )


def _missing(draft: EmailDraft, links: set[str], words: str) -> list[str]:
    address = " ".join(draft.campaign.sender.postal_address.split())
    wanted = {
        "the unsubscribe link": SAMPLE_LINKS.unsubscribe in links,
        "the preferences link": SAMPLE_LINKS.preferences in links,
        "the postal address": address in " ".join(words.split()),
    }
    return [name for name, is_there in wanted.items() if not is_there]


def _line_at(draft: EmailDraft, place: Place) -> str | None:
    copy = draft.email.copy
    sources = {file: (1, source) for file, source in draft.templates.items()}
    sources[copy.file] = (copy.first_line, copy.text)
    if place.line is None or place.file not in sources:
        return None
    first_line, source = sources[place.file]
    lines = source.split("\n")[place.line - first_line :]
    return lines[0] if lines else None
