"""The rule about Markdown of other programs, which subscribers would see as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lovecampaign.checks.base.locate import find_in_shown_words
from lovecampaign.checks.base.rule import EmailDraft, EmailRule
from lovecampaign.core.problems import Problem

#: A footnote's own line, or its number in a text.
_FOOTNOTE = re.compile(r"^ {0,3}\[\^[^\]\s]+\]:|\[\^[^\]\s]+\](?!\()", re.MULTILINE)
#: Syntax of GitHub, Pandoc, MkDocs, Obsidian and others: a pattern, its name, and the advice.
_FOREIGN_MARKDOWN = (
    (
        re.compile(r"(?:(?<=[-*+] )|(?<=[.)] ))\[[ xX]\](?= )"),
        "task lists",
        "write a plain list, or ☐ and ☑",
    ),
    (
        re.compile(r"(?<=> )\[!\w+\]|(?<=>)\[!\w+\]"),
        "boxes",
        "write a quotation that begins with a word in bold: > **Tip:**",
    ),
    (
        re.compile(r"^ {0,3}:{3,}.*$", re.MULTILINE),
        "boxes",
        "delete the colons, or write a quotation: > words",
    ),
    (
        re.compile(r"(?<![=\w])==(?=[^\s=])[^=\n]*[^\s=]==(?![=\w])"),
        "highlights",
        "write **bold**",
    ),
    (
        re.compile(r"^ {0,3}(?:\[\[?_?TOC_?\]\]?|\{:toc\})[ \t]*$", re.MULTILINE | re.IGNORECASE),
        "table of contents",
        "delete it",
    ),
    (
        re.compile(r"(?<![\w:/]):[a-z][a-z0-9+]*(?:_[a-z0-9]+)*:(?![\w:/])"),
        "names of emoji",
        "write the emoji itself, as 🌱",
    ),
    (
        re.compile(r"^ {0,3}(?:!!!|\?\?\?\+?)[ \t]+\w.*$", re.MULTILINE),
        "boxes",
        "write a quotation that begins with a word in bold: > **Tip:**",
    ),
    (
        re.compile(
            r"(?:(?<=[\])*_`\w])|(?<=[\w.!?)] ))\{:?[ \t]*[.#][\w-]+[^{}\n]*\}"
            r"|^\{:[^{}\n]*\}[ \t]*$",
            re.MULTILINE,
        ),
        "classes",
        "delete it; a template can have styles",
    ),
    (
        re.compile(
            r"!?\[\[(?![ \t]*(?:_?toc_?[ \t]*\]\]|(?:first|last|full|contact)[_ ]?name))"
            r"[^\[\]:{}|\n]+(?:\|[^\[\]:{}\n]*)?\]\]",
            re.IGNORECASE,
        ),
        "links to notes",
        "write a link: [words](https://…)",
    ),
    (
        re.compile(r"(?<=\w)~[^\s~]{1,12}~(?!~)|(?<=\w)\^[^\s^]{1,12}\^"),
        "small letters below or above",
        "write them as signs: H₂O, x²",
    ),
    (
        re.compile(
            r"(?<![+\w])\+\+(?=[^\s+])[^+\n]*[^\s+]\+\+(?![+\w])"
            r"|(?<!\|)\|\|(?=[^\s|])[^|\n]*[^\s|]\|\|(?!\|)"
        ),
        "insertions or spoilers",
        "write **bold**, or delete the signs",
    ),
    (
        re.compile(r"%%(?=[^%\n]*[ a-z])[^%\n]*[^%\s]%%(?!%)"),
        "comments",
        "write {# a comment #}",
    ),
    (
        re.compile(r"(?<=\S\n):[ \t]+\S.*$|^\*\[[^\]\n]+\]:.*$", re.MULTILINE),
        "definitions",
        "write **word**: what it means",
    ),
    (
        re.compile(r"\$\$[^$\n]*[^$\s]\$\$"),
        "formulas",
        "write it in words, or as a picture",
    ),
)
#: Links and pictures that Markdown takes for text, with the advice. Rendering looks up the files of
#: pictures with blanks in their names.
_BROKEN_LINKS = (
    (
        re.compile(
            r"(?:(?<!!)\[[^\[\]\n]+\]\((?![ \t]*<)|!\[[^\[\]\n]*\]\((?=https?:|\0))"
            r"(?=[^()\n]*[/.:\0])[ \t]*[^()<>\s]+[ \t]+(?![\"'()\s])[^()\n]*\)"
        ),
        "an address has no blanks: write %20 for each, or put it between < and >",
    ),
    (
        re.compile(
            r"!?\[[^\[\]\n]+\][ \t]+\((?:https?:|www\.|mailto:|\0)[^()\s]*\)"
            r"|!\[[^\[\]\n]*\][ \t]+\([^()\s]+\)"
        ),
        "delete the blank between ] and (",
    ),
    (
        re.compile(r"\([^()\n]+\)\[(?:https?:|www\.|mailto:|\0)[^\[\]\s]*\]"),
        "write the words first, in square brackets: [words](https://…)",
    ),
    (
        re.compile(r"!?\[[^\[\]\n]+\]\((?:https?:|www\.|\0)[^()\s]*(?=\s|\Z)(?![^\n]*\))"),
        "put a ) behind the address",
    ),
)
#: ``[words][page]``, which needs a line ``[page]: https://…``.
_REFERENCE = re.compile(r"\[[^\[\]\n]+\]\[[^\[\]\n]+\]")
_REFERRED_TO = re.compile(r"^ {0,3}\[([^\]\n]+)\]:", re.MULTILINE)


class UnknownMarkdown(EmailRule, code="LC226"):
    """Copy holds no Markdown of other programs.

    Task lists, boxes, highlights, tables of contents and :emoji: are no part of the Markdown of
    copy, which is CommonMark with ~~strikethrough~~ and footnotes: readers would see their signs
    as they are, and so a link with a blank in its address. A footnote needs both its number in the
    text and its note.

    Bad:  - [ ] sow the peas :seedling:
    Good: - sow the peas 🌱
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        for pattern, what, hint in _FOREIGN_MARKDOWN:
            for passage in find_in_shown_words(draft, pattern):
                yield passage.warning(
                    f"readers would see {passage.text} as it is: Markdown here has no {what}",
                    hint=hint,
                )
        yield from _broken_links(draft)
        yield from _lone_footnotes(draft)


