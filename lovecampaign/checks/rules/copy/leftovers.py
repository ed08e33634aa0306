"""Rules about markup that subscribers would see as it is: placeholders, tags, HTML, tables."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from lovecampaign.checks.base.locate import find_in_shown_words, find_in_templates
from lovecampaign.checks.base.rule import EmailDraft, EmailRule
from lovecampaign.checks.base.template_text import find_in_template_links, find_in_template_words
from lovecampaign.core.problems import Problem

_PLACEHOLDER = re.compile(
    r"(?i:\blorem ipsum\b|\bdolor sit amet\b"
    r"|\[(?:insert|your|add|name|link|date|todo)\b[^\]|(\n]*\](?!\()|<(?:insert|your) [^>\n]*>"
    r"|\bFIXME\b|\binsert [a-z]+ here\b|\|\s*#\s*\]\])"
    # In capitals only: "todo el mundo" is Spanish.
    r"|\b(?:TODO|TBD|TBC|XXX+)\b|\]\(\s*#?\s*\)|href=[\"'](?:#|)[\"']"
)
#: In place of a merge field: no blank, and no part of a word.
_PRINTED = "\N{OBJECT REPLACEMENT CHARACTER}"
#: A template's link without an address.
_NOWHERE = re.compile(r"href=[\"'](?:#|)[\"']")
#: Tags, lone end tags, comments and declarations, as CommonMark knows them in HTML. Not a
#: placeholder (LC273), ``<<name>>`` (LC274), an escaped ``\<b>``, an address in brackets, or the
#: path of a picture: ``](<jam jar.png>)``, ``]: <jam jar.png>``.
_TAG = re.compile(
    r"(?<![\\<])(?<!\]\()(?<!\]:)(?<!\]: )<(?!(?:insert|your)\s)"
    r"(?:[a-z][a-z0-9-]*|[a-z]:[a-z0-9-]+)(?:\s+[^<>]*)?/?>(?!>)"
    r"|(?<![\\<])</[a-z][a-z0-9:-]*\s*>"
    r"|<!--.*?(?:-->|\Z)|<![a-z\[][^<>]*>|<\?.*?\?>",
    re.IGNORECASE | re.DOTALL,
)
_TAG_NAME = re.compile(r"<(/?)([\w:-]+)")
#: Merge tags of Mailchimp, Kit, Brevo, SendGrid, HubSpot, MailerLite, Word, ERB and old scripts.
_FOREIGN_TAG = re.compile(
    r"\*\|[A-Z0-9_:]+\|\*"
    r"|(?<![{%])\{(?!code\})\$?[A-Za-z][A-Za-z_.]*(?:\|[^{}|]*)?\}(?!\})"
    r"|%%?[A-Z][A-Z_]{2,}%%?|%[a-z]+_[a-z]+%|-[a-z]+_[a-z]+-(?=[\s,!.])"
    r"|\[\[\s*(?:first|last|full|contact)[_ ]?name\s*\]\]|\[(?:FIRST|LAST|FULL)[_ ]?NAME\]"
    r"|<%[=#-]?\s*[^<>]+?%>"
    r"|«\s*\w+(?:_\w+)+\s*»|<<\s*\w[\w ]*>>|\$\{\w+\}|\[(?:firstname|unsubscribe)\]"
)
#: The line of dashes under the first row of a table.
_TABLE_RULE = re.compile(
    r"^ {0,3}(?=[^|\n]*\|)\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$",
    re.MULTILINE,
)


class Placeholder(EmailRule, code="LC273"):
    """No placeholder is left.

    Bad:  [insert link here]
    Good: [print the page](https://your-shop.com/five-lines)
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        everywhere = (
            *find_in_shown_words(draft, _PLACEHOLDER, jinja=_PRINTED),
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
        opened: Counter[str] = Counter()
        for passage in find_in_shown_words(draft, _TAG):
            name = _TAG_NAME.match(passage.text)
            if name and name[1]:  # an end tag belongs to the problem of its start tag
                opened[name[2].lower()] -= 1
                if opened[name[2].lower()] >= 0:
                    continue
            elif name and not passage.text.endswith("/>"):
                opened[name[2].lower()] += 1
            yield passage.error(
                f"readers would see {passage.text} as text: copy is Markdown",
                hint="write **bold**, *italic* or [words](https://…), or put it into a template; "
                "to show it as text, put it between `backticks`",
            )


class ForeignMergeTag(EmailRule, code="LC274"):
    """Merge fields have the syntax of this program.

    Copy from another program keeps that program's tags, and readers would see them as they are.

    Bad:  Hi *|FNAME|*, or Hi {first_name},
    Good: Hi {{ first_name | default("friend", true) }},
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        tags = (
            *find_in_shown_words(draft, _FOREIGN_TAG),
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
        for passage in find_in_shown_words(draft, _TABLE_RULE):
            yield passage.warning(
                "readers would see this table as pipes and dashes: Markdown here has no tables",
                hint="write a list, or put the table into a template with <mj-table>",
            )
