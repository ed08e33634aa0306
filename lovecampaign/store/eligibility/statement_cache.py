"""Which statements about an email were built before?

Building the SQL of a claim takes SQLAlchemy several times as long as SQLite takes to run it. It
depends on the campaign's files and on little else, so it is built once and run with parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from lovecampaign.store.eligibility.disposition import Disposition

Statements = TypeVar("Statements")
_Key = tuple[str, str, int, bool]


class StatementCache(Generic[Statements]):
    """One kind of statements, by email, for as long as its campaign stays as it was loaded."""

    def __init__(self, build: Callable[[Disposition], Statements]) -> None:
        self._build = build
        self._built: dict[_Key, tuple[Disposition, Statements]] = {}

    def of(self, disposition: Disposition) -> Statements:
        """The statements for a disposition that is asked with its ``now`` as a parameter."""
        eligibility = disposition.eligibility
        key = (
            eligibility.campaign.id,
            eligibility.email.key,
            eligibility.campaign_id,
            disposition.is_cancelled,
        )
        known = self._built.get(key)
        if known is not None and _is_same(known[0], disposition):
            return known[1]
        statements = self._build(disposition)
        self._built[key] = (disposition, statements)
        return statements


def _is_same(one: Disposition, other: Disposition) -> bool:
    """Whether nobody has loaded the campaign anew; an edit of its files makes another."""
    return (
        one.eligibility.campaign is other.eligibility.campaign
        and one.eligibility.email is other.eligibility.email
    )
