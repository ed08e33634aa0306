"""A cache of built SQL statements, by email."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from lovecampaign.core.lru import LruCache
from lovecampaign.store.eligibility.disposition import Disposition

Statements = TypeVar("Statements")
_Key = tuple[str, str, int, bool]
_SIZE = 256


class StatementCache(Generic[Statements]):
    """One kind of statements, by email; an entry is valid until its campaign is loaded again."""

    def __init__(self, build: Callable[[Disposition], Statements]) -> None:
        self._build = build
        self._cache: LruCache[_Key, tuple[Disposition, Statements]] = LruCache(_SIZE)

    def get(self, disposition: Disposition) -> Statements:
        """The statements for a disposition that takes its ``now`` as a bind parameter."""
        rules = disposition.eligibility
        key = (rules.campaign.id, rules.email.key, rules.campaign_id, disposition.is_cancelled)
        entry = self._cache.get(key, lambda _: (disposition, self._build(disposition)))
        if not _has_same_source(entry[0], disposition):
            entry = (disposition, self._build(disposition))
            self._cache.put(key, entry)
        return entry[1]


def _has_same_source(one: Disposition, other: Disposition) -> bool:
    """Whether both come from one load of the campaign; an edit of its files makes a new object."""
    return (
        one.eligibility.campaign is other.eligibility.campaign
        and one.eligibility.email is other.eligibility.email
    )
