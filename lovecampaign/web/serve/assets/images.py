"""``/i/HASH``: which picture is this, and does an email show it, or did one once?

Letters lie in inboxes for years: a picture that a campaign ever showed is kept beside the
workspace's other records, so that it is still there when its file has changed or gone.
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
from lovecampaign.render.model.content import read_content
from lovecampaign.render.model.images import MEDIA_TYPES, find_image
from lovecampaign.web.serve.content.live_campaigns import LiveCampaigns
from lovecampaign.web.serve.handler.handler import IMMUTABLE, NotFound, Visit, page
from lovecampaign.web.serve.handler.site import Site

#: Mail programs load pictures from their own pages. A picture runs nothing, wherever opened.
_HEADERS = IMMUTABLE | {
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}
SECONDS_BETWEEN_LOOKS = 1.0
#: Below the workspace, beside the flight journals.
KEPT_IN = Path(".lovecampaign") / "pictures"
_NAME = re.compile(rf"[0-9a-f]{{64}}(?:{'|'.join(map(re.escape, MEDIA_TYPES))})")


def routes(site: Site) -> Sequence[BaseRoute]:
    pictures = Pictures(site.campaigns, site.settings.workspace / KEPT_IN)

    def show_picture(visit: Visit) -> Response:
        name = visit.part("name")
        content = pictures.read(name)
        if content is None:
            raise NotFound
        return Response(content, media_type=MEDIA_TYPES[Path(name).suffix], headers=_HEADERS)

    return [page(site, "/i/{name}", get=show_picture)]


class Pictures:
    """The pictures that emails show or showed, by their content's hash. Safe between threads."""

    def __init__(
        self,
        campaigns: LiveCampaigns,
        kept_in: Path,
        monotonic_seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._campaigns = campaigns
        self._kept_in = kept_in
        self._seconds = monotonic_seconds
        self._lock = threading.Lock()
        self._files: Mapping[str, Path] = {}
        self._look_again_at = float("-inf")

    def read(self, name: str) -> bytes | None:
        """The picture's bytes, exactly those that the name promises; None: no email shows it."""
        if not _NAME.fullmatch(name):
            return None
        with self._lock:
            if name not in self._files and self._seconds() >= self._look_again_at:
                self._look()
                self._look_again_at = self._seconds() + SECONDS_BETWEEN_LOOKS
            file = self._files.get(name)
        found = _read(file, name) if file is not None else None
        return found if found is not None else _read(self._kept_in / name, name)

    def _look(self) -> None:
        self._files = dict(self._used())
        for name, file in self._files.items():
            _keep(file, self._kept_in / name)

    def _used(self) -> Iterator[tuple[str, Path]]:
        for campaign in self._campaigns.all():
            yield from _pictures_of(campaign)


def _read(file: Path, name: str) -> bytes | None:
    try:
        content = file.read_bytes()
    except OSError:
        return None
    return content if name.startswith(hashlib.sha256(content).hexdigest()) else None


def _keep(file: Path, copy: Path) -> None:
    if copy.exists():
        return
    with contextlib.suppress(OSError):  # a workspace that is only read is served all the same
        copy.parent.mkdir(parents=True, exist_ok=True)
        half = copy.with_suffix(".part")
        half.write_bytes(file.read_bytes())
        half.replace(copy)


def _pictures_of(campaign: Campaign) -> Iterator[tuple[str, Path]]:
    for email in campaign.emails:
        try:
            images = read_content(campaign, email).images
        except ProblemsFound:
            continue  # an email that cannot be read is not sent either
        for path, image in images.items():
            file = find_image(campaign, path)
            if file is not None and file.suffix.lower() in MEDIA_TYPES:
                yield image.name, file
