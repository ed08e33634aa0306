"""All that the check of one email depends on, and a key of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass, replace
from functools import cached_property

from lovecampaign.campaign.model.campaign import Campaign, Copy, Email, Role
from lovecampaign.checks.base.facts import EmailFacts, Facts
from lovecampaign.render.model.content import Content

#: What most values are, asked for first.
_LEAVES = frozenset({str, int, bool})


class EmailInputs:
    """What the checks of a campaign's emails get to see.

    The others' words are left out, so an edit of one letter leaves the results of the others as
    they are; and no rule can depend on more than :meth:`key` says.
    """

    def __init__(self, campaign: Campaign, facts: Facts) -> None:
        self._campaign = campaign
        self._facts = facts

    def campaign_for(self, email: Email) -> Campaign:
        """The campaign with its settings and this email; of the others, only when they are sent."""
        own = {each.key: each for each in self._own(email)}
        emails = tuple(own.get(each.key, each) for each in self._outlines)
        return replace(self._campaign, emails=emails, files=())

    def facts_for(self, content: Content | None) -> EmailFacts:
        """The facts without the time; counts of people only where the email uses their fields."""
        words = content.authored if content else ()
        sources = [text for each in words for text in (each.subject, each.copy.text)]
        sources += [content.preheader, *content.templates.values()] if content else []
        needs_people = any("fields" in source for source in sources)
        return EmailFacts(
            provider_leaves_machine=self._facts.provider_leaves_machine,
            public_url=self._facts.public_url,
            reachable=self._facts.reachable if needs_people else None,
            known_fields=self._facts.known_fields if needs_people else {},
        )

    def key(self, email: Email, content: Content) -> str:
        """A hash of all inputs; equal in every process."""
        own = list(self._own(email))
        parts = [*self._shared, canonical(own), content.to_json()]
        parts.append(canonical(self.facts_for(content)))
        places = (place.file for each in own for place in each.places.values())
        files = {self._campaign.file, *(each.copy.file for each in own), *places}
        parts += [f"{file} {self._hash_of(file)}" for file in sorted(files)]
        written = "\0".join(parts)
        return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()

    def _own(self, email: Email) -> Iterator[Email]:
        """The email, and those that it repeats."""
        yield email
        if email.role is Role.CATCH_UP:
            yield from self._campaign.day_emails

    @cached_property
    def _outlines(self) -> tuple[Email, ...]:
        return tuple(map(_outline, self._campaign.emails))

    @cached_property
    def _shared(self) -> tuple[str, ...]:
        """The inputs that all emails share."""
        settings = replace(self._campaign, emails=(), files=())
        return (canonical(settings), canonical(self._outlines))

    def _hash_of(self, file: str) -> str:
        """Excerpts are read from the author's files."""
        try:
            return hashlib.sha256((self._campaign.workspace / file).read_bytes()).hexdigest()
        except OSError:
            return "unreadable"


def _outline(email: Email) -> Email:
    """An email without its words."""
    return Email(
        key=email.key,
        role=email.role,
        kind=email.kind,
        subject="",
        preheader="",
        template="",
        copy=Copy(text="", file=email.copy.file),
        number=email.number,
        date=email.date,
        at=email.at,
        instant=email.instant,
    )


def canonical(value: object) -> str:
    """Like ``repr``, but the same in every process: sets have no order of their own."""
    if value is None or type(value) in _LEAVES:
        return repr(value)
    if is_dataclass(value):
        named = (f"{one.name}={canonical(getattr(value, one.name))}" for one in fields(value))
        return f"{type(value).__name__}({','.join(named)})"
    if isinstance(value, Mapping):
        items = (f"{canonical(key)}:{canonical(one)}" for key, one in value.items())
        return f"{{{','.join(sorted(items))}}}"
    if isinstance(value, AbstractSet):
        return f"{{{','.join(sorted(map(canonical, value)))}}}"
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(canonical, value))}]"
    return repr(value)
