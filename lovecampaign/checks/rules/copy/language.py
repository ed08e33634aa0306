"""Rule about words in another language than the letter's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache

from lovecampaign.campaign.words.catalog import SHIPPED, shipped_frame
from lovecampaign.campaign.words.locale import base_language, locale_of
from lovecampaign.checks.base.locate import Passage, find_in_shown_words
from lovecampaign.checks.base.rule import EmailDraft, EmailRule
from lovecampaign.checks.base.template_text import find_in_template_words, runs_of_words
from lovecampaign.core.problems import Problem

#: Frequent function words by language.
_FUNCTION_WORDS: Mapping[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "de": "der die das und ist nicht ein eine einen du ich mit auf für den dem von wir zu es "
        "dir dich dein deine ihr sie sich auch wie aber wenn hat haben wird bei aus",
        "en": "the and you your is are this that with for from it of to we was have not be will "
        "they what when but our has or which there their",
        "es": "el los las y es una que no por con para del se lo tu su pero más como un al te "
        "esta este muy ya si está",
        "fr": "le la les des et vous est une dans pour que qui pas nous avec sur votre ce se du "
        "au il elle mais un vos plus cette sont",
        "it": "il gli e è che non per una con di del della sono si lo tuo ma più un le al nel "
        "questa questo anche come ti ci",
        "nl": "de het een en is niet je van dat ik op met voor er we zijn maar ook die aan bij "
        "wat naar dit heeft hebt jouw om te",
        "pt": "o os e é que não uma com para do da você em se um seu mas mais as no na sua por "
        "como ao este esta são",
    }.items()
}
_WORD = re.compile(r"[^\W\d_]+")
_PARAGRAPH = re.compile(r"(?m)^(?![ \t]*>)[^\n]*\w[^\n]*(?:\n(?![ \t]*>)[^\n]*\w[^\n]*)*")
_RUN = re.compile(r"[^\n]*\w[^\n]*")
#: Fewer prove nothing: a name, a title, a loan word.
_FEWEST = 6
_SMALLEST_SHARE = 0.25
_SIGNS = " .,:;!?·\N{NO-BREAK SPACE}"


class OtherLanguage(EmailRule, code="LC225"):
    """A letter is in one language: that of `language` in campaign.yaml.

    Its frame, dates, prices and pages follow that setting; copy and templates have the words
    that you wrote, or that an older template has. Quotations (`>`) may be in any language.

    Bad:  language: de, and "You get this because you asked for letters" in the template
    Good: language: de, and {% include "words/reason" %} in the template
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        own = base_language(draft.campaign.language)
        for other, passages in _other_paragraphs(draft, own).items():
            more = f" ({len(passages)} such paragraphs)" if len(passages) > 1 else ""
            yield passages[0].warning(
                f"these words are {other}, and the letter is {_name_of(own)}{more}",
                hint="translate them, or change language in campaign.yaml",
            )
        for passage in find_in_template_words(draft, _RUN):
            if found := _language_of_phrase(passage.text, own):
                yield passage.warning(
                    f"“{passage.text.strip()}” is {found}, and the letter is {_name_of(own)}",
                    hint='print a word of templates/words: {% include "words/reason" %}',
                )


def _other_paragraphs(draft: EmailDraft, own: str) -> Mapping[str, Sequence[Passage]]:
    """The author's paragraphs that are in another language, by its name."""
    found: dict[str, list[Passage]] = {}
    if not draft.email.copy.is_built_in:
        for passage in find_in_shown_words(draft, _PARAGRAPH):
            if other := guess_other_language(passage.text, own):
                found.setdefault(other, []).append(passage)
    return found


def _language_of_phrase(text: str, own: str) -> str | None:
    """The language of a run of words: by our own phrases, or by its function words."""
    phrase = text.strip(_SIGNS)
    languages = _phrases().get(phrase, frozenset())
    if languages and own not in languages:
        return _name_of(min(languages))
    return guess_other_language(text, own)


@lru_cache(maxsize=4096)
def guess_other_language(text: str, own: str) -> str | None:
    """The English name of another language that a text is clearly in; None in doubt.

    A language without a table is compared with English only, which is close to none of them.
    """
    words = [word.lower() for word in _WORD.findall(text)]
    hits = {
        language: sum(word in function_words for word in words)
        for language, function_words in _FUNCTION_WORDS.items()
        if own in _FUNCTION_WORDS or language == "en"
    }
    best = max(hits, key=lambda language: hits[language])
    is_clear = hits[best] >= max(_FEWEST, len(words) * _SMALLEST_SHARE)
    if best == own or not is_clear or hits.get(own, 0) * 2 > hits[best]:
        return None
    return _name_of(best)


def _name_of(language: str) -> str:
    """The English name of a language."""
    return str(locale_of(language).english_name)


@cache
def _phrases() -> Mapping[str, frozenset[str]]:
    """Phrases of the shipped frames, of two words at least, with their languages."""
    found: dict[str, frozenset[str]] = {}
    for language in SHIPPED:
        for text in shipped_frame(language).values():
            for run in runs_of_words(text):
                phrase = run.strip(_SIGNS)
                if " " in phrase:
                    found[phrase] = found.get(phrase, frozenset()) | {language}
    return found
