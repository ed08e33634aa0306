"""Addresses of pictures in the finished HTML, however they came into the email."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from lovecampaign.core.problems import Place, Problem
from lovecampaign.render.markup.scanner import StartTag, scan_once
from lovecampaign.render.model.content import Content
from lovecampaign.render.model.problem_codes import RenderCode
from lovecampaign.render.model.template_files import template_file
from lovecampaign.render.templating.name_check import JinjaSource
from lovecampaign.render.templating.source_map import place_in

#: Addresses that mail programs load.
_LOADED = re.compile(r"https?://[^/\s]|cid:.", re.IGNORECASE)
_URL_IN_STYLE = re.compile(r"""\burl\(\s*["']?([^"')\s]*)""", re.IGNORECASE)
#: A picture, or a definition that pictures can refer to, without an address.
_NO_ADDRESS = re.compile(
    r"""!\[[^\]\n]*\]\(\s*(?:<\s*>)?\s*(?:["'(][^\n]*)?\)
    | ^\ {0,3}\[[^\]\n]+\]:\s*<\s*>
    | <(?:mj-image|img)\b(?:(?!\bsrc\s*=\s*["']?[^\s"'>])[^<>])*>
    | \b(?:src|background-url|background)\s*=\s*(?:"\s*"|'\s*')
    | \burl\(\s*["']?\s*["']?\s*\)""",
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)
#: Attributes that can hold one.
_WITH_ADDRESSES = frozenset({"src", "background", "srcset", "style"})


def problems_of_addresses(content: Content, html: str) -> Iterator[Problem]:
    """Pictures whose address no mail program loads, at their places in the author's files."""
    for piece in scan_once(html):
        for address in _picture_addresses(piece) if isinstance(piece, StartTag) else ():
            if not _LOADED.match(address):
                yield from _problems_of(address, content)


def _picture_addresses(tag: StartTag) -> Iterator[str]:
    written = (one for one in tag.attributes if one.name in _WITH_ADDRESSES)
    values = {one.name: unescape(one.value).strip() for one in written}
    if tag.name == "img":
        values.setdefault("src", "")
    yield from (values[name] for name in ("src", "background") if name in values)
    yield from (one.split(maxsplit=1)[0] for one in values.get("srcset", "").split(", ") if one)
    yield from _URL_IN_STYLE.findall(values.get("style", ""))


def _problems_of(address: str, content: Content) -> Iterator[Problem]:
    message = f"the picture {address[:80]!r} is neither a file nor an address"
    hint = "write an address that begins with https://, or in src a path"
    if not address:
        message, hint = "this picture has no address", "write its path or address, or delete it"
    found = list(_places(address, content)) or [(Place(file=content.copy.file), None, 1)]
    for place, excerpt, width in found:
        yield Problem(
            code=RenderCode.IMAGE_MISSING,
            message=message,
            place=place,
            hint=hint,
            excerpt=excerpt,
            width=width,
        )


def _places(address: str, content: Content) -> Iterator[tuple[Place, str | None, int]]:
    """Place, line and width: where an address is first, or each picture without one."""
    for source in _sources(content):
        if not address:
            spots = [(one.start(), len(one[0])) for one in _NO_ADDRESS.finditer(source.text)]
        else:
            spots = [(source.text.find(address), len(address))] if address in source.text else []
        for offset, width in spots:
            found = place_in(source.text, offset, source.file)
            line = found.line or 1
            yield source.place(line, found.column), source.line(line), width
        if spots and address:
            return


def _sources(content: Content) -> Iterator[JinjaSource]:
    for words in content.authored:
        copy = words.copy
        yield JinjaSource(text=copy.text, file=copy.file, first_line=copy.first_line)
    for name, text in content.templates.items():
        yield JinjaSource(text=text, file=template_file(name))
