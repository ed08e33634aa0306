"""What becomes of the claims of a sender that died?

What its journal shows as never written goes back to ``planned``, what it shows as answered is
settled, and the rest may have arrived: in doubt, unless the provider can tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from lovecampaign.delivery.sender import Sender
from lovecampaign.delivery.verdict import doubt, judge, put_back
from lovecampaign.message import Outcome, OutcomeKind
from lovecampaign.store.counters import EmailCounts, add_to_email
from lovecampaign.store.journal import FlightRecord, read_flight
from lovecampaign.store.leftovers import OpenDelivery, list_claims
from lovecampaign.store.owners import OpenOwner, close_owner, held_if_dead, list_open_owners
from lovecampaign.store.settling import Settlement, settle
from lovecampaign.store.tables import DeliveryState
from lovecampaign.tokens import Purpose


def recover(sender: Sender) -> int:
    """Take over from every dead sender; returns how many deliveries are in doubt for it."""
    with sender.database.read() as connection:
        others = list_open_owners(connection, sender.owner.id)
    in_doubt = 0
    for found in others:
        with held_if_dead(sender.database, found) as is_dead:
            if is_dead:
                in_doubt += _recover_one(sender, found)
    return in_doubt


def _recover_one(sender: Sender, found: OpenOwner) -> int:
    flight = read_flight(found.journal) if found.is_of_this_boot else None
    now = sender.clock.now()
    with sender.database.write() as connection:
        claims = list_claims(connection, found.id)
        settlements = [_settlement(sender, found, flight, each, now) for each in claims]
        for campaign_key in {each.campaign_key for each in claims}:
            mine = [
                settlement
                for claim, settlement in zip(claims, settlements, strict=True)
                if claim.campaign_key == campaign_key
            ]
            settle(connection, mine, campaign_key, now)
        for claim, settlement in zip(claims, settlements, strict=True):
            if settlement.state is DeliveryState.SENT:
                add_to_email(connection, claim.email_id, EmailCounts(accepted=1))
        close_owner(connection, found.id, now)
    found.journal.unlink(missing_ok=True)
    return _count_doubts(settlements)


def _settlement(
    sender: Sender,
    found: OpenOwner,
    flight: FlightRecord | None,
    left: OpenDelivery,
    now: datetime,
) -> Settlement:
    delivery_id = sender.signer.sign(Purpose.DELIVERY, left.id)
    if flight is not None and delivery_id in flight.outcomes:
        return judge(left, flight.outcomes[delivery_id], now, sender.chance)
    if flight is not None and delivery_id not in flight.written:
        return put_back(left, now)
    has_sent = _ask_provider(sender, found, delivery_id)
    if has_sent is None:
        return doubt(left, "the sender stopped while this message was on the wire")
    if has_sent:
        accepted = Outcome(delivery_id=delivery_id, kind=OutcomeKind.ACCEPTED)
        return judge(left, accepted, now, sender.chance)
    return put_back(left, now)


def _ask_provider(sender: Sender, found: OpenOwner, delivery_id: str) -> bool | None:
    """Only the way out that the dead sender used can know."""
    if found.provider != sender.provider.name:
        return None
    return sender.provider.has_sent(delivery_id)


def _count_doubts(settlements: Sequence[Settlement]) -> int:
    return sum(each.state is DeliveryState.IN_DOUBT for each in settlements)
