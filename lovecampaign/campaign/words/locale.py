"""CLDR locales of language tags, and their plural forms and lists; Babel is imported late."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale


def base_language(language: str) -> str:
    """``fr`` of ``fr-CA``."""
    return language.replace("_", "-").split("-")[0].lower()


def colon_in(language: str) -> str:
    """A colon behind a word: French has a no-break space before it, which CLDR lacks."""
    return "\u00a0:" if base_language(language) == "fr" else ":"


def choose_language(languages: Sequence[str], wanted: str | None) -> str:
    """The one of these languages that a reader of ``wanted`` gets: the first if none fits."""
    tag = (wanted or "").replace("_", "-").lower()
    for language in languages:
        if language.lower() == tag:
            return language
    same = (each for each in languages if base_language(each) == base_language(tag))
    return next(same, languages[0])


@lru_cache(maxsize=64)
def locale_of(language: str) -> Locale:
    """CLDR's locale of a language tag (BCP 47), or of its language; else English."""
    from babel import Locale, UnknownLocaleError

    for name in (language.replace("_", "-"), base_language(language)):
        try:
            return Locale.parse(name, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


def with_region(language: str) -> str | None:
    """``fr_FR`` of ``fr``, as Open Graph writes locales; None for a language of no one region.

    A tag without a region gets the likely one (CLDR): ``pt`` is ``pt_BR``, ``zh-Hant`` ``zh_TW``.
    """
    from babel.core import get_global

    locale = locale_of(language)
    likely = get_global("likely_subtags").get(str(locale), "").rpartition("_")[2]
    region = locale.territory or likely
    is_country = len(region) == 2 and region.isalpha()
    return f"{locale.language}_{region}" if is_country else None


def own_name(language: str) -> str:
    """The language's name in itself: ``Deutsch``, ``Français``."""
    name = locale_of(language).get_display_name() or language
    return name[:1].upper() + name[1:]


def plural_form(count: int, language: str) -> str:
    """CLDR's form for a number: ``one``, ``few``, ``many``, ``other`` …."""
    return str(locale_of(language).plural_form(count))


@lru_cache(maxsize=64)
def plural_forms(language: str) -> frozenset[str]:
    """The forms that numbers up to 200 take, and ``other``: what a text with a count must have."""
    return frozenset({"other", *(plural_form(count, language) for count in range(201))})


def join_list(words: Sequence[str], language: str) -> str:
    """``A, B und C``."""
    from babel.lists import format_list

    return format_list(list(words), locale=locale_of(language)) if words else ""
