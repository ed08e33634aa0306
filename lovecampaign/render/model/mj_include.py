"""Reads ``mj-include`` as Jinja's ``include``, which the MJML compiler does not need to know."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

_INCLUDE = re.compile(
    r"<!--.*?-->|\{#.*?#\}|\{%-?\s*raw\b.*?\bendraw\b"
    r"|<mj-include\b(?P<attributes>[^<>]*?)\s*(?:/>|>\s*</mj-include\s*>)",
    re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"""([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
#: npm's ``mjml`` adds the first to a path without an ending.
_ENDINGS = ("", ".mjml", ".mjml.j2", ".j2")


def with_jinja_includes(source: str, name: str, is_template: Callable[[str], bool]) -> str:
    """The source of the template ``name``, with ``{% include %}`` for each file that is there.

    Lines and columns stay: what is written instead is seldom longer, and is filled up.
    """

    def written(found: re.Match[str]) -> str:
        given = found["attributes"]
        values = {key.lower(): a or b for key, a, b in _ATTRIBUTE.findall(given or "")}
        path = posixpath.normpath(posixpath.join(posixpath.dirname(name), values.get("path", "")))
        paths = (path + ending for ending in _ENDINGS)
        known = next((one for one in paths if values.get("path") and is_template(one)), None)
        if known is None or '"' in known:
            return found[0]
        include = f'{{% include "{known}" %}}'
        if values.get("type") == "css":
            inline = ' inline="inline"' if values.get("css-inline") == "inline" else ""
            include = f"<mj-style{inline}>{include}</mj-style>"
        elif values.get("type") == "html":
            include = f"<mj-raw>{include}</mj-raw>"
        *lines, last = found[0].split("\n")
        return (
            "\n".join((include, *("" for _ in lines[1:]), " " * len(last)))
            if lines
            else (include.ljust(len(last)))
        )

    return _INCLUDE.sub(written, source)
