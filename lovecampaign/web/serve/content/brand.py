"""Brand colours as stylesheets named by their content.

Our Content-Security-Policy allows no inline styles, so each colour has a stylesheet of its own.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from lovecampaign.campaign.model.campaign import Brand
from lovecampaign.render.model.contrast import shades_of

#: Of pages that belong to no campaign.
DEFAULT_COLOR = Brand().color


@lru_cache(maxsize=256)
def stylesheet(color: str) -> str:
    """The brand's colour as custom properties, readable in light and dark (WCAG 2.2)."""
    shades = shades_of(color)
    light = _properties(shades.color_on_paper, shades.color, shades.on_color)
    dark = _properties(shades.color_dark, shades.color_dark, shades.on_color_dark)
    return f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"


def style_name(color: str) -> str:
    """``HASH.css``."""
    return hashlib.sha256(stylesheet(color).encode()).hexdigest()[:16] + ".css"


def style_path(color: str | None) -> str:
    """The stylesheet's path, for the pages of that colour."""
    return f"/style/{style_name(color or DEFAULT_COLOR)}"


def _properties(accent: str, button: str, on_button: str) -> str:
    return f"--accent: {accent}; --button: {button}; --on-button: {on_button};"
