"""People of the team: their names, and the address that each writes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lovecampaign.campaign.model.campaign import Campaign


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """A person who answers."""

    name: str
    #: In From; a domain that the campaign does not send from would fail DMARC.
    email: str


def list_team(campaign: Campaign) -> Sequence[str]:
    """The names of ``team.mail``: the part before the @."""
    return [_name_of(address) for address in campaign.desk.team]


def find_colleague(campaign: Campaign, named: str) -> Colleague:
    """A person by name or address; others write from ``sender.email``."""
    wanted = named.strip().casefold()
    for address in campaign.desk.team:
        if wanted in (address.casefold(), _name_of(address).casefold()):
            name = _name_of(address) if "@" in named else named.strip()
            sender = address if _is_ours(campaign, address) else campaign.sender.email
            return Colleague(name=name, email=sender)
    name = _name_of(named) if "@" in named else named.strip()
    return Colleague(name=name, email=campaign.sender.email)


def case_owner(campaign: Campaign) -> str:
    """Who takes a request for help: the advocate, else the first of the team, else the sender."""
    if campaign.desk.advocate is not None:
        return campaign.desk.advocate.name
    return next(iter(list_team(campaign)), campaign.sender.name)


def find_me(campaign: Campaign, login: str) -> str:
    """The name of a person at a terminal: the only one of the team, or by their login."""
    team = list_team(campaign)
    if len(team) == 1:
        return team[0]
    return next((name for name in team if name.casefold() == login.casefold()), login.title())


def _name_of(address: str) -> str:
    local = address.partition("@")[0]
    return " ".join(word[:1].upper() + word[1:] for word in local.replace(".", " ").split())


def _is_ours(campaign: Campaign, address: str) -> bool:
    """DMARC's relaxed alignment (RFC 7489, 3.1.1): the sender's domain, or one above or below."""
    own, other = (one.rpartition("@")[2].casefold() for one in (campaign.sender.email, address))
    return own == other or own.endswith(f".{other}") or other.endswith(f".{own}")
