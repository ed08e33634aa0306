"""Resolves the signed token of an email's link to its delivery and campaign."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.core.tokens import OLD_TOKEN_LENGTH, TOKEN_LENGTH, Purpose, RowKey
from lovecampaign.delivery.base.recipient_builder import TEST_TOKEN
from lovecampaign.store.ledger.lookup import DeliveryRecord, find_delivery
from lovecampaign.web.serve.handler.request_context import (
    LinkFromTestMessage,
    NotFound,
    RequestContext,
)

_LETTERS = re.compile(r"[A-Za-z0-9_-]+")
#: Unicode categories that are invisible in a link: spaces, controls, zero-width characters.
_INVISIBLE = frozenset({"Cc", "Cf", "Mn", "Zl", "Zp", "Zs"})


class VerifiedToken(NamedTuple):
    """A token with a valid signature; its row may be gone."""

    #: The first that it was signed for.
    purpose: Purpose
    row: RowKey
    #: Without stray characters.
    text: str


class UnknownRow(NotFound):
    """A valid token of a row that the database does not have: an older copy was put back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedLink:
    """A resolved link."""

    purpose: Purpose
    token: str
    delivery: DeliveryRecord
    campaign: Campaign

    @property
    def email(self) -> Email | None:
        """None where the author has removed the email since."""
        return self.campaign.find_email(self.delivery.email_key)


def open_link(context: RequestContext, *purposes: Purpose) -> OpenedLink:
    """Resolves the path's ``token``; raises LinkFromTestMessage, UnknownRow and NotFound."""
    return load_link(context, read_token(context, *purposes))


def load_link(context: RequestContext, token: VerifiedToken) -> OpenedLink:
    """Resolves a verified token; raises UnknownRow and NotFound."""
    delivery = load_delivery(context, token)
    campaign = context.site.campaigns.by_key(delivery.campaign_key)
    if delivery.is_forgotten or campaign is None:
        raise NotFound
    return OpenedLink(purpose=token.purpose, token=token.text, delivery=delivery, campaign=campaign)


def load_delivery(context: RequestContext, token: VerifiedToken) -> DeliveryRecord:
    """The delivery of a verified token, also of a forgotten subscriber; raises UnknownRow."""
    with context.site.database.read() as connection:
        delivery = find_delivery(connection, token.row)
    if delivery is None:
        raise note_unknown_row(context)
    return delivery


def note_unknown_row(context: RequestContext) -> UnknownRow:
    """The exception to raise; the operator learns of it."""
    context.site.unknown_links.note(context.now)
    return UnknownRow()


def read_token(
    context: RequestContext, *purposes: Purpose, retired_too: bool = False
) -> VerifiedToken:
    """The path's ``token``, with the first purpose that it was signed for.

    Raises LinkFromTestMessage and NotFound. ``retired_too`` is for unsubscribing alone: retired
    keys remain valid there.
    """
    for text in _candidates(context.part("token")):
        if text == TEST_TOKEN:
            raise LinkFromTestMessage
        for purpose in purposes:
            row = context.site.signer.verify(purpose, text, retired_too=retired_too)
            if row is not None:
                return VerifiedToken(purpose, row, text)
    raise NotFound


def _candidates(part: str) -> Iterator[str]:
    """What may be the token: mail programs and people add characters to links.

    Dropping any is safe, since only a signed token opens anything.
    """
    visible = "".join(one for one in part if unicodedata.category(one) not in _INVISIBLE)
    found = _LETTERS.search(visible)
    if found is not None:
        yield from dict.fromkeys((found[0], found[0][:TOKEN_LENGTH], found[0][:OLD_TOKEN_LENGTH]))
