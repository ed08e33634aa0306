"""The choice of a page's language: of those that visitors accept, one that has words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from lovecampaign.campaign.words.catalog import (
    FALLBACK,
    OPERATORS,
    SHIPPED,
    Translation,
    own_languages,
    read_words,
)
from lovecampaign.campaign.words.locale import base_language


class Translations:
    """The words of every language: shipped ones, and those of the workspace."""

    def __init__(self, workspace: Path | None = None) -> None:
        self._workspace = workspace

    @property
    def languages(self) -> Sequence[str]:
        own = own_languages(self._workspace) if self._workspace else ()
        return sorted({*SHIPPED, *own})

    def choose(self, *wanted: str) -> Translation:
        """The first of these languages (``fr``, ``fr-CA``) that has words, else English."""
        known = self.languages
        for language in (*wanted, FALLBACK):
            names = [one for one in known if one.lower() == language.replace("_", "-").lower()]
            for name in (*names, base_language(language)):
                if name in known and (found := read_words(self._workspace, name)):
                    return found
        raise ValueError("the shipped English words are missing")

    def for_operator(self, *wanted: str) -> Translation:
        """As :meth:`choose`, among the languages that have the dashboard's words."""
        return self.choose(*(one for one in wanted if base_language(one) in OPERATORS))


@lru_cache(maxsize=256)
def accepted_languages(header: str) -> tuple[str, ...]:
    """The languages of an ``Accept-Language`` header, by weight (RFC 9110, 12.5.4)."""
    weighed = [_read_weight(part) for part in header.split(",")[:20]]
    wanted = [(weight, name) for weight, name in weighed if weight > 0 and name]
    return tuple(name for _, name in sorted(wanted, key=lambda one: -one[0]))


def _read_weight(part: str) -> tuple[float, str]:
    name, *parameters = part.strip().split(";")
    weight = next((one.strip()[2:] for one in parameters if one.strip().startswith("q=")), "1")
    try:
        return float(weight), name.strip()
    except ValueError:
        return 0.0, name.strip()
