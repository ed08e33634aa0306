"""Translations of the pages' texts: one TOML file for each language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "texts"
FALLBACK = "en"
#: Languages in which zero takes the singular (CLDR: "one" is i = 0,1).
_ZERO_IS_ONE = frozenset({"fr"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """The texts of one language."""

    language: str
    texts: Mapping[str, Any]

    def __call__(self, key: str, **values: object) -> str:
        """``confirm.now.title`` with its ``{names}`` filled in; raises KeyError if it is missing.

        The plural forms ``one`` and ``other`` are chosen by the value ``count``.
        """
        text: Any = self.texts
        for part in key.split("."):
            text = text[part]
        if isinstance(text, dict):
            count = values["count"]
            is_one = count == 1 or (count == 0 and self.language in _ZERO_IS_ONE)
            text = text["one" if is_one else "other"]
        return str(text).format(**values)


class Translations:
    """The texts of every shipped language."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._by_language = {
            file.stem: Translation(language=file.stem, texts=_read_texts(file))
            for file in sorted(folder.glob("*.toml"))
        }

    @property
    def languages(self) -> Sequence[str]:
        return list(self._by_language)

    def choose(self, *wanted: str) -> Translation:
        """The first of these languages (``fr``, ``fr-CA``) that is shipped, else English."""
        bases = (language.replace("_", "-").split("-")[0].lower() for language in wanted)
        language = next((base for base in bases if base in self._by_language), FALLBACK)
        return self._by_language[language]


@cache
def _read_texts(file: Path) -> Mapping[str, Any]:
    return tomllib.loads(file.read_text("utf-8"))


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
