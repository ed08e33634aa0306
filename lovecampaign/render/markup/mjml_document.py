"""Normalises the tree of an MJML document: what MRML ignores, or reads differently.

Included documents are joined, several heads become one, and ``mj-attributes`` are applied in the
order of npm's ``mjml`` 5.4. Offsets stay those of the author's source.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from lovecampaign.render.markup.mjml_tags import TAGS
from lovecampaign.render.markup.mjml_tree import Element
from lovecampaign.render.markup.scanner import Attribute, StartTag, Text

#: Attributes with lengths: MRML takes ``0`` without a unit for no length at all.
_LENGTH = re.compile(r"(?!cell|line-).*(?:padding|border|radius|width|height)")
_APPLIED_HERE = frozenset({"base-url", "mj-class"})
_PADDINGS_WITHOUT_SIDES = {
    "mj-accordion-text": ("padding",),
    "mj-accordion-title": ("padding",),
    "mj-navbar": ("ico-padding",),
}
_UNITLESS_ZERO = re.compile(r"(?<!\S)[+-]?0+(?:\.0*)?(?!\S)")
#: Addresses that a ``base-url`` does not apply to.
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:|//|#", re.IGNORECASE)


def normalize_document(root: Element) -> None:
    """Join included documents and heads, and complete the addresses of navigation bars."""
    for top in root.elements():
        if top.name == "mjml":
            in_heads: list[Element | Text] = []
            others = [*_joined(top.children, in_heads, is_top=True)]
            head = next((one.tag for one in top.elements() if one.name == "mj-head"), None)
            tag = head or StartTag("mj-head", (), top.tag.end, top.tag.end, is_self_closing=True)
            top.children = [Element(tag, in_heads, tag.end), *others]
    defaults = Defaults(root)
    for navbar in root.walk():
        if navbar.name == "mj-navbar" and (base := defaults.given_to(navbar).get("base-url")):
            for link in navbar.elements():
                link.tag = _with_base(link.tag, base)


class Defaults:
    """The attributes that ``mj-attributes`` gives to tags, by tag and by ``mj-class``."""

    def __init__(self, root: Element) -> None:
        #: Of ``mj-all``: they count less than what a tag inherits from its parent.
        self.of_all_tags: dict[str, str] = {}
        self._of_tags: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._of_classes: defaultdict[str, dict[str, str]] = defaultdict(dict)
        #: Of the tags inside an element, by the element's class and their name.
        self._of_children: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        for holder in root.walk():
            for default in holder.elements() if holder.name == "mj-attributes" else ():
                self._add(default)

    def _add(self, default: Element) -> None:
        if default.name == "mj-all":
            self.of_all_tags |= _own(default)
        elif default.name == "mj-class":
            name = default.attribute("name")
            self._of_classes[name] |= {k: v for k, v in _own(default).items() if k != "name"}
            for child in default.elements():
                self._of_children[name, child.name] |= _own(child)
        else:
            self._of_tags[default.name] |= _own(default)

    def of(self, element: Element, parent_class: str = "") -> Mapping[str, str]:
        """The attributes that MRML knows, with units."""
        known = TAGS[element.name].attributes - _APPLIED_HERE
        given = self.given_to(element, parent_class)
        values = {name: with_units(name, one) for name, one in given.items() if name in known}
        if values.get("thumbnails") == "supported":  # of mjml 5; MRML hides them
            values["thumbnails"] = "visible"
        for padding in _PADDINGS_WITHOUT_SIDES.get(element.name, ()):
            _join_sides(values, padding)
        return values

    def given_to(self, element: Element, parent_class: str = "") -> Mapping[str, str]:
        """An element's attributes: its own, those of its classes, and those of its tag."""
        values = dict(self._of_tags.get(element.name, {}))
        css_classes: list[str] = []
        for one in element.attribute("mj-class").split():
            given = self._of_classes.get(one, {})
            css_classes += [given["css-class"]] if "css-class" in given else []
            values |= given
        if css_classes:
            values["css-class"] = " ".join(css_classes)
        for one in parent_class.split():
            values |= self._of_children.get((one, element.name), {})
        return values | _own(element)


def _join_sides(values: dict[str, str], padding: str) -> None:
    """Write ``padding-top`` and its like into a ``padding``, which MRML lets override them."""
    if padding in values:
        given = values[padding].split()
        top, right, bottom, left = (
            (given * 4)[:4] if len(given) in (1, 2, 4) else (*given[:3], given[1])
        )
        all_around = {"top": top, "right": right, "bottom": bottom, "left": left}
        sides = (values.pop(f"{padding}-{side}", one) for side, one in all_around.items())
        values[padding] = " ".join(sides)


def with_units(name: str, value: str) -> str:
    """A length as MRML reads it: ``0 36PX`` as ``0px 36px``; the width ``200`` as ``200px``."""
    if not _LENGTH.match(name):
        return value
    if name.endswith(("width", "height")) and value.strip().isdecimal():
        return f"{value.strip()}px"
    return _UNITLESS_ZERO.sub("0px", " ".join(value.lower().split()))


def _own(element: Element) -> dict[str, str]:
    """The first of two attributes with one name counts, as in HTML."""
    return {one.name: one.value for one in reversed(element.tag.attributes)}


def _joined(
    children: Iterable[Element | Text], in_heads: list[Element | Text], *, is_top: bool = False
) -> Iterator[Element | Text]:
    """The children without heads and styles, and with the bodies of included documents."""
    for child in children:
        if isinstance(child, Text):
            yield child
        elif child.name == "mj-style":
            in_heads.append(child)
        elif child.name == "mj-head" and is_top:
            in_heads += [*_joined(child.children, in_heads)]
        elif child.name == "mjml":
            for inside in _joined(child.children, in_heads, is_top=True):
                if isinstance(inside, Element) and inside.name == "mj-body":
                    yield from inside.children
                else:
                    yield inside
        else:
            tag = TAGS.get(child.name)
            if tag is not None and not tag.holds_html:
                child.children = [*_joined(child.children, in_heads)]
            yield child


def _with_base(tag: StartTag, base: str) -> StartTag:
    attributes = [
        replace(one, value=base + one.value)
        if one.name == "href" and not _ABSOLUTE.match(one.value)
        else one
        for one in tag.attributes
    ]
    return replace(tag, attributes=tuple[Attribute, ...](attributes))
