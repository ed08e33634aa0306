"""Which statements about an email were built before?

Building the SQL of a claim takes SQLAlchemy several times as long as SQLite takes to run it. It
depends on the campaign's files and on little else, so it is built once and run with parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from lovecampaign.store.eligibility.disposition import Fate

Statements = TypeVar("Statements")
_Key = tuple[str, str, int, bool]


class Built(Generic[Statements]):
    """One kind of statements, by email, for as long as its campaign stays as it was loaded."""

    def __init__(self, build: Callable[[Fate], Statements]) -> None:
        self._build = build
        self._built: dict[_Key, tuple[Fate, Statements]] = {}

    def of(self, fate: Fate) -> Statements:
        """The statements for a fate that is asked with its ``now`` as a parameter."""
        standing = fate.standing
        key = (standing.campaign.id, standing.email.key, standing.campaign_id, fate.is_cancelled)
        known = self._built.get(key)
        if known is not None and _is_same(known[0], fate):
            return known[1]
        statements = self._build(fate)
        self._built[key] = (fate, statements)
        return statements


def _is_same(one: Fate, other: Fate) -> bool:
    """Whether nobody has loaded the campaign anew; an edit of its files makes another."""
    return (
        one.standing.campaign is other.standing.campaign
        and one.standing.email is other.standing.email
    )