def _broken_links(draft: EmailDraft) -> Iterator[Problem]:
    for pattern, hint in _BROKEN_LINKS:
        for passage in find_in_shown_words(draft, pattern, jinja="\0"):
            yield passage.warning(f"readers would see {passage.text} as it is", hint=hint)
    pages = {name.casefold() for name in _REFERRED_TO.findall(draft.email.copy.text)}
    for passage in find_in_shown_words(draft, _REFERENCE):
        page = passage.text.rpartition("[")[2].removesuffix("]")
        if page.casefold() not in pages:
            yield passage.warning(
                f"readers would see {passage.text} as it is",
                hint=f"write the address on a line of its own: [{page}]: https://…",
            )


def _lone_footnotes(draft: EmailDraft) -> Iterator[Problem]:
    """Numbers without a note, which are shown as they are, and notes without a number."""
    found = list(find_in_shown_words(draft, _FOOTNOTE))
    notes = {one.text.removesuffix(":") for one in found if one.text.endswith(":")}
    numbers = {one.text for one in found if not one.text.endswith(":")}
    for passage in found:
        number = passage.text.removesuffix(":")
        if number not in notes:
            yield passage.warning(
                f"readers would see {number} as it is: it has no note",
                hint=f"write the note on a line of its own: {number}: words",
            )
        elif number not in numbers:
            yield passage.warning(
                f"no text has the number {number}: its note is not sent",
                hint=f"write {number} behind the words that it is about, or delete the note",
            )
