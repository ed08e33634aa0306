"""Can everybody read it: with weak eyes, with a screen reader, in their own language?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lovecampaign.checks.base.locate import point_at
from lovecampaign.checks.base.rendered_email import attribute
from lovecampaign.checks.base.rule import EmailDraft
from lovecampaign.checks.base.text_styles import TextRun, TextStyle, text_runs
from lovecampaign.core.problems import Problem, Severity
from lovecampaign.render.markup.scanner import EndTag, StartTag
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
#: Which of the campaign's fields belongs into which attribute.
_FIELD = {"lang": "language", "dir": "direction"}


class Contrast:
    """Words stand out from what is behind them.

    WCAG 2.2 asks for a contrast of 4.5 to 1, and of 3 to 1 for large words. Grey on white looks
    elegant on the designer's screen and cannot be read on a phone in the sun.

    Bad:  color="#aaaaaa" on white (2.3 to 1)
    Good: color="#685f57" on white (6.3 to 1)
    """

    code = "LC283"

    def find(self, draft: EmailDraft) -> Iterator[Problem]:
        seen = set()
        for run in _runs(draft):
            look = run.look
            if look.color is None or look.background is None or look in seen:
                continue
            seen.add(look)
            ratio = contrast(look.color, look.background)
            if ratio < _needed(look):
                yield point_at(draft, re.compile(re.escape(look.color), re.IGNORECASE)).problem(
                    self.code,
                    f"{look.color} on {look.background} has a contrast of {ratio:.1f}, "
                    f"and {_needed(look)} is needed",
                    hint="make the words darker, or what is behind them lighter",
                    severity=Severity.WARNING,
                )


class SmallPrint:
    """No words are smaller than 14 px.

    Half of all letters are read on a phone at arm's length, and many readers are over fifty.
    What is worth saying is worth 14 px; MJML's own default is 13.

    Bad:  <mj-text font-size="11px">
    Good: <mj-text font-size="14px">
    """

    code = "LC287"

    def find(self, draft: EmailDraft) -> Iterator[Problem]:
        small = {run.look.pixels for run in _runs(draft) if run.look.pixels < _SMALLEST}
        for pixels in sorted(small):
            written = re.compile(rf"font-size\s*[:=]\s*[\"']?{pixels:g}px")
            yield point_at(draft, written, _TEXT_BLOCK).problem(
                self.code,
                f"words have {pixels:g} px",
                hint=f"write font-size with {_SMALLEST} px or more",
                severity=Severity.WARNING,
            )


class HeadingOrder:
    """Headings go down one step at a time.

    Screen readers jump from heading to heading. From "# A" straight to "### B" they announce a
    part that is not there.

    Bad:  # Your light map, then ### At noon
    Good: # Your light map, then ## At noon
    """

    code = "LC284"

    def find(self, draft: EmailDraft) -> Iterator[Problem]:
        level = 0
        for tag in draft.shown.pieces if draft.shown else ():
            if not isinstance(tag, StartTag) or not _HEADING.fullmatch(tag.name):
                continue
            new = int(tag.name[1])
            if new > max(level, 1) + 1:
                written = re.compile(rf"^{'#' * new}\s.*|<h{new}\b", re.MULTILINE)
                yield point_at(draft, written).problem(
                    self.code,
                    f"a heading of level {new} {f'follows level {level}' if level else 'is first'}",
                    hint=f"make it level {level + 1}: {'#' * (level + 1)} and a space",
                    severity=Severity.WARNING,
                )
            level = new


class TableRoles:
    """Tables that only arrange things say so.

    A screen reader reads out every table with its rows and columns. role="presentation" makes
    it read only the words. Tables of data have headings (th) instead.

    Bad:  <mj-raw><table><tr><td>…
    Good: <mj-raw><table role="presentation"><tr><td>…
    """

    code = "LC285"

    def find(self, draft: EmailDraft) -> Iterator[Problem]:
        if draft.shown and any(_bare_tables(draft)):
            yield point_at(draft, _BARE_TABLE, _DATA_TABLE).problem(
                self.code,
                "a table has neither a role nor headings",
                hint='write role="presentation" on it, or <th> for its headings',
                severity=Severity.WARNING,
            )


class LanguageAndDirection:
    """The letter says in which language it is, and from which side it is read.

    Screen readers choose their voice by `lang`, and Arabic or Hebrew stands on the wrong side
    without `dir`. Both come from `language` in campaign.yaml, unless the template says others.

    Bad:  language: fr, and <mjml lang="en"> in the template
    Good: <mjml lang="{{ campaign.language }}" dir="{{ campaign.direction }}">
    """

    code = "LC286"

    def find(self, draft: EmailDraft) -> Iterator[Problem]:
        language = draft.campaign.language
        for tag in draft.shown.tags("html") if draft.shown else ():
            wanted = {"lang": language, "dir": direction_of(language)}
            for name, value in wanted.items():
                has = attribute(tag, name) or ""
                if has.split("-")[0].lower() != value.split("-")[0].lower():
                    yield point_at(draft, _ROOT).problem(
                        self.code,
                        f"the letter has {name}={has!r}, and {value!r} is right",
                        hint=f'write {name}="{{{{ campaign.{_FIELD[name]} }}}}" on <mjml>',
                        severity=Severity.WARNING,
                    )


def _runs(draft: EmailDraft) -> Iterator[TextRun]:
    """The letter's texts; marks without a letter or number need not be read."""
    for run in text_runs(draft.shown.pieces) if draft.shown else ():
        if _WORD.search(run.words) and run.look.pixels > 1:
            yield run


def _needed(look: TextStyle) -> float:
    is_large = look.pixels >= 24 or (look.is_bold and look.pixels >= 18.66)
    return _READABLE_LARGE if is_large else _READABLE


def _bare_tables(draft: EmailDraft) -> Iterator[bool]:
    """For each table of the letter whether it lacks both a role and headings."""
    opened: list[bool] = []
    for piece in draft.shown.pieces if draft.shown else ():
        if isinstance(piece, StartTag) and piece.name == "table":
            opened.append(attribute(piece, "role") is None)
        elif isinstance(piece, StartTag) and piece.name == "th" and opened:
            opened[-1] = False
        elif isinstance(piece, EndTag) and piece.name == "table" and opened:
            yield opened.pop()
