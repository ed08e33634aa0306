"""Contextual escaping: a value is escaped for its place in the compiled email."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum

from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.values.tokens import one_line


class OutputContext(StrEnum):
    """The contexts in which a value is allowed."""

    TEXT = "text"  #: between tags
    ATTRIBUTE = "attribute"  #: inside a quoted attribute that holds words
    LINK = "link"  #: all of an address, or its beginning
    IN_LINK = "in_link"  #: inside an address with a written-out beginning
    PLAIN = "plain"  #: the text part
    PLAIN_LINK = "plain_link"  #: an address in the text part
    PLAIN_IN_LINK = "plain_in_link"


#: Schemes that a value may begin an address with (RFC 3986).
_ALLOWED_START = re.compile(r"(?:https?://|mailto:)[^\s]", re.IGNORECASE)
#: Everything but the characters of RFC 3986 (reserved and unreserved) and ``%XX``.
_ILLEGAL_IN_LINK = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]")


def escape_text(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape_attribute(value: str) -> str:
    """For either kind of quotes; line ends become entities, since parsers fold them."""
    value = escape_text(value).replace('"', "&quot;").replace("'", "&#39;")
    return value.replace("\n", "&#10;")


def encode_in_link(value: str) -> str:
    """Percent-encodes illegal characters (UTF-8); existing ``%XX`` stay."""
    return _ILLEGAL_IN_LINK.sub(_percent, one_line(value))


def encode_link(value: str) -> str:
    """A whole address; raises RenderError unless it is http, https or mailto."""
    value = one_line(value)
    if not _ALLOWED_START.match(value):
        raise RenderError(
            "a link's address comes from a value that begins with neither http://, https:// "
            "nor mailto:",
            hint="fix the subscriber's data, or write the beginning of the address in the copy",
            is_about_subscriber=True,
        )
    return encode_in_link(value)


def escape(value: str, context: OutputContext) -> str:
    """Escape a value; raises RenderError for a forbidden address."""
    return _ESCAPES[context](value)


def escape_for(context: OutputContext) -> Callable[[str], str]:
    """:func:`escape` for one context; the look-up costs more than escaping most values."""
    return _ESCAPES[context]


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8"))


def _attribute_of(encode: Callable[[str], str]) -> Callable[[str], str]:
    return lambda value: escape_attribute(encode(value))


_ESCAPES: Mapping[OutputContext, Callable[[str], str]] = {
    OutputContext.TEXT: escape_text,
    OutputContext.ATTRIBUTE: escape_attribute,
    OutputContext.LINK: _attribute_of(encode_link),
    OutputContext.IN_LINK: _attribute_of(encode_in_link),
    OutputContext.PLAIN: str,
    OutputContext.PLAIN_LINK: encode_link,
    OutputContext.PLAIN_IN_LINK: encode_in_link,
}
