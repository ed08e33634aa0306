"""Parses MJML into a tree, and reports faults in its form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lovecampaign.core.problems import Severity
from lovecampaign.render.markup.mjml_tags import TAGS
from lovecampaign.render.markup.scanner import (
    VOID,
    Attribute,
    Comment,
    EndTag,
    MarkupSyntaxError,
    Piece,
    Quote,
    StartTag,
    Text,
    scan,
)
from lovecampaign.render.model.problem_codes import RenderCode


@dataclass(slots=True)
class Element:
    """A tag with its children."""

    tag: StartTag
    children: list[Element | Text] = field(default_factory=list)
    #: The offset of its end tag; of an element without one, the end of its start tag.
    content_end: int = 0

    @property
    def name(self) -> str:
        return self.tag.name

    def attribute(self, name: str) -> str:
        """The value as written, or an empty text."""
        return next((one.value for one in self.tag.attributes if one.name == name), "")

    def elements(self) -> Iterator[Element]:
        """The children that are tags."""
        return (child for child in self.children if isinstance(child, Element))

    def walk(self) -> Iterator[Element]:
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()


@dataclass(frozen=True, slots=True, kw_only=True)
class MjmlFault:
    """A mistake in a rendered source, by offset; becomes a Problem once its place is known."""

    code: RenderCode
    message: str
    offset: int
    #: Number of characters to mark.
    width: int = 1
    hint: str | None = None
    severity: Severity = Severity.ERROR


def fault_at(
    element: Element, code: RenderCode, message: str, hint: str | None = None
) -> MjmlFault:
    """A fault that marks the name of a start tag."""
    start, width = element.tag.start, len(element.name) + 1
    return MjmlFault(code=code, message=message, offset=start, width=width, hint=hint)


def parse_mjml(source: str) -> tuple[Element, list[MjmlFault]]:
    """The tree under a nameless root, and all faults in its form."""
    builder = _MjmlTreeBuilder()
    try:
        for piece in scan(source, sees_conditionals=False):
            builder.add(piece)
    except MarkupSyntaxError as broken:
        builder.cut_off(broken.message, broken.offset)
    builder.finish()
    return builder.root, builder.faults


class _MjmlTreeBuilder:
    def __init__(self) -> None:
        self.root = Element(StartTag("", (), 0, 0, is_self_closing=False))
        self.faults: list[MjmlFault] = []
        self._open = [self.root]
        self._is_cut_off = False

    def fault(self, message: str, offset: int, width: int = 1, hint: str | None = None) -> None:
        code = RenderCode.MJML_BROKEN
        fault = MjmlFault(code=code, message=message, offset=offset, width=width, hint=hint)
        self.faults.append(fault)

    def cut_off(self, message: str, offset: int) -> None:
        """A fault that swallows the rest of the source."""
        self.fault(message, offset, len("<!--"))
        self._is_cut_off = True

    def add(self, piece: Piece) -> None:
        if isinstance(piece, StartTag):
            self._start(piece)
        elif isinstance(piece, EndTag):
            self._end(piece)
        elif isinstance(piece, Text):
            self._text(piece)
        else:
            self._comment(piece)

    def finish(self) -> None:
        if self._is_cut_off:  # the cut explains every open tag
            return
        for element in self._open[1:]:
            self._never_closed(element)

    def _start(self, tag: StartTag) -> None:
        element = Element(tag, content_end=tag.end)
        self._open[-1].children.append(element)
        seen: set[str] = set()
        for attribute in tag.attributes:
            self._check_form(attribute, seen, is_mjml=tag.name.startswith("mj"))
        if not tag.is_self_closing and tag.name not in VOID:
            self._open.append(element)

    def _check_form(self, attribute: Attribute, seen: set[str], *, is_mjml: bool) -> None:
        name, at = attribute.name, attribute.name_start
        if attribute.quote is Quote.NONE and is_mjml:
            hint = f'write {name}="{attribute.value}"'
            self.fault(f"the value of {name} has no quotes", at, len(name), hint)
        if name in seen:
            self.fault(f"{name} is given twice", at, len(name))
        seen.add(name)

    def _end(self, tag: EndTag) -> None:
        if tag.name in VOID:
            if tag.name == "br":  # browsers make a second one of it, and ignore the others
                self.fault("<br> has no end tag", tag.start, len(tag.name))
            return
        names = [element.name for element in self._open]
        if tag.name not in names[1:]:
            if "mj-raw" not in names:  # another mj-raw may open what this one closes
                hint = f"the tag that is open here is <{names[-1]}>" if names[-1] else None
                message = f"</{tag.name}> closes nothing"
                self.fault(message, tag.start, len(tag.name) + 3, hint)
            return
        while self._open[-1].name != tag.name:
            left_open = self._open.pop()
            if tag.name != "mj-raw":
                self._never_closed(left_open)
        self._open.pop().content_end = tag.start

    def _never_closed(self, element: Element) -> None:
        name, code = element.name, RenderCode.MJML_BROKEN
        hint = f"write </{name}> where it ends"
        self.faults.append(fault_at(element, code, f"<{name}> is never closed", hint))

    def _text(self, text: Text) -> None:
        self._open[-1].children.append(text)
        lone = text.data.find("<")
        if lone >= 0 and self._open[-1].name != "mj-raw":
            self.fault("a “<” in the text", text.start + lone, hint="write &lt;")

    def _comment(self, comment: Comment) -> None:
        if not self._is_in_html() and not comment.data.startswith("<![CDATA["):
            pass  # of the document, or of one that is included
        elif comment.is_declaration:
            kind = "CDATA" if comment.data.startswith("<![CDATA[") else "a declaration"
            self.fault(f"{kind} is not allowed in MJML", comment.start, len(comment.data))
        if not comment.is_declaration and not comment.data.endswith(("->", "--!>", "<!-->")):
            self.cut_off("a comment is never closed", comment.start)

    def _is_in_html(self) -> bool:
        tag = TAGS.get(self._open[-1].name)
        return self._open[-1] is not self.root and (tag is None or tag.holds_html)
