"""Rules about markup that subscribers would see as it is: placeholders, tags, HTML, tables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lovecampaign.checks.base.locate import find_in_templates, find_in_words
from lovecampaign.checks.base.rule import EmailDraft, EmailRule
from lovecampaign.checks.base.template_text import find_in_template_links, find_in_template_words
from lovecampaign.core.problems import Problem

_PLACEHOLDER = re.compile(
    r"(?i:\blorem ipsum\b|\bdolor sit amet\b"
    r"|\[(?:insert|your|add|name|link|date|todo)\b[^\]|(]*\](?!\()|<(?:insert|your) [^>]*>"
    r"|\bFIXME\b|\binsert [a-z]+ here\b|\|\s*#\s*\]\])"
    # In capitals only: "todo el mundo" is Spanish.
    r"|\b(?:TODO|TBD|TBC|XXX+)\b|\]\(\s*#?\s*\)|href=[\"'](?:#|)[\"']"
)
#: A template's link without an address.
_NOWHERE = re.compile(r"href=[\"'](?:#|)[\"']")
#: Not inside code, which is shown as it is.
_TAG = re.compile(
    r"(?<!`)<(?:a|abbr|b|big|blockquote|br|button|center|code|del|div|em|font|form|h[1-6]|hr|i"
    r"|iframe|img|input|ins|li|ol|p|pre|s|script|small|span|strong|style|sub|sup|table|tbody|td"
    r"|th|thead|tr|u|ul|video)(?:\s[^<>]*)?/?>(?!`)|<!--.*?(?:-->|$)",
    re.IGNORECASE,
)
#: Merge tags of Mailchimp, Kit, Brevo, SendGrid, HubSpot, MailerLite, Word and old scripts.
_FOREIGN_TAG = re.compile(
    r"\*\|[A-Z0-9_:]+\|\*"
    r"|(?<![{%])\{(?!code\})\$?[A-Za-z][A-Za-z_.]*(?:\|[^{}|]*)?\}(?!\})"
    r"|%%?[A-Z][A-Z_]{2,}%%?|%[a-z]+_[a-z]+%|-[a-z]+_[a-z]+-(?=[\s,!.])"
    r"|\[\[\s*(?:first|last|full|contact)[_ ]?name\s*\]\]|\[(?:FIRST|LAST|FULL)[_ ]?NAME\]"
    r"|«\s*\w+(?:_\w+)+\s*»|<<\s*\w[\w ]*>>|\$\{\w+\}|\[(?:firstname|unsubscribe)\]"
)
#: The line of dashes under the first row of a table.
_TABLE_RULE = re.compile(
    r"^ {0,3}(?=[^|]*\|)\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$"
)
_FENCE = re.compile(r"^ {0,3}(```|~~~)")


class Placeholder(EmailRule, code="LC273"):
    """No placeholder is left.

    Bad:  [insert link here]
    Good: [print the page](https://your-shop.com/five-lines)
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        everywhere = (
            *find_in_words(draft, _PLACEHOLDER),
            *find_in_template_words(draft, _PLACEHOLDER),
            *find_in_template_links(draft, _NOWHERE),
        )
        for passage in everywhere:
            yield passage.warning(
                f"{passage.text} is a placeholder for your words",
                hint="write your words, or delete it",
            )


class RawHtml(EmailRule, code="LC289"):
    """Copy is Markdown, and holds no HTML.

    Readers see tags in copy as they are. Markup that Markdown does not have belongs in a
    template.

    Bad:  <b>Two minutes</b> are enough.
    Good: **Two minutes** are enough.
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        for passage in find_in_words(draft, _TAG):
            yield passage.warning(
                f"readers would see {passage.text} as text: copy is Markdown",
                hint="write **bold**, *italic* or [words](https://…), or put it into a template",
            )


class ForeignMergeTag(EmailRule, code="LC274"):
    """Merge fields have the syntax of this program.

    Copy from another program keeps that program's tags, and readers would see them as they are.

    Bad:  Hi *|FNAME|*, or Hi {first_name},
    Good: Hi {{ first_name | default("friend", true) }},
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        tags = (
            *find_in_words(draft, _FOREIGN_TAG),
            *find_in_templates(draft, re.compile(r"\*\|[A-Z0-9_:]+\|\*|%%[A-Za-z_]+%%")),
        )
        for passage in tags:
            yield passage.error(
                f"{passage.text} is no merge field here: readers would see it as it is",
                hint='write {{ first_name | default("friend", true) }}, with two braces',
            )


class PipeTable(EmailRule, code="LC224"):
    """Copy holds no tables made of pipes.

    CommonMark, the Markdown of copy, has none: readers would see the pipes and dashes as they
    are, and on a phone a table is wider than the screen. A list says the same.

    Bad:  | Seed | Sow in |, with | --- | --- | below it
    Good: - **Peas**: sow in March
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        copy = draft.email.copy
        in_code = {copy.first_line + line for line in _lines_of_code(copy.text)}
        for passage in find_in_words(draft, _TABLE_RULE):
            if passage.place.file != copy.file or passage.place.line not in in_code:
                yield passage.warning(
                    "readers would see this table as pipes and dashes: Markdown here has no tables",
                    hint="write a list, or put the table into a template with <mj-table>",
                )


def _lines_of_code(text: str) -> Iterator[int]:
    """The lines of fenced code, counted from 0."""
    fence = ""
    for number, line in enumerate(text.split("\n")):
        found = _FENCE.match(line)
        if found and fence in ("", found[1]):
            fence = "" if fence else found[1]
        elif fence:
            yield number
