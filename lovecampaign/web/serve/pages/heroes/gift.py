"""``/g/TOKEN``: the file of an email's gift, named by its content, in ranges where asked for.

The link in the email is the file itself, and no redirect. Its first whole transfer counts for the
subscriber, as an access log would note it; the link of a shared copy counts for no one.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Sequence
from pathlib import Path

from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute

from lovecampaign.core.tokens import Purpose
from lovecampaign.delivery.prepare.gift_store import find_kept_gift
from lovecampaign.render.model.gifts import GIFT_KEY_LENGTH
from lovecampaign.store.dialogue.gifts.taken import has_taken, note_taken
from lovecampaign.web.serve.handler.open_link import OpenedLink, open_link
from lovecampaign.web.serve.handler.request_context import NotFound, RequestContext, page
from lovecampaign.web.serve.handler.site import Site

_KEY = re.compile(rf"[0-9a-f]{{{GIFT_KEY_LENGTH}}}")
_RANGE = re.compile(r"(\d{0,18})-(\d{0,18})")
#: As a saved file: nothing in it runs on our site.
_HEADERS = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


def routes(site: Site) -> Sequence[BaseRoute]:
    return [page(site, "/g/{token}", get=give)]


def give(context: RequestContext) -> Response:
    link = open_link(context, Purpose.GIFT, Purpose.SHARE)
    key = context.query("f")
    if not _KEY.fullmatch(key) or _is_too_early(context, link):
        raise NotFound
    file = find_kept_gift(link.campaign, key)
    if file is None:
        raise NotFound
    if link.purpose is Purpose.GIFT and _reaches_end(context, file):
        _count(context, link, key, file.name)
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    headers = {**_HEADERS, "ETag": f'"{key}"'}
    return FileResponse(file, media_type=kind, filename=file.name, headers=headers)


def _is_too_early(context: RequestContext, link: OpenedLink) -> bool:
    """Emails for insiders cannot be shared before the launch."""
    is_for_insiders = link.email is not None and link.email.is_insiders_only
    is_shared = link.purpose is Purpose.SHARE
    return is_shared and is_for_insiders and context.now < link.campaign.launch.at


def _reaches_end(context: RequestContext, file: Path) -> bool:
    """Whether this answer ends with the file's last byte (RFC 9110, 14.1.2).

    A range that begins behind it, or that cannot be read, gets an error and no byte.
    """
    asked = context.request.headers.get("range")
    if context.request.method == "HEAD" or asked is None:
        return context.request.method != "HEAD"
    size = file.stat().st_size
    return any(
        int(start) < size and (not end or int(end) >= size - 1) if start else int(end or 0) > 0
        for start, end in _RANGE.findall(asked)
    )


def _count(context: RequestContext, link: OpenedLink, key: str, name: str) -> None:
    database = context.site.database
    with database.read() as connection:
        is_known = has_taken(connection, link.delivery, key)
    if not is_known:
        with database.write() as connection:
            note_taken(connection, link.delivery, key, name, context.now)
