"""Applies ``mj-html-attributes``: attributes of the HTML tags that a CSS selector matches."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import unescape

from lovecampaign.render.markup.mjml_tree import Edit, Element, edited, parse_mjml
from lovecampaign.render.markup.scanner import Quote

_SIMPLE = re.compile(
    r"""(?P<mark>[.#]?)(?P<name>[\w-]+|\*)
    |\[\s*(?P<key>[\w:-]+)\s*(?P<test>=\s*["']?(?P<value>[^"'\],]*)["']?\s*)?\]""",
    re.VERBOSE,
)
_COMPOUND = re.compile(r"\s*(>?)\s*((?:[.#]?[\w-]+|\*|\[[^\],]*\])+)\s*")
#: Without handlers of events, which mail programs remove.
_NAME = re.compile(r"(?!on)[a-z_][\w:.-]*", re.IGNORECASE)

#: Steps from the outermost tag to the one that is meant: whether it is a child, and what it has.
_Selector = Sequence[tuple[bool, Sequence[re.Match[str]]]]


def apply_html_attributes(html: str, root: Element, source: str) -> str:
    """The HTML with the attributes that the document's head gives to its tags."""
    rules = [
        (selector, {one.attribute("name").lower(): _value(one, source) for one in rule.elements()})
        for rule in root.walk()
        if rule.name == "mj-selector"
        for selector in _read_selectors(rule.attribute("path"))
    ]
    if not rules:
        return html
    tree, _ = parse_mjml(html)
    edits: list[Edit] = []
    for path in _paths(next(one for one in tree.walk() if one.name == "body"), ()):
        values: dict[str, str] = {}
        for selector, given in rules:
            if _matches(path, selector):
                values |= given
        edits += _edits(path[-1], values)
    return edited(html, edits)


def describe_html_attribute(element: Element) -> tuple[str, str] | None:
    """A message and a hint for a selector or an attribute that cannot be applied."""
    if element.name == "mj-selector" and not _read_selectors(path := element.attribute("path")):
        message = f"the selector {path!r} is not supported"
        return message, "write tags, .classes, #ids and [attributes], with blanks, > or commas"
    if element.name == "mj-html-attribute" and not _NAME.fullmatch(element.attribute("name")):
        return "this is no attribute that mail programs keep", 'write its name, as name="data-id"'
    return None


def _value(element: Element, source: str) -> str:
    value = source[element.tag.end : element.content_end].strip()
    return value.replace('"', "&quot;").replace("<", "&lt;")


def _read_selectors(path: str) -> Sequence[_Selector]:
    """The selectors between commas; none if one of them is not supported."""
    selectors: list[_Selector] = []
    for one in unescape(path).split(","):
        steps = list(_COMPOUND.finditer(one))
        if not steps or "".join(step[0] for step in steps) != one:
            return ()
        simple = [list(_SIMPLE.finditer(step[2])) for step in steps]
        if any(
            "".join(test[0] for test in tests) != step[2]
            for tests, step in zip(simple, steps, strict=True)
        ):
            return ()
        selectors.append(
            [(bool(step[1]), tests) for tests, step in zip(simple, steps, strict=True)]
        )
    return selectors


def _paths(element: Element, around: tuple[Element, ...]) -> Iterator[tuple[Element, ...]]:
    """Each tag inside of an element, behind the tags around it."""
    for child in element.elements():
        path = (*around, child)
        yield path
        yield from _paths(child, path)


def _matches(path: Sequence[Element], selector: _Selector) -> bool:
    *before, (is_child, tests) = selector
    if not path or not all(_has(path[-1], test) for test in tests):
        return False
    if not before:
        return True
    ends = (len(path) - 1,) if is_child else range(1, len(path))
    return any(_matches(path[:end], before) for end in ends)


def _has(element: Element, test: re.Match[str]) -> bool:
    if test["key"]:
        return any(
            one.name == test["key"].lower() and (not test["test"] or one.value == test["value"])
            for one in element.tag.attributes
        )
    if test["mark"] == ".":
        return test["name"] in element.attribute("class").split()
    if test["mark"]:
        return test["name"] == element.attribute("id")
    return test["name"].lower() in ("*", element.name)


def _edits(element: Element, values: Mapping[str, str]) -> Iterator[Edit]:
    tag = element.tag
    present = {one.name: one for one in reversed(tag.attributes)}
    for name, value in values.items():
        written = f'{name}="{value}"'
        if one := present.get(name):
            is_quoted = one.quote in (Quote.DOUBLE, Quote.SINGLE)
            yield Edit(one.name_start, one.value_end + is_quoted, written)
        else:
            yield Edit(tag.attributes_end, tag.attributes_end, f" {written}")
