"""Compiles a composed source to HTML and text with holes, or reports its faults."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lovecampaign.campaign.words.locale import colon_in
from lovecampaign.core.problems import Severity
from lovecampaign.render.markup.compile_mjml import (
    DocumentSettings,
    MjmlCompilerError,
    compile_mjml,
)
from lovecampaign.render.markup.mjml_document import normalize_document
from lovecampaign.render.markup.mjml_rules import find_faults
from lovecampaign.render.markup.mjml_tree import Element, MjmlFault, parse_mjml
from lovecampaign.render.markup.plain_text import FOOTER_LINE, plain_text_of
from lovecampaign.render.markup.scanner import MarkupSyntaxError
from lovecampaign.render.markup.skeleton import (
    LINK_CLOSE,
    LINK_OPEN,
    MisplacedValues,
    Skeleton,
    cut_html,
    cut_plain,
)
from lovecampaign.render.model.formatting import direction_of
from lovecampaign.render.model.problem_codes import RenderCode
from lovecampaign.render.plain.compose import ComposedEmail


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledEmail:
    """HTML and text part of an email, without the personal values."""

    html: Skeleton
    text: Skeleton
    #: The text part without the footer lines that its template lacks.
    own_text: Skeleton
    #: Faults of the source that mail programs cope with.
    warnings: Sequence[MjmlFault] = ()


class InvalidMjml(Exception):
    """The source cannot be compiled; carries every fault found, by offset."""

    def __init__(self, faults: Sequence[MjmlFault]) -> None:
        super().__init__(faults[0].message)
        self.faults = faults


def compile_email(
    composed: ComposedEmail[Any], token: re.Pattern[str], language: str, *, has_footer: bool
) -> CompiledEmail:
    """HTML and text of a source; raises :class:`InvalidMjml`."""
    tree, warnings = read_mjml(composed.source, token)
    settings = DocumentSettings(
        language=language,
        direction=direction_of(language),
        title=composed.title,
        preheader=composed.preheader,
        pictures=composed.pictures,
    )
    try:
        edits = (one.edit for one in warnings if one.edit)
        html = cut_html(compile_mjml(composed.source, tree, settings, edits), token)
    except MjmlCompilerError as error:
        message = f"the MJML compiler rejects this: {error}"
        fault = MjmlFault(code=RenderCode.MJML_REFUSED, message=message, offset=0)
        raise InvalidMjml([fault]) from error
    except MarkupSyntaxError as error:
        fault = MjmlFault(code=RenderCode.MJML_BROKEN, message=error.message, offset=0)
        raise InvalidMjml([fault]) from error
    except MisplacedValues as error:
        raise InvalidMjml(list(_misplaced(error, composed.source, token))) from error
    text = _text(composed, tree, colon_in(language))
    footer = _missing_footer(composed, text) if has_footer else ""
    own_text = cut_plain(text, token)
    return CompiledEmail(
        html=html,
        text=cut_plain(text + footer, token) if footer else own_text,
        own_text=own_text,
        warnings=warnings,
    )


def read_mjml(source: str, token: re.Pattern[str]) -> tuple[Element, Sequence[MjmlFault]]:
    """A normalised tree and its warnings; raises :class:`InvalidMjml`, errors first."""
    tree, faults = parse_mjml(source)
    normalize_document(tree)
    faults = [replace(one, message=token.sub("{{ … }}", one.message)) for one in faults]
    errors = [one for one in faults if one.severity is Severity.ERROR]
    warnings = [one for one in faults if one.severity is not Severity.ERROR]
    if errors := errors or list(find_faults(tree, token)):
        raise InvalidMjml([*errors, *warnings])
    return tree, warnings


def _misplaced(
    misplaced: MisplacedValues, source: str, token: re.Pattern[str]
) -> Iterator[MjmlFault]:
    offsets = {int(found[1]): found.start() for found in token.finditer(source)}
    for number, spot in dict(misplaced.tokens).items():
        yield MjmlFault(
            code=RenderCode.VALUE_MISPLACED,
            message=f"a value in {spot}, where none is allowed",
            offset=offsets.get(number, 0),
            hint="values are allowed in text, in alt and title, and in addresses",
        )


def _text(composed: ComposedEmail[Any], tree: Element, colon: str) -> str:
    start = composed.source.find(composed.content) if composed.content else -1
    copy = range(start, start + len(composed.content)) if start >= 0 else range(0)
    marks = (composed.unsubscribe, composed.postal_address, composed.postal_words)
    return plain_text_of(tree, copy, marks, colon)


def _missing_footer(composed: ComposedEmail[Any], text: str) -> str:
    """Address and links that the template's own words lack."""
    address, links = composed.postal_address, (composed.preferences, composed.unsubscribe)
    has_address = address in text or composed.postal_words in text
    lines = [] if has_address else [address]
    lines += [f"{LINK_OPEN}{link}{LINK_CLOSE}" for link in links if link not in text]
    if not lines:
        return ""
    start = "\n" if FOOTER_LINE in text.split("\n") else f"\n{FOOTER_LINE}\n"
    return start + "\n".join(lines) + "\n"
