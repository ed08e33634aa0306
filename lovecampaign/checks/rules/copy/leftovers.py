"""Is anything left over from writing, or from another program?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lovecampaign.checks.base.locate import find_in_templates, find_in_words
from lovecampaign.checks.base.rule import EmailDraft
from lovecampaign.checks.base.template_text import find_in_template_links, find_in_template_words
from lovecampaign.core.problems import Problem, Severity

_PLACEHOLDER = re.compile(
    r"(?i:\blorem ipsum\b|\bdolor sit amet\b"
    r"|\[(?:insert|your|add|name|link|date|todo)\b[^\]|(]*\](?!\()|<(?:insert|your) [^>]*>"
    r"|\bFIXME\b|\binsert [a-z]+ here\b|\|\s*#\s*\]\])"
    # Small letters are words of other languages: todo el mundo.
    r"|\b(?:TODO|TBD|TBC|XXX+)\b|\]\(\s*#?\s*\)|href=[\"'](?:#|)[\"']"
)
#: A template's link without an address.
_NOWHERE = re.compile(r"href=[\"'](?:#|)[\"']")
#: Not inside of code, which is shown as it stands.
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
    r"|«\s*\w+(?:_\w+)+\s*»|<<\s*\w[\w ]*>>|\$\{\w+\}|\[(?:firstname|unsubscribe)\]",
)


class Placeholder:
    """Nothing that stood in for the real words is left.

    Bad:  [insert link here]
    Good: [print the page](https://your-shop.com/five-lines)
    """

    code = "LC273"

    def find(self, draft: EmailDraft) -> Iterator[Problem]:
        everywhere = (
            *find_in_words(draft, _PLACEHOLDER),
            *find_in_template_words(draft, _PLACEHOLDER),
            *find_in_template_links(draft, _NOWHERE),
        )
        for passage in everywhere:
            yield passage.problem(
                self.code,
                f"{passage.text} stands where your words should",
                hint="write them, or take it out",
                severity=Severity.WARNING,
            )


class RawHtml:
    """Copy is Markdown, and holds no HTML.

    Tags in copy are not read: readers see them as they stand. What Markdown has no sign for
    belongs into a template.

    Bad:  <b>Two minutes</b> are enough.
    Good: **Two minutes** are enough.
    """

    code = "LC289"

    def find(self, draft: EmailDraft) -> Iterator[Problem]:
        for passage in find_in_words(draft, _TAG):
            yield passage.problem(
                self.code,
                f"readers would see {passage.text} as it stands: copy is Markdown",
                hint="write **bold**, *italic* or [words](https://…), or put it into a template",
                severity=Severity.WARNING,
            )


class ForeignMergeTag:
    """Merge fields are written as this program knows them.

    Copy that was moved from another program keeps that one's tags, and readers would see them
    as they stand.

    Bad:  Hi *|FNAME|*, or Hi {first_name},
    Good: Hi {{ first_name | default("friend", true) }},
    """

    code = "LC274"

    def find(self, draft: EmailDraft) -> Iterator[Problem]:
        tags = (
            *find_in_words(draft, _FOREIGN_TAG),
            *find_in_templates(draft, re.compile(r"\*\|[A-Z0-9_:]+\|\*|%%[A-Za-z_]+%%")),
        )
        for passage in tags:
            yield passage.problem(
                self.code,
                f"{passage.text} is no merge field here: readers would see it as it is",
                hint='write {{ first_name | default("friend", true) }}, with two braces',
            )
