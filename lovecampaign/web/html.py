"""Reads the HTML of rendered emails, with the scanner that rendering and checks use."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape

from lovecampaign.render.markup.scanner import MarkupSyntaxError, Piece, StartTag, Text, scan


def read_html(html: str) -> Iterator[Piece]:
    """The tags, texts and comments of an email, as a browser reads them.

    Outlook's conditional comments are comments, and a tag that is never closed is text: nothing
    is an error. ``html[piece.start : piece.end]`` is the piece as written.
    """
    try:
        yield from scan(html, sees_conditionals=False)
    except MarkupSyntaxError as error:
        yield Text(html[error.offset :], error.offset)


def attributes_of(tag: StartTag) -> dict[str, str]:
    """The tag's attributes, unescaped; '' for one without a value."""
    return {attribute.name: unescape(attribute.value) for attribute in tag.attributes}
