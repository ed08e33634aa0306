"""The page for a link whose delivery the ledger does not know: unsubscribe by address.

An older copy of the database was put back, or the ledger was lost. The token says that we sent an
email, and no longer to whom. So the subscriber types the address, and is unsubscribed from every
list; a mail program's one-click gets an error, since it unsubscribed no one.
"""

from __future__ import annotations

from starlette.responses import Response

from lovecampaign.audience.address import reachable_key
from lovecampaign.store.subscribers.suppressions import unsubscribe
from lovecampaign.web.serve.handler.open_link import VerifiedToken
from lovecampaign.web.serve.handler.request_context import RequestContext
from lovecampaign.web.serve.pages.signup.join_form import MAX_ADDRESS_LENGTH, one_line

#: Value of the field ``do``.
BY_ADDRESS = "leave-by-address"
#: ``suppression.source``.
SOURCE = "address typed on the page of an unknown link"


def show_unknown(
    context: RequestContext, token: VerifiedToken, *, typed: str = "", is_wrong: bool = False
) -> Response:
    """The form; 404 for programs, which would take 200 for success."""
    campaigns = context.site.campaigns.all()
    return context.page(
        "unknown_link.html",
        None,
        422 if is_wrong else 404,
        token=token.text,
        form_token=context.form_token(_form_purpose(token)),
        replies=sorted({campaign.sender.reply_to for campaign in campaigns}),
        typed=typed,
        is_wrong=is_wrong,
        has_error=is_wrong,
    )


def act_on_unknown(context: RequestContext, token: VerifiedToken) -> Response:
    """Unsubscribe the typed address from every list.

    The response does not depend on whether it is known. The form token keeps other sites, and the
    rate limit keeps visitors, from unsubscribing many.
    """
    if context.form.get("do") != BY_ADDRESS:
        return show_unknown(context, token)
    context.require_form_token(_form_purpose(token))
    typed = one_line(context.form.get("email", ""), MAX_ADDRESS_LENGTH)
    key = reachable_key(typed)
    if key is None:
        return show_unknown(context, token, typed=typed, is_wrong=True)
    if not context.is_within_limits("unsubscribe by address"):
        return context.say("error.too_often", status=429)
    unsubscribe(context.site.database, key, context.now, source=SOURCE)
    return context.say("unsubscribe.by_address", address=typed)


def _form_purpose(token: VerifiedToken) -> str:
    return f"unknown link {token.text}"
