"""The two interfaces of rules, and what a rule gets to judge.

A rule is a class with a code and a docstring, which ``check --explain CODE`` shows: what it
wants and why, an example that breaks the rule (``Bad:``) and one that keeps it (``Good:``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.checks.base.facts import EmailFacts, Facts
from lovecampaign.core.problems import Problem
from lovecampaign.render.model.content import Content
from lovecampaign.render.model.template_files import template_file

if TYPE_CHECKING:
    from lovecampaign.checks.base.rendered_email import RenderedEmail


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthDraft:
    """A campaign, for rules about the whole month."""

    campaign: Campaign
    facts: Facts

    @property
    def zones(self) -> list[str]:
        """The subscribers' time zones; the campaign's own if they were not counted."""
        return sorted(self.facts.zones or {self.campaign.timezone})


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailDraft:
    """One email, for rules about single emails."""

    #: With the words of this email only, and of those that it repeats.
    campaign: Campaign
    facts: EmailFacts
    email: Email
    #: Its sources; None where its templates cannot be read.
    content: Content | None
    #: Rendered for a sample subscriber; None after an error.
    rendered: RenderedEmail | None = None

    @property
    def templates(self) -> Mapping[str, str]:
        """The sources of its template and of the template's includes, by file."""
        sources = self.content.templates if self.content else {}
        return {template_file(name): source for name, source in sources.items()}


class Rule:
    """A rule declares its code: ``class SellsEarly(EmailRule, code="LC210")``."""

    code: ClassVar[str]

    def __init_subclass__(cls, *, code: str = "") -> None:
        if code:
            cls.code = code


class MonthRule(Rule):
    """A rule about the whole campaign; its errors block every email."""

    def find(self, draft: MonthDraft) -> Iterator[Problem]:
        """The problems of a campaign, with the rule's code."""
        return (replace(problem, code=self.code) for problem in self.findings(draft))

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        """Each rule's own search; the code is added to what it finds."""
        raise NotImplementedError


class EmailRule(Rule):
    """A rule about one email; its errors block only that email."""

    def find(self, draft: EmailDraft) -> Iterator[Problem]:
        """The problems of an email, with the rule's code."""
        return (replace(problem, code=self.code) for problem in self.findings(draft))

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        """Each rule's own search; the code is added to what it finds."""
        raise NotImplementedError
