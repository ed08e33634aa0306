"""Which emails does a campaign have? Settings and copy become the model's emails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from lovecampaign.campaign.builtin import BUILT_IN
from lovecampaign.campaign.codes import Code
from lovecampaign.campaign.layers import Layers
from lovecampaign.campaign.model import (
    CATCH_UP,
    CONFIRM,
    WELCOME,
    Copy,
    Email,
    Kind,
    Role,
)
from lovecampaign.campaign.paths import require_template
from lovecampaign.campaign.refusal import BadValue
from lovecampaign.campaign.schema import CampaignFile, LaunchEmailGroup, Respect
from lovecampaign.campaign.times import Point, resolve
from lovecampaign.problems import Problem, Severity, has_errors

_ROLES: Mapping[str, Role] = {
    CATCH_UP: Role.CATCH_UP,
    WELCOME: Role.WELCOME,
    CONFIRM: Role.CONFIRM,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """What every email of a campaign builds on."""

    file: CampaignFile
    templates: frozenset[str]

    def instant(self, point: Point | None) -> datetime:
        """A point of this campaign in UTC; None is the moment when the doors open."""
        launch = self.file.launch
        written = point or Point(day=launch.day, at=launch.at)
        return resolve(
            written, start=self.file.start, zone=self.file.timezone, launch_day=launch.day
        )

    def day_of(self, instant: datetime) -> int:
        """The campaign day of an instant, by the campaign's clock."""
        local = instant.astimezone(ZoneInfo(self.file.timezone)).date()
        return (local - self.file.start).days + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """An email, and what is wrong with it alone."""

    email: Email
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class _Common:
    """What every kind of email takes from its two homes; collects what is wrong."""

    month: Month
    layers: Layers
    problems: list[Problem] = field(default_factory=list)

    def settings(self, kind: Kind, fallback: str = "") -> dict[str, Any]:
        layers = self.layers
        self.problems += [*(layers.file.problems if layers.file else ()), *layers.set_twice()]
        settings = {
            "subject": layers.get("subject") or self._no_subject(fallback),
            "preheader": layers.get("preheader") or "",
            "template": self._template(),
            "kind": layers.get("kind") or kind,
            "tags": layers.tags(),
            "guest": layers.guest(),
            "question": layers.get("question"),
            "places": layers.places(),
        }
        self._check_guest(settings["kind"])
        return settings

    def _no_subject(self, fallback: str) -> str:
        if not fallback and not self.layers.is_unread("subject"):
            self.problems.append(
                self.layers.problem(
                    Code.MISSING_KEY,
                    "subject",
                    "this email has no subject",
                    hint='add subject: "…" to the lines between the dashes',
                )
            )
        return fallback

    def _template(self) -> str:
        name = self.layers.get("template")
        try:
            return require_template(name or self.month.file.defaults.template, self.month.templates)
        except BadValue as bad:
            if name:  # the default is complained about once, where it is written
                self.problems.append(self.layers.refusal("template", bad))
            return name or self.month.file.defaults.template

    def _check_guest(self, kind: Kind) -> None:
        if kind is not Kind.GUEST or self.layers.get("guest") or self.layers.is_unread("guest"):
            return
        self.problems.append(
            self.layers.problem(
                Code.GUEST,
                "kind",
                "this is a guest's email, but it does not say who the guest is",
                hint="add guest: {name: …, role: …, approved: …}",
                severity=Severity.WARNING,
            )
        )

    def built(self, email: Email) -> Built:
        return Built(email=email, problems=tuple(self.problems))

    @property
    def is_broken(self) -> bool:
        return has_errors(self.problems)


def build_day(month: Month, number: int, layers: Layers, copy: Copy) -> Built:
    """The email of a giving day."""
    common = _Common(month, layers)
    settings = common.settings(Kind.VALUE)
    at: time = layers.get("at") or month.file.sending.at
    email = Email(
        key=f"day-{number:02d}",
        role=Role.DAY,
        copy=copy,
        number=number,
        date=month.file.start + timedelta(days=number - 1),
        at=at,
        pinned=bool(layers.get("pinned")),
        is_broken=common.is_broken,
        **settings,
    )
    return common.built(email)


def build_launch_email(
    month: Month, key: str, group: LaunchEmailGroup, layers: Layers, copy: Copy
) -> Built:
    """An email of the launch: one instant for everyone."""
    common = _Common(month, layers)
    settings = common.settings(Kind.LAUNCH)
    instant = month.instant(group.at)
    email = Email(
        key=key,
        role=Role.LAUNCH,
        copy=copy,
        number=month.day_of(instant),
        instant=instant,
        to=frozenset(group.to),
        respects_quiet_hours=group.quiet_hours is Respect.RESPECT,
        is_broken=common.is_broken,
        **settings,
    )
    return common.built(email)


def build_standing_email(month: Month, key: str, layers: Layers) -> Built:
    """The catch-up, the welcome or the confirmation: the campaign's own text, or ours."""
    common = _Common(month, layers)
    ours = BUILT_IN[key]
    settings = common.settings(Kind.VALUE, fallback="" if layers.file else ours.subject)
    if not layers.get("template") and ours.template in month.templates:
        settings["template"] = ours.template
    if not layers.file:
        settings["preheader"] = ours.preheader
    name = layers.document.source.name.replace("campaign.yaml", f"{key}.md")
    built_in = Copy(text=ours.text, file=name, is_built_in=True)
    email = Email(
        key=key,
        role=_ROLES[key],
        copy=layers.file.copy if layers.file else built_in,
        is_broken=common.is_broken,
        **settings,
    )
    return common.built(email)
