"""What do mailed links do? ``/p/TOKEN``: show all that is kept, forget, move.

Such a link reached the reader's own mailbox within the hour. Opening it changes nothing; its
button does what it is for.
"""

from __future__ import annotations

import json

from starlette.responses import Response

from lovecampaign.audience.address import reachable_key
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.store.ledger.transactional_mail import TransactionalKind, mark_used
from lovecampaign.store.signup.mailed_links import (
    LinkState,
    MailedLink,
    find_mailed_link,
    request_address_change,
)
from lovecampaign.store.subscribers.change_address import move_address
from lovecampaign.store.subscribers.erasure import forget
from lovecampaign.store.subscribers.subject_access import export_personal_data
from lovecampaign.web.serve.content.data_summary import read_out
from lovecampaign.web.serve.content.masking import mask_address
from lovecampaign.web.serve.handler.handler import NotFound, Visit
from lovecampaign.web.serve.pages.join_form import MOST_LETTERS_OF_AN_ADDRESS, one_line

_FILE_NAME = "my-data.json"


def show_mailed(visit: Visit, number: int) -> Response:
    """The question, or what has become of the link."""
    return _ask(visit, _find(visit, number))


def act_on_mailed(visit: Visit, number: int) -> Response:
    link = _find(visit, number)
    if link.state is not LinkState.GOOD:
        return _ask(visit, link)
    acts = {
        TransactionalKind.DOWNLOAD: _tell_everything,
        TransactionalKind.FORGET: _forget,
        TransactionalKind.MOVE: _ask_new_address,
        TransactionalKind.CHANGE_ADDRESS: _move,
    }
    return acts[link.kind](visit, link)


def _find(visit: Visit, number: int) -> MailedLink:
    with visit.site.database.read() as connection:
        link = find_mailed_link(connection, number, visit.now)
    if link is None:
        raise NotFound
    return link


def _ask(visit: Visit, link: MailedLink, *, typed: str = "", is_wrong: bool = False) -> Response:
    if link.state is not LinkState.GOOD:
        status = 410 if link.state is LinkState.EXPIRED else 200
        return visit.say(f"mailed.{link.state.value}", _campaign(visit, link), status)
    return visit.page(
        "mailed.html",
        _campaign(visit, link),
        422 if is_wrong else 200,
        kind=link.kind.value.replace("-", "_"),
        address=mask_address(link.address),
        new_address=link.new_address or "",
        typed=typed,
        is_wrong=is_wrong,
        slip=is_wrong,
    )


def _tell_everything(visit: Visit, link: MailedLink) -> Response:
    """On a page or as a file, as often as wanted within the hour."""
    with visit.site.database.read() as connection:
        everything = export_personal_data(connection, link.subscriber_id)
    if visit.form.get("do") != "file":
        parts = read_out(everything, visit.wording(_campaign(visit, link)))
        return visit.page("everything.html", _campaign(visit, link), parts=parts)
    return Response(
        json.dumps(everything, indent=2, ensure_ascii=False),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{_FILE_NAME}"'},
    )


def _forget(visit: Visit, link: MailedLink) -> Response:
    forget(visit.site.database, link.address_key, visit.now)
    return visit.say("mailed.forgotten", _campaign(visit, link))


def _ask_new_address(visit: Visit, link: MailedLink) -> Response:
    """The new mailbox has a say, too. The answer is the same whoever is behind it."""
    typed = one_line(visit.form.get("email", ""), MOST_LETTERS_OF_AN_ADDRESS)
    key = reachable_key(typed)
    if key is None:
        return _ask(visit, link, typed=typed, is_wrong=True)
    if not visit.is_within_limits("link by mail"):
        return visit.say("trouble.too_often", _campaign(visit, link), 429)
    with visit.site.database.write() as connection:
        request_address_change(connection, link, typed, key, visit.now)
    visit.site.post.wake()
    return visit.say("mailed.sent", _campaign(visit, link), address=typed)


def _move(visit: Visit, link: MailedLink) -> Response:
    address, campaign = link.new_address or "", _campaign(visit, link)
    key = reachable_key(address)
    if key is None:
        raise NotFound
    with visit.site.database.write() as connection:
        is_moved = move_address(connection, link.subscriber_id, address, key, visit.now)
        if is_moved:
            mark_used(connection, link.transactional_id, visit.now)
    key_of_text = "mailed.moved" if is_moved else "mailed.taken"
    return visit.say(key_of_text, campaign, address=address)


def _campaign(visit: Visit, link: MailedLink) -> Campaign | None:
    return visit.site.campaigns.by_key(link.campaign_key)
