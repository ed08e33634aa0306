"""Models of the reply desk's settings: ``replies``, ``team`` and ``advocate``."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from lovecampaign.campaign.schema.field_types import (
    ClockTime,
    Duration,
    EmailAddress,
    Line,
    Price,
    WorkingDays,
    one_or_many,
)
from lovecampaign.campaign.schema.settings_group import SettingsGroup, optional, required, several


class RepliesGroup(SettingsGroup):
    """How readers' letters are answered."""

    within: Duration = optional("The promise: an answer within this time, in working days.", "2d")
    days: WorkingDays = optional("The days on which you work: mon-fri, or a list.", "mon-fri")
    voice: Line | None = optional("A file that says how you write; the desk shows it.")


class TeamGroup(SettingsGroup):
    """The people who answer."""

    mail: Annotated[list[EmailAddress], BeforeValidator(one_or_many)] = several(
        "Their addresses: each gets the morning mail."
    )
    at: ClockTime = optional("When the morning mail goes out, in the campaign's zone.", "08:00")


class AdvocateGroup(SettingsGroup):
    """The person inside who fights for customers."""

    name: Line = required("Their name.", "Lucie")
    email: EmailAddress = required("Their address.", "lucie@bloom.example")
    budget: Price | None = optional("What exceptions may cost without asking. Default: nothing.")
