"""Parts of a letter's page: its HTML, its files, and the email that it answers.

A letter is a stranger's: its HTML is sanitised and shown in a sandboxed frame without remote
content, and its files are only offered as downloads.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import nh3
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from lovecampaign.core.tokens import Purpose, RowKey
from lovecampaign.delivery.display.web_version import WebVersions
from lovecampaign.render.model.errors import RenderError
from lovecampaign.store.dialogue.desk.letters import read_attachment
from lovecampaign.store.ledger.lookup import find_delivery
from lovecampaign.store.tables import delivery
from lovecampaign.web.serve.dashboard.desk.desk_view import DeskView, desk_page, find_letter_of
from lovecampaign.web.serve.dashboard.view import DashboardState
from lovecampaign.web.serve.handler.request_context import NotFound
from lovecampaign.web.serve.handler.site import Site

_MAX_HTML = 200_000
#: What a letter's HTML may keep: words and their order, no attributes, so nothing is loaded.
_TAGS = {
    *("a", "b", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "h4", "hr", "i", "li"),
    *("ol", "p", "pre", "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "u"),
    "ul",
}
_FRAME_STYLE = (
    "<!doctype html><meta charset=utf-8><style>body{margin:12px;font:15px/1.5 Georgia,serif;"
    "color:#2b2622;background:#fffdfa;overflow-wrap:break-word}blockquote{margin:0 0 0 12px;"
    "padding-left:12px;border-left:2px solid #e4dcd0}</style>"
)
#: For documents in a sandboxed frame of ours: no script, no form, no request to anywhere.
_FRAMED = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src {images}; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'; sandbox"
    ),
    "X-Frame-Options": "SAMEORIGIN",
}


def routes(site: Site, state: DashboardState) -> Sequence[BaseRoute]:
    emails = WebVersions(site.settings)
    return [
        desk_page(site, state, "/{letter}/html", get=show_html),
        desk_page(
            site, state, "/{letter}/email", get=lambda view: show_answered_email(view, emails)
        ),
        desk_page(site, state, "/{letter}/file/{file}", get=download_file),
    ]


def show_html(view: DeskView) -> Response:
    """A letter's HTML without anything that loads or runs."""
    letter = find_letter_of(view)
    words = nh3.clean(letter.html[:_MAX_HTML], tags=_TAGS, attributes={})
    return _framed(f"{_FRAME_STYLE}{words}", "data:")


def show_answered_email(view: DeskView, emails: WebVersions) -> Response:
    """The email that a letter answers, as its subscriber got it; personal links are left out."""
    letter, site = find_letter_of(view), view.request.site
    campaign = site.campaigns.by_key(letter.campaign_key or "")
    email = campaign.find_email(letter.email_key) if campaign and letter.email_key else None
    if campaign is None or email is None or letter.delivery_id is None:
        raise NotFound
    with site.database.read() as connection:
        row = _delivery_key(connection, letter.delivery_id)
        found = find_delivery(connection, row) if row else None
        if found is None:
            raise NotFound
        try:
            message = emails.render(
                connection,
                campaign,
                email,
                found,
                view.request.now,
                shared_token=site.signer.sign(Purpose.SHARE, found.key),
                is_shared=letter.guess is not None,
            )
        except RenderError:  # it needs the subscriber's fields
            raise NotFound from None
    if message is None:
        raise NotFound
    return _framed(message.html, f"'self' data: {site.settings.media_url}")


def _delivery_key(connection: Connection, delivery_id: int) -> RowKey | None:
    row = connection.execute(
        sa.select(delivery.c.id, delivery.c.nonce).where(delivery.c.id == delivery_id)
    ).first()
    return RowKey(row.id, row.nonce) if row else None


def _framed(html: str, images: str) -> Response:
    policy = _FRAMED["Content-Security-Policy"].format(images=images)
    return HTMLResponse(html, headers=_FRAMED | {"Content-Security-Policy": policy})


def download_file(view: DeskView) -> Response:
    """An attachment, as a download whatever type it says to be."""
    with view.request.site.database.read() as connection:
        found = read_attachment(connection, view.number("letter"), view.number("file"))
    if found is None:
        raise NotFound
    name, content = found
    plain = name.replace("/", "_").replace("\\", "_")[-100:] or "file"
    return Response(
        content,
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(plain)}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )
