"""The words of one language: shipped ones, with those of the workspace on top."""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.words.locale import base_language, plural_form, plural_forms
from lovecampaign.core.lru import LruCache
from lovecampaign.core.problems import Place, Problem
from lovecampaign.core.suggestions import did_you_mean

FOLDER = Path(__file__).parent / "languages"
#: Of a workspace: its own words, one file for each language.
WORDS_FOLDER = Path("templates") / "words"
FALLBACK = "en"
SHIPPED = tuple(sorted(file.stem for file in FOLDER.glob("*.toml")))
#: Languages with the dashboard's words.
OPERATORS = frozenset({"en", "fr"})
#: The prefix of the frame's words as Jinja's ``include`` names them.
INCLUDED = "words/"
#: Read as Jinja; all other texts have ``{names}``.
_JINJA_TABLES = ("letter.", "built-in.", "mail.")
#: The operator's table, which a language may lack.
_OPTIONAL = "dashboard."
_FORMS = frozenset({"zero", "one", "two", "few", "many", "other"})
_CACHED_FILES = 64
#: The beginning of a text behind its key; it begins in the next line where nothing follows.
_QUOTE = re.compile(r"""=\s*(?P<quote>\"{3}|'{3}|["'])(?P<rest>.*)""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """The texts of one language."""

    language: str
    texts: Mapping[str, Any]

    def __call__(self, key: str, **values: object) -> str:
        """``confirm.now.title`` with its ``{names}`` filled in; raises KeyError if it is missing.

        The plural form is chosen by the value ``count``. A singular without the number ("the only
        one") is for 1 alone: in French and Portuguese, 0 has the same form.
        """
        text: Any = self.texts
        for part in key.split("."):
            text = text[part]
        if isinstance(text, dict):
            count = int(str(values["count"]))
            fitting = text.get(plural_form(count, self.language)) or text["other"]
            text = fitting if "{count}" in fitting or count == 1 else text["other"]
        return str(text).format(**values)


def read_words(workspace: Path | None, language: str) -> Translation | None:
    """The words for a language tag: its own file's, then its language's; None without any.

    ``fr-CA`` has the workspace's ``fr-CA.toml`` over its ``fr.toml`` over ours. A file with
    mistakes, which ``check`` reports, is left out.
    """
    base = base_language(language)
    texts: Mapping[str, Any] = _read_shipped(base) if base in SHIPPED else {}
    if workspace is not None:
        for name in dict.fromkeys((base, language)):
            texts = _merge(texts, _own_texts(_own_file(workspace, name)))
    if not texts or (base not in SHIPPED and _missing(texts, language)):
        return None
    return Translation(language=language if base not in SHIPPED else base, texts=texts)


def frame_word(workspace: Path, language: str, name: str) -> str | None:
    """A word of the letter's frame, as Jinja."""
    base = base_language(language)
    own = (_own_file(workspace, each) for each in dict.fromkeys((base, language)))
    if base in SHIPPED and not any(file.exists() for file in own):
        return shipped_frame(base).get(name)
    words = read_words(workspace, language)
    word = words.texts["letter"].get(name) if words else None
    return None if word is None else str(word)


def find_own_word(workspace: Path, language: str, key: str) -> Place | None:
    """The place at which the text of a key begins in a file of the workspace; None without one."""
    for name in dict.fromkeys((language, base_language(language))):
        file = _own_file(workspace, name)
        own, source = _read_own(file)
        line = (
            None if isinstance(own, str) or key not in dict(flatten(own)) else _line_of(source, key)
        )
        if line is None:
            continue
        quote = _QUOTE.search(source.split("\n")[line - 1])
        is_below = quote is not None and not quote["rest"]
        return Place(
            file=file.relative_to(workspace).as_posix(),
            line=line + 1 if is_below else line,
            column=quote.end("quote") + 1 if quote and not is_below else 1,
        )
    return None


def frame_names() -> list[str]:
    """The names of the frame's words."""
    return list(_read_shipped(FALLBACK)["letter"])


def built_in_words(workspace: Path, language: str) -> Mapping[str, Any]:
    """Subject, preheader and text of each built-in email and reply, by key.

    English for a language without words, which ``check`` reports as an error.
    """
    words = read_words(workspace, language) or read_words(None, FALLBACK)
    texts = words.texts if words else {}
    return {**texts["mail"], **texts["built-in"]}


def own_languages(workspace: Path) -> tuple[str, ...]:
    """The languages for which the workspace has a file."""
    try:
        return tuple(sorted(file.stem for file in (workspace / WORDS_FOLDER).glob("*.toml")))
    except OSError:
        return ()


def find_word_problems(workspace: Path, languages: Iterable[str]) -> Iterator[Problem]:
    """Mistakes in the workspace's files of words, and a campaign's languages without words."""
    known = own_languages(workspace)
    for name in known:
        yield from _problems_of_file(workspace, name)
    for language in languages:
        base = base_language(language)
        if base in SHIPPED or {language, base} & set(known):
            continue
        yield Problem(
            code=ProblemCode.WORDS.value,
            message=f"there are no words in {language!r} for the letters' frame and the pages",
            place=Place(file=f"{WORDS_FOLDER.as_posix()}/{language}.toml"),
            hint=f"translate what this prints: lovecampaign schema words > "
            f"{WORDS_FOLDER.as_posix()}/{language}.toml",
        )


def english_source() -> str:
    """The English file without the operator's words, for a translator."""
    text = (FOLDER / f"{FALLBACK}.toml").read_text("utf-8")
    return text.partition("\n[dashboard]\n")[0] + "\n"


def flatten_english() -> Mapping[str, str]:
    """The texts of :func:`english_source`, by key."""
    return dict(flatten(tomllib.loads(english_source())))


def _problems_of_file(workspace: Path, name: str) -> Iterator[Problem]:
    file = _own_file(workspace, name)
    shown = file.relative_to(workspace).as_posix()
    own, source = _read_own(file)
    if isinstance(own, str):
        at = re.search(r"line (\d+), column (\d+)", own)
        place = Place(file=shown, line=int(at[1]), column=int(at[2])) if at else Place(file=shown)
        yield _problem(own, place, 'write texts as key = "…", one for each line')
        return
    english = dict(flatten(_read_shipped(FALLBACK)))
    for key, text in flatten(own):
        place = Place(file=shown, line=_line_of(source, key))
        reference = english.get(key) or english.get(f"{key.rpartition('.')[0]}.other")
        if reference is None or (key not in english and not _is_form(key, name)):
            hint = did_you_mean(key, list(english)) or "delete the line"
            yield _problem(f"no text has the key {key}", place, hint)
        elif (mistake := _mistake_in(key, text, reference)) is not None:
            yield _problem(f"{key}: {mistake}", place, f"the English text is: {reference}")
    base = base_language(name)
    below = _read_shipped(base) if base in SHIPPED else _own_texts(_own_file(workspace, base))
    written = dict(flatten(own))
    if missing := [key for key in _missing(_merge(below, own), name) if key not in written]:
        first = ", ".join(missing[:5])
        message = f"{len(missing)} texts are missing: {first}{', …' if len(missing) > 5 else ''}"
        yield _problem(message, Place(file=shown), "the English ones: lovecampaign schema words")


def flatten(table: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Every text with its key; plural forms count as keys."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from flatten(value, f"{path}{key}.")
        else:
            yield path + key, str(value)


def _missing(texts: Mapping[str, Any], language: str) -> list[str]:
    """Keys that a language must have and lacks; plural forms by CLDR."""
    known, wanted = dict(flatten(texts)), []
    for key, _ in flatten(_read_shipped(FALLBACK)):
        table, _, form = key.rpartition(".")
        if key.startswith(_OPTIONAL) or form == "one":
            continue
        if form == "other":
            wanted += [f"{table}.{one}" for one in sorted(plural_forms(language))]
        else:
            wanted.append(key)
    return [key for key in wanted if not known.get(key, "").strip()]


def _mistake_in(key: str, text: str, reference: str) -> str | None:
    if not text.strip():
        return "the text is empty"
    if key.startswith(_JINJA_TABLES):
        return None  # read as a template, whose mistakes have codes of their own
    try:
        unknown = _names_in(text) - _names_in(reference)
    except ValueError as error:
        return f"{error}: a brace in the text is written twice"
    return f"{{{min(unknown)}}} means nothing here" if unknown else None


def _names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def _is_form(key: str, language: str) -> bool:
    return key.rpartition(".")[2] in _FORMS & (plural_forms(language) | {"many"})


def _line_of(source: str, key: str) -> int | None:
    """The line of a key: its last part, below the heading of its table."""
    table, _, last = key.rpartition(".")
    heading = re.search(rf"(?m)^\[\s*{re.escape(table)}\s*\]", source)
    found = re.compile(rf"(?m)^[\w.\"-]*\b{re.escape(last)}\"?\s*=").search(
        source, heading.end() if heading else 0
    )
    return source.count("\n", 0, found.start()) + 1 if found else None


def _problem(message: str, place: Place, hint: str) -> Problem:
    return Problem(code=ProblemCode.WORDS.value, message=message, place=place, hint=hint)


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> Mapping[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _own_file(workspace: Path, name: str) -> Path:
    return workspace / WORDS_FOLDER / f"{name}.toml"


def _own_texts(file: Path) -> Mapping[str, Any]:
    own, _ = _read_own(file)
    return {} if isinstance(own, str) else own


def _read_own(file: Path) -> tuple[Mapping[str, Any] | str, str]:
    """A workspace's file, parsed, and its source; the mistake for one that cannot be read."""
    try:
        if file.is_symlink():
            return "it is a link: copy the file here", ""
        state = file.stat()
        key = (file, state.st_mtime_ns, state.st_size)
        return _OWN.get(key, lambda _: _parse(file.read_bytes()))
    except FileNotFoundError:
        return {}, ""
    except OSError:
        return "it cannot be read", ""


def _parse(content: bytes) -> tuple[Mapping[str, Any] | str, str]:
    try:
        source = content.decode("utf-8-sig")
        return tomllib.loads(source), source
    except UnicodeDecodeError:
        return "it is no text in UTF-8", ""
    except tomllib.TOMLDecodeError as error:
        return f"it cannot be read: {error}", ""


@cache
def shipped_frame(language: str) -> Mapping[str, str]:
    """The words of the letter's frame in one of our languages.

    Their table is a file's first: a check reads no more of it.
    """
    text = (FOLDER / f"{language}.toml").read_text("utf-8")
    frame: Mapping[str, str] = tomllib.loads(text.partition("\n[built-in.")[0])["letter"]
    return frame


@cache
def _read_shipped(language: str) -> Mapping[str, Any]:
    return tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8"))


_OWN: LruCache[tuple[Path, int, int], tuple[Mapping[str, Any] | str, str]] = LruCache(_CACHED_FILES)
