"""In which words, and in which language, do pages speak? One file of texts for each language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "texts"
FALLBACK = "en"
#: Languages in which nothing counts as one (CLDR: "one" is i = 0,1).
_ZERO_IS_ONE = frozenset({"fr"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The texts of one language."""

    language: str
    texts: Mapping[str, Any]

    def __call__(self, key: str, **values: object) -> str:
        """``leave.title`` with its ``{names}`` filled in; raises KeyError for a key not there.

        A text with the forms ``one`` and ``other`` is chosen by the value ``count``.
        """
        text: Any = self.texts
        for part in key.split("."):
            text = text[part]
        if isinstance(text, dict):
            text = text[self._form(values["count"])]
        return str(text).format(**values)

    def _form(self, count: object) -> str:
        is_one = count == 1 or (count == 0 and self.language in _ZERO_IS_ONE)
        return "one" if is_one else "other"


class Texts:
    """The texts of every language that is shipped."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._wordings = {
            file.stem: Wording(language=file.stem, texts=tomllib.loads(file.read_text("utf-8")))
            for file in sorted(folder.glob("*.toml"))
        }

    @property
    def languages(self) -> Sequence[str]:
        return list(self._wordings)

    def speak(self, *wanted: str) -> Wording:
        """The first language of these (``fr``, ``fr-CA``) that is shipped, else English."""
        bases = (_base(language) for language in wanted)
        found = next((base for base in bases if base in self._wordings), FALLBACK)
        return self._wordings[found]


@lru_cache(maxsize=256)
def languages_asked_for(header: str) -> tuple[str, ...]:
    """The languages of an ``Accept-Language`` header, the dearest first (RFC 9110, 12.5.4)."""
    weighed = [_weigh(part) for part in header.split(",")[:20]]
    wanted = [(weight, name) for weight, name in weighed if weight > 0 and name]
    return tuple(name for _, name in sorted(wanted, key=lambda one: -one[0]))


def _weigh(part: str) -> tuple[float, str]:
    name, *parameters = part.strip().split(";")
    weight = next((one.strip()[2:] for one in parameters if one.strip().startswith("q=")), "1")
    try:
        return float(weight), name.strip()
    except ValueError:
        return 0.0, name.strip()


def _base(language: str) -> str:
    return language.replace("_", "-").split("-")[0].lower()
