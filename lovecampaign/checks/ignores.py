"""Which problems did the author decide to live with, and why?

A note in a file silences one code on its own line and on the next one::

    # lovecampaign: ignore LC260 – the long title of her book     (YAML)
    {# lovecampaign: ignore LC283: the logo is decoration #}      (copy and templates)

``checks.ignore`` in campaign.yaml silences a code in the whole campaign. Each needs a reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.source.problem_codes import ProblemCode as LoadingCode
from lovecampaign.campaign.source.source import make_source, read_source
from lovecampaign.checks.base.locate import setting
from lovecampaign.core.errors import ProblemsFound
from lovecampaign.core.problems import Place, Problem, Severity
from lovecampaign.render.model.problem_codes import MEANINGS
from lovecampaign.render.model.template_files import read_templates, template_file

#: What protects readers and whoever is named in the mail: nothing silences these.
PROTECTED = frozenset(
    {
        *("LC200", "LC201", "LC202", "LC203", "LC204", "LC205"),  # somebody else's name and links
        "LC221",  # the postal address
        "LC223",  # files with mistakes
        "LC235",  # a start that moved: send refuses it
        "LC268",  # ways out in both parts
        "LC291",  # one-click unsubscribing
        *("LC296", "LC297", "LC298"),  # about ignoring itself
    }
)
#: The codes of rules; those of reading and rendering cannot be lived with.
_RULE = re.compile(r"LC2\d\d")
#: Without them there is no mail.
_OF_READING = frozenset({code.value for code in (*LoadingCode, *MEANINGS)})
_NOTE = re.compile(
    r"(?P<open>#|\{#-?|<!--)\s*lovecampaign:\s*ignore\s+(?P<code>LC\d{3})\b"
    r"[ \t]*(?:[:–—-]+[ \t]*)?(?P<reason>.*?)\s*(?:-?#\}|-->|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """One decision to live with a code."""

    code: str
    reason: str
    place: Place
    #: The line that holds it, for the excerpt.
    excerpt: str | None = None
    #: False: on its own line and the next.
    is_everywhere: bool = False
    #: An HTML comment, which readers could see.
    is_html: bool = False

    def covers(self, problem: Problem) -> bool:
        """Whether it silences the problem."""
        if problem.code != self.code or self.code in PROTECTED:
            return False
        if self.is_everywhere:
            return True
        found, own = problem.place, self.place
        if found is None or found.file != own.file or own.line is None:
            return False
        # Problems of a whole file have no line: a note anywhere in it may speak of them.
        return found.line is None or found.line in (own.line, own.line + 1)

    def problem(self, code: str, message: str, hint: str) -> Problem:
        """A warning about the note itself."""
        return Problem(
            code=code,
            message=message,
            place=self.place,
            hint=hint,
            severity=Severity.WARNING,
            excerpt=self.excerpt,
            width=len(self.code),
        )


class IgnoreWithoutReason:
    """Whoever ignores a code says why.

    In a year somebody else asks whether the reason still holds.

    Bad:  # lovecampaign: ignore LC260
    Good: # lovecampaign: ignore LC260 – the long title of her book
    """

    code = "LC296"

    def about(self, ignore: Ignore) -> Iterator[Problem]:
        if not ignore.reason:
            yield ignore.problem(
                self.code,
                f"{ignore.code} is ignored without a reason",
                f"write # lovecampaign: ignore {ignore.code} – and why",
            )


class IgnoreOfNothing:
    """An ignore that silences nothing is taken away.

    It would hide the next mistake on that line. A note holds for its own line and the next one.

    Bad:  a note about a subject that is short by now
    Good: no note
    """

    code = "LC297"

    def about(self, ignore: Ignore, problems: Sequence[Problem]) -> Iterator[Problem]:
        can_be = ignore.code not in PROTECTED and _RULE.fullmatch(ignore.code)
        if can_be and not any(ignore.covers(problem) for problem in problems):
            yield ignore.problem(
                self.code,
                f"nothing here is reported as {ignore.code}",
                "take the note away, or move it to the line above the problem",
            )


class IgnoreRefused:
    """What protects readers is not ignored.

    The ways out, the sender's address, whose words and links these are, and mistakes in files
    cannot be lived with. And a note in an HTML comment would be sent along: copies and templates
    take {# … #}.

    Bad:  {# lovecampaign: ignore LC268: no room for a footer #}
    Good: a footer
    """

    code = "LC298"

    def about(self, ignore: Ignore) -> Iterator[Problem]:
        if ignore.is_html:
            yield ignore.problem(
                self.code,
                "a note in an HTML comment would reach readers",
                f"write {{# lovecampaign: ignore {ignore.code}: {ignore.reason or 'why'} #}}",
            )
        elif ignore.code in PROTECTED or ignore.code in _OF_READING:
            yield ignore.problem(
                self.code,
                f"{ignore.code} cannot be ignored",
                f"mend it: lovecampaign check --explain {ignore.code}",
            )
        elif not _RULE.fullmatch(ignore.code):
            yield ignore.problem(
                self.code,
                f"there is no code {ignore.code}",
                "write the code that lovecampaign check prints beside the problem, or none",
            )


NOTE_RULES = (IgnoreWithoutReason(), IgnoreOfNothing(), IgnoreRefused())


def apply_ignores(
    problems: Sequence[Problem], ignores: Sequence[Ignore], *, is_whole_campaign: bool
) -> list[Problem]:
    """The problems that nobody decided to live with, and those of the notes themselves.

    A check of one email cannot tell whether a note is about another one: with
    ``is_whole_campaign`` false, nothing is said about notes.
    """
    reasoned = [ignore for ignore in ignores if not ignore.is_html]
    left = [one for one in problems if not any(ignore.covers(one) for ignore in reasoned)]
    return [*left, *_about_notes(ignores, problems)] if is_whole_campaign else left


def find_ignores(campaign: Campaign) -> list[Ignore]:
    """Every note in the campaign's files and in the templates, and in its settings."""
    ignores = list(_in_settings(campaign))
    for name in (*campaign.files, *_template_files(campaign)):
        source, _problems = read_source(campaign.workspace / name, name)
        ignores.extend(_in_text(source.text, name) if source else ())
    return ignores


def _in_settings(campaign: Campaign) -> Iterator[Ignore]:
    for code, reason in campaign.ignored_checks.items():
        passage = setting(campaign, f"checks.ignore.{code}", code)
        yield Ignore(
            code=code,
            reason=reason.strip(),
            place=passage.place,
            excerpt=passage.excerpt,
            is_everywhere=True,
        )


def _template_files(campaign: Campaign) -> list[str]:
    """The files of every template that an email of the campaign uses, and what they include."""
    names: dict[str, None] = {}
    seen = set()
    for email in campaign.emails:
        if email.template not in seen:
            seen.add(email.template)
            with suppress(ProblemsFound):  # said by the check of that email
                names |= dict.fromkeys(map(template_file, read_templates(campaign, email)))
    return list(names)


def _in_text(text: str, name: str) -> Iterator[Ignore]:
    if "lovecampaign:" not in text:
        return
    for number, line in enumerate(make_source(name, text).lines, 1):
        for found in _NOTE.finditer(line):
            yield Ignore(
                code=found["code"].upper(),
                reason=found["reason"].strip(),
                place=Place(file=name, line=number, column=found.start("code") + 1),
                excerpt=line,
                is_html=found["open"] == "<!--",
            )


def _about_notes(ignores: Sequence[Ignore], problems: Sequence[Problem]) -> Iterator[Problem]:
    without_reason, of_nothing, refused = NOTE_RULES
    for ignore in ignores:
        yield from without_reason.about(ignore)
        yield from of_nothing.about(ignore, problems)
        yield from refused.about(ignore)
