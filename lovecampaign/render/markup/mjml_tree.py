"""Parses MJML into a tree, and reports faults in its form.

Faults that npm's ``mjml`` and mail programs cope with are warnings; what they read is compiled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

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
    scan_once,
)
from lovecampaign.render.model.problem_codes import RenderCode

#: Tags whose end tag HTML lets an author leave out, and the start tags that imply it.
_ENDED_BY: Mapping[str, frozenset[str]] = {
    "p": frozenset({"p"}),
    "li": frozenset({"li"}),
    "dt": frozenset({"dd", "dt"}),
    "dd": frozenset({"dd", "dt"}),
    "td": frozenset({"td", "th", "tr"}),
    "th": frozenset({"td", "th", "tr"}),
    "tr": frozenset({"tr"}),
}
_HEADING = re.compile("h[1-6]")
#: Marks of HTML in CSS, outside of its comments and strings. ``-->`` and what is behind ``<!--``
#: become part of a selector (CSS Syntax 3, section 5.4.1).
_NOT_OF_CSS = re.compile(
    r"""/\*.*?(?:\*/|\Z) | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' | url\([^)]*\)
    | (?P<mark><!--|<!\[CDATA\[|<style\b)""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of a source: ``text`` in place of what is between two offsets."""

    start: int
    end: int
    text: str


def edited(source: str, edits: Iterable[Edit], start: int = 0, end: int | None = None) -> str:
    """The source between two offsets, with the edits there."""
    written: list[str] = []
    stop = len(source) if end is None else end
    for edit in sorted(edits, key=lambda one: one.start):
        if start <= edit.start and edit.end <= stop:
            written += source[start : edit.start], edit.text
            start = edit.end
    return "".join((*written, source[start:stop]))


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
    #: How the HTML is read in spite of it.
    edit: Edit | None = None


def fault_at(
    element: Element, code: RenderCode, message: str, hint: str | None = None
) -> MjmlFault:
    """A fault that marks the name of a start tag."""
    start, width = element.tag.start, len(element.name) + 1
    return MjmlFault(code=code, message=message, offset=start, width=width, hint=hint)


def parse_mjml(source: str) -> tuple[Element, list[MjmlFault]]:
    """The tree under a nameless root, and all faults in its form."""
    builder = _MjmlTreeBuilder()
    pieces: Iterable[Piece]
    try:
        pieces = scan_once(source, sees_conditionals=False)
    except MarkupSyntaxError:
        pieces = scan(source, sees_conditionals=False)  # as far as it goes
    try:
        for piece in pieces:
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

    def warn(
        self, message: str, offset: int, width: int, hint: str, edit: Edit | None = None
    ) -> None:
        self.fault(message, offset, width, hint)
        self.faults[-1] = replace(self.faults[-1], severity=Severity.WARNING, edit=edit)

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
        left_open = self._open[1:]
        if len(left_open) == 1 and any(one.name == "mj-body" for one in left_open[0].elements()):
            self._never_closed(left_open[0], "ends at the end of the file")
            return
        for element in left_open:
            self._never_closed(element)

    def _start(self, tag: StartTag) -> None:
        while tag.name in _ENDED_BY.get(self._open[-1].name, ()):
            self._open.pop().content_end = tag.start
        element = Element(tag, content_end=tag.end)
        self._open[-1].children.append(element)
        seen: dict[str, Attribute] = {}
        for attribute in tag.attributes:
            self._check_form(attribute, seen, is_mjml=tag.name.startswith("mj"))
        if not tag.is_self_closing and tag.name not in VOID:
            self._open.append(element)

    def _check_form(
        self, attribute: Attribute, seen: dict[str, Attribute], *, is_mjml: bool
    ) -> None:
        name, at = attribute.name, attribute.name_start
        if attribute.quote is Quote.NONE and is_mjml:
            hint = f'write {name}="{attribute.value}"'
            self.fault(f"the value of {name} has no quotes", at, len(name), hint)
        first = seen.setdefault(name, attribute)
        if first is not attribute:
            values = (
                f'the first counts, "{first.value}", and this one, "{attribute.value}", does not'
            )
            self.warn(f"{name} is given twice: {values}", at, len(name), "delete one of them")

    def _end(self, tag: EndTag) -> None:
        if tag.name in VOID:
            if tag.name == "br":  # mail programs ignore the end tags of the others
                self._open[-1].children.append(
                    Element(StartTag("br", (), tag.start, tag.end, is_self_closing=True))
                )
                message = "</br> is one more line break to mail programs"
                self.warn(message, tag.start, len("</br>"), "write <br>, or delete it")
            return
        names = [element.name for element in self._open]
        if tag.name not in names[1:]:
            if "mj-raw" not in names:  # another mj-raw may open what this one closes
                self._closes_nothing(tag, names[-1])
            return
        while self._open[-1].name != tag.name:
            left_open = self._open.pop()
            left_open.content_end = tag.start
            if tag.name != "mj-raw" and left_open.name not in _ENDED_BY:
                self._never_closed(left_open, f"ends at </{tag.name}>")
        self._open.pop().content_end = tag.start

    def _closes_nothing(self, tag: EndTag, opened: str) -> None:
        message, width = f"</{tag.name}> closes nothing", len(tag.name) + 3
        hint = f"the tag that is open here is <{opened}>" if opened else "delete it"
        edit = Edit(tag.start, tag.end, "")
        if _HEADING.fullmatch(tag.name) and _HEADING.fullmatch(opened):
            edit = replace(edit, text=f"</{opened}>")
            self._open.pop().content_end = tag.start
        self.warn(message, tag.start, width, hint, edit)

    def _never_closed(self, element: Element, end: str = "") -> None:
        """``end`` says where mail programs close it; but the words of an open mj-text are lost."""
        name, start, width = element.name, element.tag.start, len(element.name) + 1
        hint, is_html = f"write </{name}> where it ends", not name.startswith("mj")
        if not end or (not is_html and name in TAGS and TAGS[name].holds_html):
            self.fault(f"<{name}> is never closed", start, width, hint)
        else:
            at = element.content_end
            edit = Edit(at, at, f"</{name}>") if is_html else None
            self.warn(f"<{name}> is never closed: it {end}", start, width, hint, edit)

    def _text(self, text: Text) -> None:
        self._open[-1].children.append(text)
        if text.raw_in == "mj-style":
            self._check_style(text)
        if text.raw_in or self._open[-1].name == "mj-raw":
            return
        for lone in re.finditer("<", text.data):
            at = text.start + lone.start()
            self.warn("a “<” in the text", at, 1, "write &lt;", Edit(at, at + 1, "&lt;"))

    def _check_style(self, style: Text) -> None:
        for found in _NOT_OF_CSS.finditer(style.data):
            if mark := found["mark"]:
                message = f"{mark} means nothing in a style: mail programs ignore the next rule"
                hint = "write /* a comment */" if mark == "<!--" else "delete it"
                self.warn(message, style.start + found.start(), len(mark), hint)

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
