"""The filter of a day's recipients, as the query string of the page holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.reports.addressees import AddresseeFilter

#: In place of a skip reason: those who get the email.
RECIPIENTS = "recipients"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFilter:
    """The query of a day's page; by default, all subscribers."""

    #: Part of a name or an address.
    words: str = ""
    #: ``recipients``, or a skip reason; '' for all.
    who: str = ""
    #: The email with a list that starts after the subscriber ``after`` (keyset cursor).
    of: str = ""
    after: int = 0

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """The filter of a query; invalid values are left out."""
        who, after = query.get("who", ""), query.get("after", "")
        return cls(
            words=query.get("q", "").strip(),
            who=who if who in (RECIPIENTS, *SkipReason) else "",
            of=query.get("of", ""),
            after=int(after) if after.isdecimal() and len(after) < 19 else 0,
        )

    def behind(self, key: str, after: int) -> Self:
        """The next page of one email's list."""
        return replace(self, of=key, after=after)

    def for_email(self, key: str) -> AddresseeFilter:
        return AddresseeFilter(
            words=self.words,
            reason=SkipReason(self.who) if self.who in list(SkipReason) else None,
            is_for_recipients=self.who == RECIPIENTS,
            after=self.after if self.of == key else 0,
        )

    def as_query(self) -> Mapping[str, str]:
        """The query, without defaults."""
        said = {"q": self.words, "who": self.who, "of": self.of, "after": str(self.after or "")}
        return {name: value for name, value in said.items() if value}
