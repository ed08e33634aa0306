"""Contextual escaping: a value is escaped for its place in the compiled email."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from urllib.parse import quote, unquote_to_bytes

from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.values.tokens import one_line


class OutputContext(StrEnum):
    """The contexts in which a value is allowed."""

    TEXT = "text"  #: between tags
    ATTRIBUTE = "attribute"  #: inside a quoted attribute that holds words
    LINK = "link"  #: all of an address, or its beginning
    LINK_HOST = "link_host"  #: behind ``https://``, or directly behind another value
    LINK_PART = "link_part"  #: a value in a path, a query or a fragment
    LINK_PAIRS = "link_pairs"  #: directly behind ``?`` or ``&``: a value, or whole pairs
    LINK_ADDRESSEE = "link_addressee"  #: behind ``mailto:``, ``tel:`` or ``sms:``
    PLAIN = "plain"  #: the text part
    PLAIN_LINK = "plain_link"  #: the same places of an address in the text part
    PLAIN_LINK_HOST = "plain_link_host"
    PLAIN_LINK_PART = "plain_link_part"
    PLAIN_LINK_PAIRS = "plain_link_pairs"
    PLAIN_LINK_ADDRESSEE = "plain_link_addressee"

    @property
    def in_text_part(self) -> OutputContext:
        """The same place of an address in the text part."""
        return OutputContext(f"plain_{self.value}")


#: Schemes that a value may begin an address with (RFC 3986).
_ALLOWED_START = re.compile(r"(?:https?://|mailto:)[^\s]", re.IGNORECASE)
#: Everything but the characters of RFC 3986 (reserved and unreserved) and ``%XX``.
_ILLEGAL_IN_LINK = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]")
#: Unreserved characters, slashes and ``%XX``.
_ENCODED = re.compile(r"(?:[A-Za-z0-9\-._~/]|%[0-9A-Fa-f]{2})*").fullmatch
_HOST_END = re.compile(r"[/?#]")


def escape_text(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape_attribute(value: str) -> str:
    """For either kind of quotes; line ends become entities, since parsers fold them."""
    value = escape_text(value).replace('"', "&quot;").replace("'", "&#39;")
    return value.replace("\n", "&#10;")


def encode_legal(value: str) -> str:
    """Percent-encodes illegal characters (UTF-8); reserved ones and ``%XX`` stay."""
    return _ILLEGAL_IN_LINK.sub(_percent, one_line(value))


def encode_host(value: str) -> str:
    """A host, with or without what follows it; never the user's name before a host."""
    start = _HOST_END.split(value, maxsplit=1)[0]
    return encode_legal(start.replace("@", "%40") + value[len(start) :])


def encode_part(value: str) -> str:
    """As ``urlencode`` does; what that filter made stays as it is."""
    value = one_line(value)
    return value if _is_encoded(value) else quote(value, safe="/")


def encode_pairs(value: str) -> str:
    """``name=value&name=value``, or one value."""
    if "=" not in value:
        return encode_part(value)
    return encode_legal(value).replace("#", "%23")


def encode_addressee(value: str) -> str:
    """A mail address (RFC 6068, section 2) or a telephone number (RFC 3966)."""
    value = one_line(value)
    return value if _is_encoded(value) else quote(value, safe="/@+")


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
    return encode_legal(value)


def escape(value: str, context: OutputContext) -> str:
    """Escape a value; raises RenderError for a forbidden address."""
    return _ESCAPES[context](value)


def escape_for(context: OutputContext) -> Callable[[str], str]:
    """:func:`escape` for one context; the look-up costs more than escaping most values."""
    return _ESCAPES[context]


def _is_encoded(value: str) -> bool:
    """Whether a value consists of what percent-encoding gives, and of UTF-8."""
    if "%" not in value or not _ENCODED(value):
        return False
    try:
        unquote_to_bytes(value).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8"))


def _attribute_of(encode: Callable[[str], str]) -> Callable[[str], str]:
    return lambda value: escape_attribute(encode(value))


_LINK_PLACES: Mapping[OutputContext, Callable[[str], str]] = {
    OutputContext.LINK: encode_link,
    OutputContext.LINK_HOST: encode_host,
    OutputContext.LINK_PART: encode_part,
    OutputContext.LINK_PAIRS: encode_pairs,
    OutputContext.LINK_ADDRESSEE: encode_addressee,
}
_ESCAPES: Mapping[OutputContext, Callable[[str], str]] = {
    OutputContext.TEXT: escape_text,
    OutputContext.ATTRIBUTE: escape_attribute,
    OutputContext.PLAIN: str,
    **{place: _attribute_of(encode) for place, encode in _LINK_PLACES.items()},
    **{place.in_text_part: encode for place, encode in _LINK_PLACES.items()},
}
