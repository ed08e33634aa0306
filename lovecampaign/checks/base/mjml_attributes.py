"""Finds MJML attributes that do nothing, and values that no mail program understands.

``data/mjml_effects.json`` is made by ``tools/find_mjml_effects.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from lovecampaign.checks.base.mjml_values import describe_wrong_value
from lovecampaign.render.markup.mjml_tags import TAGS
from lovecampaign.render.markup.mjml_tree import Element
from lovecampaign.render.markup.scanner import Attribute

INEFFECTIVE, WRONG_VALUE = "LC227", "LC228"

#: Attributes that are no part of the table: they choose others, and ``name`` an icon as well.
HANDLED_BEFORE = frozenset({"mj-class", "name", "path", "version"})

_ON_CELLS = "write it on the cells: <td style=…>"
#: What to write instead, by tag and attribute, or the first word of an attribute.
_INSTEAD: Mapping[str, str] = {
    "mj-hero background": "write the text in an <mj-section>, which can have it",
    "mj-hero border": "write the text in an <mj-section>, which can have it",
    "mj-image border": "write border, or write it on the <mj-column>",
    "mj-image width": "write pixels, or delete it: without a width a picture fills its column",
    "mj-section gap": "write padding on its columns",
    "mj-spacer border": "write an <mj-divider>, or delete it",
    "mj-style inline": "delete it: the styles stay in <style>. Where a mail program must see them "
    "without <style>, write attributes on the tags",
    "mj-table font": _ON_CELLS,
    "mj-table letter": _ON_CELLS,
    "mj-table role": 'write it as HTML in an <mj-text>: <table role="presentation">…',
    "mj-table text": _ON_CELLS,
    "mj-text background": "write container-background-color",
    "mj-wrapper gap": "write padding on its sections",
}
#: The place of right and left in a list of one to four lengths.
_SIDES = {"padding-right": (0, 1, 1, 1), "padding-left": (0, 1, 1, 3)}
_ZERO = re.compile(r"[+-]?0*(?:\.0+)?[a-z%]*", re.IGNORECASE)
#: Values that ask for what the letter has anyway.
_NEUTRAL = frozenset({"", "0", "0px", "auto", "false", "fixed-height", "none", "normal"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeFault:
    """A fault in a rendered template; becomes a Problem once its place is known."""

    code: str
    message: str
    hint: str
    #: The offset of the attribute's name, and the number of characters to mark.
    offset: int
    width: int


def find_attribute_faults(tree: Element, token: re.Pattern[str]) -> list[AttributeFault]:
    """The faults of a correct tree, in source order; values with a token are not judged."""
    faults = _Attributes(tree, token).faults()
    return sorted(faults, key=lambda fault: fault.offset)


@cache
def read_effects() -> Mapping[str, frozenset[str]]:
    """The attributes of each tag that change its HTML."""
    file = resources.files("lovecampaign.checks") / "data" / "mjml_effects.json"
    tags: Mapping[str, str] = json.loads(file.read_text("utf-8"))["tags"]
    return {tag: frozenset(names.split()) for tag, names in tags.items()}


class _Attributes:
    """The attributes of a template's tags and of its defaults."""

    def __init__(self, tree: Element, token: re.Pattern[str]) -> None:
        self._token = token
        self._defaults = [
            child
            for holder in tree.walk()
            if holder.name == "mj-attributes"
            for child in holder.children
            if isinstance(child, Element)
        ]
        # Also defaults inside of an mj-class are no tags of the letter.
        inside = {id(one) for default in self._defaults for one in default.walk()}
        self._tags = [one for one in tree.walk() if one.name in TAGS and id(one) not in inside]

    def faults(self) -> Iterator[AttributeFault]:
        for element in self._tags:
            yield from self._wrong_values(element)
            for one in element.tag.attributes:
                if not _has_effect(element.name, one):
                    yield _without_effect(element.name, one)
            if element.name == "mj-hero":
                yield from self._of_hero(element)
        for default in self._defaults:
            yield from self._wrong_values(default)
            yield from self._of_default(default)

    def _wrong_values(self, element: Element) -> Iterator[AttributeFault]:
        for one in element.tag.attributes:
            found = describe_wrong_value(element.name, one.name, one.value)
            if found and not self._token.search(one.value):
                yield _fault(WRONG_VALUE, one, *found)

    def _of_default(self, default: Element) -> Iterator[AttributeFault]:
        tags = self._takers(default)
        for one in default.tag.attributes if tags else ():
            if not any(_has_effect(tag, one, is_default=True) for tag in tags):
                yield _without_effect(default.name, one, tags)

    def _takers(self, default: Element) -> frozenset[str]:
        """The names of the tags that a default is for; none for a class that is not used."""
        if default.name == "mj-all":
            return frozenset(read_effects())
        if default.name == "mj-class":
            name = default.attribute("name")
            users = (one for one in self._tags if name in one.attribute("mj-class").split())
            return frozenset(one.name for one in users)
        return frozenset((default.name,))

    def _of_hero(self, hero: Element) -> Iterator[AttributeFault]:
        """MRML leaves the padding of a hero out of the widths inside of it."""
        for side, positions in _SIDES.items():
            one = self._find(hero, side) or self._find(hero, "padding")
            if one is None or self._token.search(one.value):
                continue
            lengths = one.value.split()
            position = positions[len(lengths) - 1] if 1 <= len(lengths) <= 4 else 0
            if lengths and not _ZERO.fullmatch(lengths[0 if one.name == side else position]):
                yield _fault(
                    INEFFECTIVE,
                    one,
                    f"{one.name} on the sides of <mj-hero> makes nothing inside it narrower: "
                    "pictures stick out, and Outlook shows the letter too wide",
                    "write it on the tags inside; a hero has padding above and below them",
                )
                return

    def _find(self, element: Element, name: str) -> Attribute | None:
        """An attribute of an element, its own or its last class's, or a default."""
        classes = reversed(element.attribute("mj-class").split())
        holders = [element]
        for wanted in classes:
            holders += [one for one in self._defaults if _is_class(one, wanted)]
        for kind in (element.name, "mj-all"):
            holders += [one for one in self._defaults if one.name == kind]
        found = (one for holder in holders for one in holder.tag.attributes if one.name == name)
        return next(found, None)


