"""Links to the style sheets of those fonts that an email uses.

MRML links a font that only its own defaults name, and none that only ``mj-style`` or HTML name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape

_GOOGLE = "https://fonts.googleapis.com/css?family="
#: Fonts that MJML knows without ``mj-font``.
_KNOWN = {
    name: f"{_GOOGLE}{name.replace(' ', '+')}:300,400,500,700"
    for name in ("Open Sans", "Droid Sans", "Lato", "Roboto", "Ubuntu")
}
_LINKS_OF_MRML = re.compile(
    r'<!--\[if !mso\]><!-->(?:<link href="[^"]*" rel="stylesheet" type="text/css">)+'
    r'<style type="text/css">(?:@import url\([^)]*\);)+</style><!--<!\[endif\]-->'
)
_FAMILY = re.compile(r"""font-family\s*:([^;"{}<>]*)""", re.IGNORECASE)


def link_fonts(html: str, declared: Mapping[str, str]) -> str:
    """The compiled HTML with links to the fonts that its ``font-family`` name.

    ``declared`` are the addresses of ``mj-font``, by name.
    """
    html = _LINKS_OF_MRML.sub("", html, count=1)
    families = "\n".join(set(_FAMILY.findall(html))).lower()
    known = {**_KNOWN, **declared}.items()
    used = [url for name, url in known if name and name.lower() in families]
    if not used:
        return html
    links = "".join(f'<link href="{url}" rel="stylesheet" type="text/css">' for url in used)
    imports = "".join(f"@import url({unescape(url)});" for url in used)
    style = f'<style type="text/css">{imports}</style>'
    block = f"<!--[if !mso]><!-->{links}{style}<!--<![endif]-->"
    return html.replace("</head>", f"{block}</head>", 1)
