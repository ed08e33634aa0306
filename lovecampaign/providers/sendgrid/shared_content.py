"""The content that messages of one variant share, as JSON for SendGrid requests.

Text and HTML are encoded once and cut at the holes. The holes get keys in a request that many
recipients share, or the values of one recipient in a request of their own.
"""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Callable, Iterable, Sequence
from weakref import WeakKeyDictionary

from lovecampaign.core.message import Message, SharedContent
from lovecampaign.providers.sendgrid.payload import as_json, common_part

_FIRST_LETTER, _LETTERS = "Q", string.ascii_lowercase + string.digits
#: Keys differ in their last three digits.
MAX_HOLES = 1000


class ContentTemplates:
    """A cache of templates by variant, for as long as the variant lives."""

    def __init__(self) -> None:
        self._templates: WeakKeyDictionary[SharedContent, ContentTemplate] = WeakKeyDictionary()

    def of(self, variant: SharedContent, message: Message) -> ContentTemplate:
        """The template of a message's variant; raises UnusableAddress."""
        content = self._templates.get(variant)
        if content is None:
            content = self._templates[variant] = ContentTemplate(variant, message)
        return content


class ContentTemplate:
    """The JSON that a request has once, without the braces."""

    def __init__(self, variant: SharedContent, message: Message) -> None:
        """Raises UnusableAddress for the sender's address."""
        mark = _new_prefix([_json_of(variant, message, lambda _: "")])
        marked = _json_of(variant, message, lambda number: f"{mark}{number}.")
        cut = re.split(rf"{mark}(\d+)\.", marked)
        self._pieces = cut[::2]
        self._holes = [int(number) for number in cut[1::2]]

    def filled(self, values: Sequence[str]) -> bytes:
        """The content with one recipient's values, which are JSON already."""
        return self._join([value[1:-1] for value in values])

    def new_keys(self) -> SubstitutionKeys:
        """New keys for one request."""
        return SubstitutionKeys(_new_prefix(self._pieces))

    def with_keys(self, keys: SubstitutionKeys) -> bytes:
        """The content with keys in the holes."""
        count = max(self._holes, default=-1) + 1
        return self._join(keys.first(count))

    def _join(self, fillings: Sequence[str]) -> bytes:
        """Joined once: to copy 60 KB takes less time than to encode and list 30 pieces."""
        whole = [""] * (2 * len(self._pieces) - 1)
        whole[::2] = self._pieces
        whole[1::2] = [fillings[number] for number in self._holes]
        return "".join(whole).encode("ascii")


class SubstitutionKeys:
    """The placeholders in the holes: of one length, and nowhere else in the request."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._starts: dict[int, list[str]] = {}

    def first(self, count: int) -> Sequence[str]:
        return [f"{self.prefix}{number:03d}" for number in range(count)]

    def object_of(self, values: Sequence[str]) -> str:
        """A JSON object with a key for each value, which is JSON already."""
        count = len(values)
        if count not in self._starts:
            self._starts[count] = [f',"{key}":' for key in self.first(count)]
        pairs = [""] * (2 * count)
        pairs[::2], pairs[1::2] = self._starts[count], values
        return f"{{{''.join(pairs)[1:]}}}"


def _json_of(variant: SharedContent, message: Message, key: Callable[[int], str]) -> str:
    text, html = as_json(variant.shared_text(key)), as_json(variant.shared_html(key))
    return common_part(message, text=text, html=html)


def _new_prefix(pieces: Iterable[str]) -> str:
    """Random for each request, so that no subscriber can write a key into a field."""
    while True:
        # Its first letter occurs once, so that no key begins within another.
        prefix = _FIRST_LETTER + "".join(secrets.choice(_LETTERS) for _ in range(15))
        if not any(prefix in piece for piece in pieces):
            return prefix
