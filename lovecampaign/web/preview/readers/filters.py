"""Which people of a day does an address ask for?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.reports.addressees import AddresseeFilter

#: In place of a reason: those who get it.
RECIPIENTS = "recipients"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayChoice:
    """What stands behind the ``?`` of a day's page; as made, everybody."""

    #: Somewhere in a name or an address.
    words: str = ""
    #: ``recipients``, or why people do not get the email; '' for all of them.
    who: str = ""
    #: The email whose list begins behind the person ``after``.
    of: str = ""
    after: int = 0

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """What makes no sense in an address is as if it were not there."""
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
        """As an address says it, without what is as usual."""
        said = {"q": self.words, "who": self.who, "of": self.of, "after": str(self.after or "")}
        return {name: value for name, value in said.items() if value}
