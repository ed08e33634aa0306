"""What is a rule?

A class with a code and a docstring. The docstring is what ``check --explain CODE`` shows: what
is wanted and why, then an example that breaks the rule (``Bad:``) and one that keeps it
(``Good:``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.checks.base.facts import Facts
from lovecampaign.checks.base.rendered_email import RenderedEmail
from lovecampaign.core.problems import Problem
from lovecampaign.render.model.content import Content
from lovecampaign.render.model.template_files import template_file


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthDraft:
    """A campaign as it stands now, for rules about all of it."""

    campaign: Campaign
    facts: Facts

    @property
    def zones(self) -> list[str]:
        """The zones in which readers live; the campaign's own where nobody counted."""
        return sorted(self.facts.zones or {self.campaign.timezone})


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailDraft:
    """An email as it stands now, for rules about one."""

    campaign: Campaign
    facts: Facts
    email: Email
    #: What it is made of; None where its templates cannot be read.
    content: Content | None
    #: As a reader sees it; None where rendering finds errors.
    shown: RenderedEmail | None = None

    @property
    def templates(self) -> Mapping[str, str]:
        """The text of its template and of all that this includes, by file."""
        sources = self.content.templates if self.content else {}
        return {template_file(name): source for name, source in sources.items()}


class MonthRule(Protocol):
    """Looks at a campaign as a whole; an error that it finds blocks every email."""

    @property
    def code(self) -> str: ...

    def find(self, draft: MonthDraft) -> Iterator[Problem]: ...


class EmailRule(Protocol):
    """Looks at one email; an error that it finds blocks this one only."""

    @property
    def code(self) -> str: ...

    def find(self, draft: EmailDraft) -> Iterator[Problem]: ...
