"""Notes and settings with which authors ignore a problem, each with a reason.

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
from lovecampaign.checks.base.rule import Rule
from lovecampaign.core.errors import ProblemsFound
from lovecampaign.core.problems import Place, Problem, Severity
from lovecampaign.render.model.problem_codes import MEANINGS
from lovecampaign.render.model.template_files import TemplateFiles, template_file

#: They protect readers and the people named in the mail: nothing silences these.
PROTECTED = frozenset(
    {
        *("LC200", "LC201", "LC202", "LC203", "LC204", "LC205"),  # the example's names and links
        "LC221",  # the postal address
        "LC223",  # files with mistakes
        "LC235",  # a start that moved: send refuses it
        "LC268",  # the footer
        "LC291",  # one-click unsubscribe
        *("LC296", "LC297", "LC298"),  # the rules about notes
    }
)
#: The codes of rules; those of loading and rendering cannot be ignored.
_RULE = re.compile(r"LC2\d\d")
_NEVER_IGNORED = frozenset({code.value for code in (*LoadingCode, *MEANINGS)})
_NOTE = re.compile(
    r"(?P<open>#|\{#-?|<!--)\s*lovecampaign:\s*ignore\s+(?P<code>LC\d{3})\b"
    r"[ \t]*(?:[:–—-]+[ \t]*)?(?P<reason>.*?)\s*(?:-?#\}|-->|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """One note, or one entry of ``checks.ignore``."""

    code: str
    reason: str
    place: Place
    #: The source line, for the excerpt.
    excerpt: str | None = None
    #: False: only on its own line and the next.
    is_everywhere: bool = False
    #: In an HTML comment, which would be sent along.
    is_html: bool = False

    def covers(self, problem: Problem) -> bool:
        """Whether it silences the problem."""
        if problem.code != self.code or self.code in PROTECTED:
            return False
        if self.is_everywhere:
            return True
        place, own = problem.place, self.place
        if place is None or place.file != own.file or own.line is None:
            return False
        # A problem of a whole file has no line: a note anywhere in the file covers it.
        return place.line is None or place.line in (own.line, own.line + 1)

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


class IgnoreWithoutReason(Rule, code="LC296"):
    """Every ignored code has a reason.

    In a year a colleague asks whether the reason still holds.

    Bad:  # lovecampaign: ignore LC260
    Good: # lovecampaign: ignore LC260 – the long title of her book
    """

    def about(self, ignore: Ignore) -> Iterator[Problem]:
        if not ignore.reason:
            yield ignore.problem(
                self.code,
                f"{ignore.code} is ignored without a reason",
                f"write # lovecampaign: ignore {ignore.code} – and why",
            )


class IgnoreOfNothing(Rule, code="LC297"):
    """Every note silences something.

    It would hide the next mistake on that line. A note holds for its own line and the next one.

    Bad:  a note about a subject that is short by now
    Good: no note
    """

    def about(self, ignore: Ignore, problems: Sequence[Problem]) -> Iterator[Problem]:
        can_be = ignore.code not in PROTECTED and _RULE.fullmatch(ignore.code)
        if can_be and not any(ignore.covers(problem) for problem in problems):
            yield ignore.problem(
                self.code,
                f"nothing here is reported as {ignore.code}",
                "delete the note, or move it to the line above the problem",
            )


class IgnoreRefused(Rule, code="LC298"):
    """Rules that protect readers cannot be ignored.

    These are the unsubscribe link, the sender's address, words and links that are still the
    example's, and mistakes in files. And a note in an HTML comment would be sent along: copy and
    templates take {# … #}.

    Bad:  {# lovecampaign: ignore LC268: no room for a footer #}
    Good: a footer
    """

    def about(self, ignore: Ignore) -> Iterator[Problem]:
        if ignore.is_html:
            yield ignore.problem(
                self.code,
                "a note in an HTML comment would reach readers",
                f"write {{# lovecampaign: ignore {ignore.code}: {ignore.reason or 'why'} #}}",
            )
        elif ignore.code in PROTECTED or ignore.code in _NEVER_IGNORED:
            yield ignore.problem(
                self.code,
                f"{ignore.code} cannot be ignored",
                f"fix it: lovecampaign check --explain {ignore.code}",
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
    """The problems that are not ignored, and the problems of the notes themselves.

    With ``is_whole_campaign`` false, notes are not judged: in a check of one email, a note may be
    about another one.
    """
    reasoned = [ignore for ignore in ignores if not ignore.is_html]
    left = [one for one in problems if not any(ignore.covers(one) for ignore in reasoned)]
    return [*left, *_about_notes(ignores, problems)] if is_whole_campaign else left


def find_ignores(campaign: Campaign) -> list[Ignore]:
    """Every note in the campaign's files and templates, and every entry of ``checks.ignore``."""
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
    """The files of every template that the campaign uses, with their includes."""
    names: dict[str, None] = {}
    files = TemplateFiles(campaign)
    for email in campaign.emails:
        with suppress(ProblemsFound):  # reported by the check of that email
            names |= dict.fromkeys(map(template_file, files.sources(email)))
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
