"""Converts Markdown copy to the children of an ``<mj-column>``.

Texts become ``<mj-text mj-class="copy">`` with plain HTML inside (``p``, ``h1`` to ``h6``,
``ul``, ``ol``, ``blockquote``, ``hr``), ``[[button: TEXT | URL]]`` becomes
``<mj-button mj-class="button" href="URL">TEXT</mj-button>``, and ``[[image: PATH | ALT]]``
becomes ``<mj-image mj-class="image" src="…" alt="ALT" />``. A template prints all of it with
``{{ content }}`` inside an ``<mj-column>`` and styles the three classes.

Bare web addresses become links. Footnotes become small numbers, without links, which few mail
programs follow inside of a letter; the notes are a list at the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape

from linkify_it import LinkifyIt
from linkify_it.main import Match
from markdown_it import MarkdownIt
from markdown_it.common.utils import unescapeAll
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.footnote import footnote_plugin

from lovecampaign.render.model.images import BLANKS_IN_PATH

#: From a path to the picture's address, and its width in pixels if known.
FindPicture = Callable[[str], tuple[str, int | None]]

#: A button or an image on a line of its own.
ACTION = re.compile(r"\[\[\s*(button|image)\s*:\s*(.*?)\s*\]\]\s*\Z", re.IGNORECASE)
#: MJML's column is 600 px wide; a picture that is wider fills it.
_COLUMN_PIXELS = 600
_LONGEST_ADDRESS = 500


class CopyMarkdown:
    """CommonMark without raw HTML, plus ``~~strikethrough~~``, footnotes, buttons and images."""

    def __init__(self, find_picture: FindPicture, link_color: str) -> None:
        self._find_picture = find_picture
        self._renderer = _CopyRenderer(find_picture, link_color)
        self._markdown = MarkdownIt("commonmark", {"html": False, "linkify": True})
        self._markdown.enable(["strikethrough", "linkify"]).use(footnote_plugin)
        self._markdown.linkify = _web_addresses()
        self._markdown.block.ruler.before(
            "paragraph", "action", _action, {"alt": ["paragraph", "blockquote", "list"]}
        )

    def to_mjml(self, source: str) -> str:
        """MJML children of a column; ``source`` holds tokens where values are printed."""
        source = BLANKS_IN_PATH.sub(self._bracket_known_picture, source)
        environment: EnvType = {}
        words: list[Token] = []
        written: list[str] = []
        for token in self._markdown.parse(source, environment):
            if token.type != "action":
                words.append(token)
                continue
            written.append(self._text(words, environment))
            words = []
            written.append(self._action(token))
        written.append(self._text(words, environment))
        return "".join(written)

    def heading(self, text: str) -> str:
        """A heading between the copies of a digest; ``text`` is a token or plain words."""
        return f'<mj-text mj-class="copy"><h2>{escape(text)}</h2></mj-text>'

    def _bracket_known_picture(self, found: re.Match[str]) -> str:
        """``![alt](a b.png)`` as ``![alt](<a b.png>)``, if there is such a picture."""
        path = found["path"]
        is_known = self._find_picture(unescapeAll(path))[0] != unescapeAll(path)
        return f"{found['before']}<{path}>" if is_known else found[0]

    def _text(self, words: Sequence[Token], environment: EnvType) -> str:
        if not words:
            return ""
        html = self._renderer.render(words, self._markdown.options, environment)
        return f'<mj-text mj-class="copy">{html}</mj-text>\n'

    def _action(self, token: Token) -> str:
        first, second = token.meta["first"], token.meta["second"]
        if token.tag == "button":
            address = escape(self._markdown.normalizeLink(second))
            return f'<mj-button mj-class="button" href="{address}">{escape(first)}</mj-button>\n'
        address, width = self._find_picture(first)
        size = f' width="{width}px"' if width and width < _COLUMN_PIXELS else ""
        attributes = f'src="{escape(address)}" alt="{escape(second)}"{size}'
        return f'<mj-image mj-class="image" {attributes} />\n'


class _CopyRenderer(RendererHTML):
    """Links in the brand's colour, pictures that fit the column; one method per rule."""

    def __init__(self, find_picture: FindPicture, link_color: str) -> None:
        super().__init__()
        self._find_picture = find_picture
        self._link_color = link_color

    def link_open(
        self, tokens: Sequence[Token], index: int, options: OptionsDict, environment: EnvType
    ) -> str:
        # MRML inlines no styles, and not every mail program supports <style>.
        tokens[index].attrSet("style", f"color:{self._link_color}")
        return self.renderToken(tokens, index, options, environment)

    def image(
        self, tokens: Sequence[Token], index: int, options: OptionsDict, environment: EnvType
    ) -> str:
        address, width = self._find_picture(str(tokens[index].attrGet("src") or ""))
        tokens[index].attrSet("src", address)
        if width:
            tokens[index].attrSet("width", str(min(width, _COLUMN_PIXELS)))
        tokens[index].attrSet("style", "max-width:100%;height:auto")
        return super().image(tokens, index, options, environment)

    def footnote_ref(self, tokens: Sequence[Token], index: int, _: OptionsDict, __: EnvType) -> str:
        return f'<sup class="note" style="line-height:0">{tokens[index].meta["id"] + 1}</sup>'

    def footnote_block_open(self, *_: object) -> str:
        return "<hr />\n<ol>\n"

    def footnote_block_close(self, *_: object) -> str:
        return "</ol>\n"

    def footnote_open(self, *_: object) -> str:
        return "<li>"

    def footnote_close(self, *_: object) -> str:
        return "</li>\n"

    def footnote_anchor(self, *_: object) -> str:
        """No link back to the number."""
        return ""


def _web_addresses() -> LinkifyIt:
    """Finds ``https://…``, ``http://…`` and ``www.…``; not ``seeds.md``, a file, or addresses."""
    found = LinkifyIt(options={"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
    for scheme in ("ftp:", "//", "mailto:"):
        found.add(scheme, None)
    return found.add("www.", {"validate": _after_www, "normalize": _over_https})


def _after_www(linkify: LinkifyIt, text: str, position: int) -> int:
    """The length of what follows ``www.`` in an address.

    The limit keeps ``www.www.www…`` from taking a time that grows with its square.
    """
    parts = linkify.re
    rest = re.compile(parts["src_host_port_strict"] + parts["src_path"], re.IGNORECASE)
    found = rest.match(text, position, position + _LONGEST_ADDRESS)
    return len(found[0]) if found else 0


def _over_https(_: LinkifyIt, found: Match) -> None:
    found.url = f"https://{found.url}"


def split_action(kind: str, inside: str) -> tuple[str, str] | None:
    """The two halves of a button or image, or None if one is missing.

    Only the words may contain a bar, never a button's address or an image's path.
    """
    halves = inside.rpartition("|") if kind == "button" else inside.partition("|")
    first, second = halves[0].strip(), halves[2].strip()
    return (first, second) if first and second else None


def _action(state: StateBlock, line: int, _: int, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's signature
    if state.level or state.is_code_block(line):
        return False
    found = ACTION.match(_line(state, line))
    halves = split_action(found[1].lower(), found[2]) if found else None
    if found is None or halves is None:
        return False
    if not silent:
        state.line = line + 1
        token = state.push("action", found[1].lower(), 0)
        token.map = [line, line + 1]
        token.meta = {"first": halves[0], "second": halves[1]}
    return True


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
