"""``/i/HASH``: which picture is this, and does an email show it?"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.campaign.model import Campaign
from lovecampaign.errors import ProblemsFound
from lovecampaign.render.content import read_content
from lovecampaign.render.images import find_image
from lovecampaign.web.serve.campaigns import LiveCampaigns
from lovecampaign.web.serve.pages import IMMUTABLE, NotFound, Visit, page
from lovecampaign.web.serve.site import Site

#: What mail programs show. Anything else in an email is a mistake that ``check`` finds.
TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
}
#: Mail programs load pictures from their own pages. A picture runs nothing, wherever opened.
_HEADERS = IMMUTABLE | {
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}
SECONDS_BETWEEN_LOOKS = 1.0


def routes(site: Site) -> Sequence[BaseRoute]:
    pictures = Pictures(site.campaigns)

    def show_picture(visit: Visit) -> Response:
        name = visit.part("name")
        content = pictures.read(name)
        if content is None:
            raise NotFound
        return Response(content, media_type=TYPES[Path(name).suffix], headers=_HEADERS)

    return [page(site, "/i/{name}", get=show_picture)]


class Pictures:
    """The pictures that emails show, by their content's hash. Safe between threads."""

    def __init__(
        self, campaigns: LiveCampaigns, monotonic_seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._campaigns = campaigns
        self._seconds = monotonic_seconds
        self._lock = threading.Lock()
        self._files: Mapping[str, Path] = {}
        self._look_again_at = float("-inf")

    def read(self, name: str) -> bytes | None:
        """The picture's bytes, exactly those that the name promises; None: no email shows it."""
        with self._lock:
            content = self._read(name)
            if content is None and self._seconds() >= self._look_again_at:
                self._files = dict(self._used())
                self._look_again_at = self._seconds() + SECONDS_BETWEEN_LOOKS
                content = self._read(name)
        return content

    def _read(self, name: str) -> bytes | None:
        file = self._files.get(name)
        try:
            content = file.read_bytes() if file is not None else b""
        except OSError:
            return None
        digest = hashlib.sha256(content).hexdigest()
        return content if file is not None and name.startswith(digest) else None

    def _used(self) -> Iterator[tuple[str, Path]]:
        for campaign in self._campaigns.all():
            yield from _pictures_of(campaign)


def _pictures_of(campaign: Campaign) -> Iterator[tuple[str, Path]]:
    for email in campaign.emails:
        try:
            images = read_content(campaign, email).images
        except ProblemsFound:
            continue  # an email that cannot be read is not sent either
        for path, image in images.items():
            file = find_image(campaign, path)
            if file is not None and file.suffix.lower() in TYPES:
                yield image.name, file
