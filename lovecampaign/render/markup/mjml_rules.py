"""Validates an MJML tree: tags, attributes, nesting, and the places of values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lovecampaign.core.suggestions import did_you_mean
from lovecampaign.render.markup.html_attributes import describe_html_attribute
from lovecampaign.render.markup.mjml_tags import (
    DEFAULTS,
    LINKS,
    TAGS,
    UNSUPPORTED,
    UNSUPPORTED_ATTRIBUTES,
    WORDS,
    Tag,
)
from lovecampaign.render.markup.mjml_tree import Element, MjmlFault, fault_at
from lovecampaign.render.markup.scanner import Attribute, Text
from lovecampaign.render.model.problem_codes import RenderCode


def find_faults(root: Element, token: re.Pattern[str]) -> Iterator[MjmlFault]:
    """All faults that MRML would silently accept, in source order."""
    tops = [child for child in root.children if isinstance(child, Element)]
    if [top.name for top in tops] != ["mjml"]:
        message = "a template is one <mjml> with a <mj-body> in it"
        offset = tops[0].tag.start if tops else 0
        yield MjmlFault(code=RenderCode.MJML_NESTING, message=message, offset=offset)
    for child in root.children:
        yield from _stray_text(child, "the template, outside <mjml>")
    for top in tops:
        yield from _check(top, TAGS, token)
        bodies = [one for one in top.elements() if one.name == "mj-body"]
        if top.name == "mjml" and not bodies:
            yield fault_at(top, RenderCode.MJML_NESTING, "<mjml> has no <mj-body>")
        for body in bodies[1:]:
            message, hint = "this is a second <mj-body>", "put its sections into the first"
            yield fault_at(body, RenderCode.MJML_NESTING, message, hint)


def _check(
    element: Element, known: Mapping[str, Tag], token: re.Pattern[str]
) -> Iterator[MjmlFault]:
    tag = known.get(element.name)
    if tag is None:
        yield _unknown_tag(element, known)
        return
    for attribute in element.tag.attributes:
        yield from _check_attribute(element, attribute, tag, token)
    if fault := describe_html_attribute(element):
        yield fault_at(element, RenderCode.MJML_REFUSED, *fault)
    for child in element.children:
        if tag.holds_html:
            yield from _check_html(child, element.name)
        else:
            yield from _check_child(child, element, tag, token)


def _check_child(
    child: Element | Text, parent: Element, tag: Tag, token: re.Pattern[str]
) -> Iterator[MjmlFault]:
    if isinstance(child, Text):
        yield from _stray_text(child, f"<{parent.name}>")
        return
    if child.name == "mj-attributes" and parent.name == "mj-head":
        for default in child.children:
            if isinstance(default, Element):
                yield from _check(default, DEFAULTS, token)
        return
    if parent.name == "mj-class":
        yield from _check(child, DEFAULTS, token)
        return
    if child.name in TAGS and child.name not in tag.children:
        yield _wrong_nesting(child, parent.name)
    yield from _check(child, TAGS, token)


def _check_html(child: Element | Text, holder: str) -> Iterator[MjmlFault]:
    """HTML inside a tag such as mj-text: neither MJML nor scripts are allowed there."""
    if isinstance(child, Text):
        return
    for element in child.walk():
        if element.name.startswith("mj-"):
            yield _wrong_nesting(element, holder)
        elif element.name == "script":
            message = "no mail program runs scripts, and many reject mail with one"
            yield fault_at(element, RenderCode.MJML_REFUSED, message)


def _wrong_nesting(element: Element, parent: str) -> MjmlFault:
    holders = sorted(name for name, tag in TAGS.items() if element.name in tag.children)
    hint = f"it is allowed in <{'>, <'.join(holders)}>" if holders else None
    message = f"<{element.name}> is not allowed in <{parent}>"
    return fault_at(element, RenderCode.MJML_NESTING, message, hint)


def _unknown_tag(element: Element, known: Mapping[str, Tag]) -> MjmlFault:
    name = element.name
    hint = UNSUPPORTED.get(name) or did_you_mean(name, known)
    if not name.startswith("mj") and not hint:
        hint = "put HTML into <mj-text> or <mj-raw>"
    code = RenderCode.MJML_REFUSED if name in UNSUPPORTED else RenderCode.MJML_UNKNOWN_TAG
    message = f"<{name}> is not an MJML tag here"
    if name == "mj-include":
        message = f"templates/email has no file {element.attribute('path')!r} for <mj-include>"
    return fault_at(element, code, message, hint)


def _check_attribute(
    element: Element, attribute: Attribute, tag: Tag, token: re.Pattern[str]
) -> Iterator[MjmlFault]:
    name = attribute.name
    if token.search(name):
        yield _value_in("the name of an attribute", attribute)
    elif name not in tag.attributes:
        hint = UNSUPPORTED_ATTRIBUTES.get(name) or did_you_mean(name, tag.attributes)
        yield MjmlFault(
            code=RenderCode.MJML_UNKNOWN_ATTRIBUTE,
            message=f"<{element.name}> has no attribute {name!r}",
            offset=attribute.name_start,
            width=len(name),
            hint=hint,
        )
    elif name not in LINKS | WORDS and (found := token.search(attribute.value)):
        yield _value_in(f"the attribute {name}", attribute, found.start())


def _value_in(spot: str, attribute: Attribute, start: int | None = None) -> MjmlFault:
    offset = attribute.name_start if start is None else attribute.value_start + start
    return MjmlFault(
        code=RenderCode.VALUE_MISPLACED,
        message=f"a value in {spot}, where none is allowed",
        offset=offset,
        hint="write it out, or choose with {% if %}",
    )


def _stray_text(child: Element | Text, holder: str) -> Iterator[MjmlFault]:
    if isinstance(child, Text) and (words := child.data.strip()):
        yield MjmlFault(
            code=RenderCode.MJML_STRAY_TEXT,
            message=f"text directly in {holder}",
            offset=child.start + child.data.index(words),
            width=min(len(words.split("\n")[0]), 40),
            hint="put it into <mj-text>",
        )