def _is_class(default: Element, name: str) -> bool:
    return default.name == "mj-class" and default.attribute("name") == name


def _has_effect(tag: str, attribute: Attribute, *, is_default: bool = False) -> bool:
    effects, name = read_effects().get(tag), attribute.name
    if effects is None or name in HANDLED_BEFORE:
        return True
    if not is_default and name not in TAGS[tag].attributes:
        return True  # it is an LC112
    value = attribute.value.strip().lower()
    if tag == "mj-image" and name == "width" and value.endswith("%"):
        return False  # npm's mjml takes the number for pixels
    return value in _NEUTRAL or name in effects


def _without_effect(
    holder: str, attribute: Attribute, takers: frozenset[str] = frozenset()
) -> AttributeFault:
    """``takers`` are the tags for which a default is written."""
    name, tag = attribute.name, next(iter(takers)) if len(takers) == 1 else holder
    first_word = name.partition("-")[0]
    hint = _INSTEAD.get(f"{tag} {name}") or _INSTEAD.get(f"{tag} {first_word}", "delete it")
    message = f"{name} has no effect on <{tag}>"
    if holder == "mj-class":
        message = f"{name} has no effect on the tags with this class"
        message += f", <{tag}>" if tag != holder else ""
    if name == "id":
        hint = "delete it; css-class gives the tag a class"
    return _fault(INEFFECTIVE, attribute, message, hint)


def _fault(code: str, attribute: Attribute, message: str, hint: str) -> AttributeFault:
    start = attribute.name_start
    width = attribute.value_end + 1 - start
    return AttributeFault(code=code, message=message, hint=hint, offset=start, width=width)
