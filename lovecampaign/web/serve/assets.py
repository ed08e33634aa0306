"""Assets named by their content's hash: email images ``/i/HASH``, brand styles ``/style/HASH.css``.

Old messages stay in inboxes for years: an image that a campaign ever showed is copied into the
workspace's records, so that it is still served after its file has changed or gone.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.errors import ProblemsFound
from lovecampaign.core.interval import Interval
from lovecampaign.render.model.content import read_content
from lovecampaign.render.model.images import MEDIA_TYPES, find_image
from lovecampaign.web.serve.content.brand import DEFAULT_COLOR, style_name, stylesheet
from lovecampaign.web.serve.content.live_campaigns import LiveCampaigns
from lovecampaign.web.serve.handler.request_context import (
    IMMUTABLE,
    NotFound,
    RequestContext,
    page,
)
from lovecampaign.web.serve.handler.site import Site

#: Webmail loads images from its own pages. An image (SVG) runs no script, wherever it is opened.
_HEADERS = IMMUTABLE | {
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}
SCAN_SECONDS = 1.0
#: Below the workspace, beside the flight journals.
IMAGE_STORE = Path(".lovecampaign") / "pictures"
_NAME = re.compile(rf"[0-9a-f]{{64}}(?:{'|'.join(map(re.escape, MEDIA_TYPES))})")


def routes(site: Site) -> Sequence[BaseRoute]:
    images = EmailImages(site.campaigns, site.settings.workspace / IMAGE_STORE)

    def show_image(context: RequestContext) -> Response:
        name = context.part("name")
        content = images.read(name)
        if content is None:
            raise NotFound
        return Response(content, media_type=MEDIA_TYPES[Path(name).suffix], headers=_HEADERS)

    return [
        page(site, "/style/{name}", get=show_style),
        page(site, "/i/{name}", get=show_image),
    ]


def show_style(context: RequestContext) -> Response:
    """Serves the colours of campaigns only, not any colour that a path asks for."""
    campaigns = context.site.campaigns.all()
    for color in (DEFAULT_COLOR, *(campaign.brand.color for campaign in campaigns)):
        if style_name(color) == context.part("name"):
            return Response(stylesheet(color), media_type="text/css", headers=IMMUTABLE)
    raise NotFound


class EmailImages:
    """The images of all emails, present and past, by content hash. Safe between threads."""

    def __init__(
        self,
        campaigns: LiveCampaigns,
        store: Path,
        monotonic_seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._campaigns = campaigns
        self._store = store
        self._lock = threading.Lock()
        self._scan_interval = Interval(SCAN_SECONDS, monotonic_seconds)
        self._files: Mapping[str, Path] = {}

    def read(self, name: str) -> bytes | None:
        """The image's bytes, verified against the hash in its name; None: no email shows it."""
        if not _NAME.fullmatch(name):
            return None
        with self._lock:
            if name not in self._files and self._scan_interval.is_due():
                self._scan()
            file = self._files.get(name)
        content = _read_verified(file, name) if file is not None else None
        return content if content is not None else _read_verified(self._store / name, name)

    def _scan(self) -> None:
        campaigns = self._campaigns.all()
        self._files = dict(image for campaign in campaigns for image in _images_of(campaign))
        for name, file in self._files.items():
            _store(file, self._store / name)


def _read_verified(file: Path, name: str) -> bytes | None:
    try:
        content = file.read_bytes()
    except OSError:
        return None
    return content if name.startswith(hashlib.sha256(content).hexdigest()) else None


def _store(file: Path, copy: Path) -> None:
    if copy.exists():
        return
    with contextlib.suppress(OSError):  # a read-only workspace is served all the same
        copy.parent.mkdir(parents=True, exist_ok=True)
        partial = copy.with_suffix(".part")
        partial.write_bytes(file.read_bytes())
        partial.replace(copy)


def _images_of(campaign: Campaign) -> Iterator[tuple[str, Path]]:
    for email in campaign.emails:
        try:
            images = read_content(campaign, email).all_images
        except ProblemsFound:
            continue  # an email that cannot be read is not sent either
        for path, image in images.items():
            file = find_image(campaign, path)
            if file is not None and file.suffix.lower() in MEDIA_TYPES:
                yield image.name, file
