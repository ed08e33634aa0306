"""Rules about mail clients: features they drop, Outlook, dark mode, remote styles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from lovecampaign.checks.base.client_support import Feature, read_features
from lovecampaign.checks.base.locate import Passage, point_at
from lovecampaign.checks.base.rendered_email import attribute
from lovecampaign.checks.base.rule import EmailDraft, EmailRule
from lovecampaign.core.problems import Problem
from lovecampaign.render.markup.code_regions import without_comments
from lovecampaign.render.templating.source_map import place_in

_CONDITIONAL = re.compile(r"<!--\[if\b|<!\[endif\]")
_COLOR_SCHEMES = ("color-scheme", "supported-color-schemes")
_REMOTE_STYLE = re.compile(
    r"@import\s+(?:url\(\s*)?[\"']?https?:|url\(\s*[\"']?https?://[^)]*\.(?:woff2?|ttf|otf|css)",
    re.IGNORECASE,
)
#: The ``.svg`` of an image's URL, or the start of a data URL.
_END_OF_ADDRESS = re.compile(r"\.\w+|data:")
#: MRML adds a style sheet of fonts.googleapis.com where one of these is named.
_SHEET = re.compile(r"<link\b")
_FETCHED_FONTS = re.compile(r"\b(?:Open Sans|Droid Sans|Lato|Roboto|Ubuntu)\b")


class DroppedFeature(EmailRule, code="LC280"):
    """The letter works in every large mail program.

    Mail programs drop parts of HTML and CSS; caniemail.com tests which. Reported is what a
    reader would miss: a layout, a colour, a picture. Minor features, such as rounded corners,
    are not.

    Bad:  <div style="display:grid">
    Good: <mj-section> with two <mj-column>
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        for file, source in draft.templates.items():
            for feature, offset, width in _features_in(source):
                yield _passage(source, file, offset, width).warning(
                    f"{feature.title} is dropped by {_name(feature.drops)}",
                    hint=f"see {feature.address}",
                )
        yield from self._of_pictures(draft, "".join(draft.templates.values()))

    def _of_pictures(self, draft: EmailDraft, templates: str) -> Iterator[Problem]:
        """Image formats that the copy uses, and no template."""
        tags = draft.rendered.tags("img") if draft.rendered else ()
        sources = " ".join(f'src="{attribute(tag, "src")}"' for tag in tags)
        for feature in read_features():
            found = feature.pattern.search(sources) if feature.is_picture else None
            if found is not None and not feature.pattern.search(templates):
                written = re.escape(_END_OF_ADDRESS.findall(found[0])[-1])
                yield point_at(
                    draft, re.compile(rf"[^\s|()<>\"']*{written}", re.IGNORECASE)
                ).warning(
                    f"{feature.title} is dropped by {_name(feature.drops)}",
                    hint=f"every mail program shows JPEG and PNG; see {feature.address}",
                )


class OutlookConditionals(EmailRule, code="LC281"):
    """Conditional comments for Outlook are closed.

    A conditional comment without its end hides the rest of the letter, from Outlook or from all
    other programs.

    Bad:  <!--[if mso]><table><tr><td> … and no <![endif]-->
    Good: <!--[if mso]><table><tr><td><![endif]--> … <!--[if mso]></td></tr></table><![endif]-->
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        for file, source in draft.templates.items():
            if found := _find_unbalanced(source):
                yield _passage(source, file, found.start(), len(found[0])).error(
                    "a conditional comment for Outlook is not balanced from here on",
                    hint="each <!--[if mso]> needs its <![endif]-->",
                )


class ColorSchemes(EmailRule, code="LC282"):
    """The letter declares light and dark colour schemes.

    Without both metas, Apple Mail and Outlook invert the colours themselves, and the brand's
    colour with them. Templates that name neither get both by themselves.

    Bad:  <meta name="color-scheme" content="light dark" /> alone
    Good: that one, and <meta name="supported-color-schemes" content="light dark" />
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        if draft.rendered is None:
            return
        metas = {
            attribute(tag, "name"): attribute(tag, "content") for tag in draft.rendered.tags("meta")
        }
        for name in _COLOR_SCHEMES:
            if not metas.get(name):
                yield point_at(draft, re.compile(r"<mj-head\b|<mjml\b")).warning(
                    f"the letter has no meta {name}",
                    hint=f'write <meta name="{name}" content="light dark" /> into an <mj-raw>',
                )


class FetchedStyle(EmailRule, code="LC288"):
    """Opening a letter asks no third party.

    A style sheet or a font from another server tells that server who reads your letter, and
    when: courts in Germany have held that against senders (LG München I, 3 O 17493/20). Most mail
    programs drop it anyway. MJML fetches some fonts by itself: Roboto, Open Sans, Droid Sans,
    Lato and Ubuntu (its default, where no font-family is written).

    Bad:  font-family="Roboto, sans-serif"
    Good: font-family="-apple-system, 'Segoe UI', sans-serif"
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        shown = draft.rendered
        if shown is None:
            return
        sheets = {attribute(tag, "href") or "" for tag in shown.tags("link")}
        fetched = any(href.startswith("http") for href in sheets)
        if fetched or _REMOTE_STYLE.search(shown.html):
            yield point_at(draft, _REMOTE_STYLE, _FETCHED_FONTS, _SHEET).warning(
                "the letter fetches fonts or styles from another server",
                hint="name fonts that readers have; see check --explain LC288",
            )


@lru_cache(maxsize=128)
def _features_in(source: str) -> tuple[tuple[Feature, int, int], ...]:
    """Each dropped feature that a template uses: offset and width of its first use."""
    shown = without_comments(source)
    found = ((feature, feature.pattern.search(shown)) for feature in read_features())
    return tuple((feature, at.start(), len(at[0].split("\n")[0])) for feature, at in found if at)


def _find_unbalanced(source: str) -> re.Match[str] | None:
    """The first unbalanced conditional comment; None where each is closed."""
    depth, found = 0, None
    for found in _CONDITIONAL.finditer(source):
        depth += 1 if found[0].startswith("<!--[if") else -1
        if depth not in (0, 1):
            break
    return found if depth else None


def _passage(source: str, file: str, offset: int, width: int) -> Passage:
    """``width`` characters at an offset of a template."""
    place = place_in(source, offset, file)
    line = source.split("\n")[(place.line or 1) - 1]
    return Passage(text="", place=place, excerpt=line, width=width)


def _name(programs: Sequence[str]) -> str:
    shown = ", ".join(programs[:4])
    more = len(programs) - 4
    return f"{shown} and {more} more" if more > 0 else shown
