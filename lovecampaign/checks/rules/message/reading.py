"""Rules about accessibility: contrast, text size, headings, tables, language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lovecampaign.checks.base.locate import point_at
from lovecampaign.checks.base.rendered_email import attribute
from lovecampaign.checks.base.rule import EmailDraft, EmailRule
from lovecampaign.checks.base.text_styles import TextRun, TextStyle, text_runs
from lovecampaign.core.problems import Problem
from lovecampaign.render.markup.scanner import EndTag, Piece, StartTag
from lovecampaign.render.model.contrast import contrast
from lovecampaign.render.model.formatting import direction_of

_READABLE = 4.5
#: WCAG 2.2, 1.4.3: from 24 px on, or 18.66 px in bold.
_READABLE_LARGE = 3.0
_SMALLEST = 14
_BARE_TABLE = re.compile(r"<table\b(?![^>]*\brole=)")
_DATA_TABLE = re.compile(r"<mj-table\b")
_ROOT = re.compile(r"<mjml\b")
_HEADING = re.compile(r"h[1-6]")
_TEXT_BLOCK = re.compile(r"<mj-text\b(?![^>]*font-size)")
_WORD = re.compile(r"\w")
#: Classes of what MRML wraps into tables without a role.
_FRAMES = frozenset(
    {"mj-accordion", "mj-accordion-title", "mj-accordion-content", "mj-hero-content"}
)
#: The campaign's field for each attribute.
_FIELD = {"lang": "language", "dir": "direction"}


class Contrast(EmailRule, code="LC283"):
    """Words have enough contrast with their background.

    WCAG 2.2 asks for a contrast of 4.5 to 1, and of 3 to 1 for large words. Grey on white looks
    elegant on the designer's screen and cannot be read on a phone in the sun.

    Bad:  color="#aaaaaa" on white (2.3 to 1)
    Good: color="#685f57" on white (6.3 to 1)
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        seen = set()
        for run in _runs(draft):
            style = run.style
            if style.color is None or style.background is None or style in seen:
                continue
            seen.add(style)
            ratio = contrast(style.color, style.background)
            if ratio < _needed(style):
                yield point_at(draft, re.compile(re.escape(style.color), re.IGNORECASE)).warning(
                    f"{style.color} on {style.background} has a contrast of {ratio:.1f}, "
                    f"and {_needed(style)} is needed",
                    hint="make the words darker, or their background lighter",
                )


class SmallPrint(EmailRule, code="LC287"):
    """No words are smaller than 14 px.

    Half of all letters are read on a phone at arm's length, and many readers are over fifty.
    MJML's own default is 13.

    Bad:  <mj-text font-size="11px">
    Good: <mj-text font-size="14px">
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        small = {run.style.pixels for run in _runs(draft) if run.style.pixels < _SMALLEST}
        for pixels in sorted(small):
            written = re.compile(rf"font-size\s*[:=]\s*[\"']?{pixels:g}px")
            yield point_at(draft, written, _TEXT_BLOCK).warning(
                f"words have {pixels:g} px", hint=f"write font-size with {_SMALLEST} px or more"
            )


class HeadingOrder(EmailRule, code="LC284"):
    """Headings go down one step at a time.

    Screen readers jump from heading to heading. From "# A" straight to "### B" they announce a
    part that is not there.

    Bad:  # Your light map, then ### At noon
    Good: # Your light map, then ## At noon
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        level = 0
        for tag in draft.rendered.pieces if draft.rendered else ():
            if not isinstance(tag, StartTag) or not _HEADING.fullmatch(tag.name):
                continue
            new = int(tag.name[1])
            if new > max(level, 1) + 1:
                written = re.compile(rf"^{'#' * new}\s.*|<h{new}\b", re.MULTILINE)
                yield point_at(draft, written).warning(
                    f"a heading of level {new} {f'follows level {level}' if level else 'is first'}",
                    hint=f"make it level {level + 1}: {'#' * (level + 1)} and a space",
                )
            level = new


class TableRoles(EmailRule, code="LC285"):
    """Tables for layout have a role.

    A screen reader reads out every table with its rows and columns. role="presentation" makes
    it read only the words. Tables of data have headings (th) instead. <mj-table> is for tables of
    data; columns and HTML in <mj-text> are for layout.

    Bad:  <mj-raw><table><tr><td>…
    Good: <mj-raw><table role="presentation"><tr><td>…
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        message = "a table has neither a role nor headings"
        found = list(_bare_tables(draft))
        if any(map(_is_mj_table, found)):
            yield point_at(draft, _DATA_TABLE).warning(
                message,
                hint="write <th> for its headings; or, for layout, HTML in an <mj-text>: "
                '<table role="presentation">',
            )
        if not all(map(_is_mj_table, found)):
            yield point_at(draft, _BARE_TABLE).warning(
                message, hint='write role="presentation" on it, or <th> for its headings'
            )


class LanguageAndDirection(EmailRule, code="LC286"):
    """The letter declares its language and its direction.

    Screen readers choose their voice by `lang`, and Arabic or Hebrew is on the wrong side
    without `dir`. Both come from `language` in campaign.yaml, unless the template sets others.

    Bad:  language: fr, and <mjml lang="en"> in the template
    Good: <mjml lang="{{ campaign.language }}" dir="{{ campaign.direction }}">
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        language = draft.campaign.language
        for tag in draft.rendered.tags("html") if draft.rendered else ():
            wanted = {"lang": language, "dir": direction_of(language)}
            for name, value in wanted.items():
                has = attribute(tag, name) or ""
                if has.split("-")[0].lower() != value.split("-")[0].lower():
                    yield point_at(draft, _ROOT).warning(
                        f"the letter has {name}={has!r}, and {value!r} is right",
                        hint=f'write {name}="{{{{ campaign.{_FIELD[name]} }}}}" on <mjml>',
                    )


def _runs(draft: EmailDraft) -> Iterator[TextRun]:
    """The email's texts that hold a letter or digit."""
    for run in text_runs(draft.rendered.pieces) if draft.rendered else ():
        if _WORD.search(run.words) and run.style.pixels > 1:
            yield run


def _needed(style: TextStyle) -> float:
    is_large = style.pixels >= 24 or (style.is_bold and style.pixels >= 18.66)
    return _READABLE_LARGE if is_large else _READABLE


def _bare_tables(draft: EmailDraft) -> Iterator[StartTag]:
    """The tables with neither a role nor headings, without those that MRML writes by itself."""
    opened: list[StartTag | None] = []
    pieces = draft.rendered.pieces if draft.rendered else ()
    for index, piece in enumerate(pieces):
        if isinstance(piece, StartTag) and piece.name == "table":
            has_role = attribute(piece, "role") is not None
            opened.append(None if has_role or _is_frame(pieces, index) else piece)
        elif isinstance(piece, StartTag) and piece.name == "th" and opened:
            opened[-1] = None
        elif isinstance(piece, EndTag) and piece.name == "table" and opened:
            table = opened.pop()
            if table is not None:
                yield table


def _is_frame(pieces: Sequence[Piece], index: int) -> bool:
    """Whether a table is an accordion, in one of its parts, or around the words of a hero."""
    around = pieces[max(0, index - 1) : index + 6]
    classes = [(attribute(one, "class") or "") for one in around if isinstance(one, StartTag)]
    return any(not _FRAMES.isdisjoint(one.split()) for one in classes)


def _is_mj_table(table: StartTag) -> bool:
    return "table-layout:" in (attribute(table, "style") or "")
