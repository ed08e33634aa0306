"""Which emails does a campaign have? Settings and copy become the model's emails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lovecampaign.campaign.files.builtin_emails import BUILT_IN
from lovecampaign.campaign.files.layers import Layers
from lovecampaign.campaign.files.paths import require_template
from lovecampaign.campaign.model.campaign import CATCH_UP, CONFIRM, WELCOME, Copy, Email, Kind, Role
from lovecampaign.campaign.schema.models import CampaignFile, LaunchEmailGroup, QuietHoursRule
from lovecampaign.campaign.schema.time_parsers import Point, resolve
from lovecampaign.campaign.source.errors import BadValue
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.core.problems import Problem, Severity, has_errors

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
class BuiltEmail:
    """An email, and what is wrong with it alone."""

    email: Email
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class _EmailBuilder:
    """What every kind of email takes from its two homes; collects what is wrong."""

    month: Month
    layers: Layers
    problems: list[Problem] = field(default_factory=list)

    def email(self, key: str, role: Role, kind: Kind, copy: Copy, fallback: str = "") -> Email:
        """An email as far as all kinds are alike; ``fallback`` is for a subject that is missing."""
        layers = self.layers
        self.problems += [*(layers.file.problems if layers.file else ()), *layers.set_twice()]
        email = Email(
            key=key,
            role=role,
            kind=layers.get("kind") or kind,
            subject=layers.get("subject") or self._no_subject(fallback),
            preheader=layers.get("preheader") or "",
            template=self._template(),
            copy=copy,
            tags=layers.tags(),
            guest=layers.guest(),
            question=layers.get("question"),
            places=layers.places(),
        )
        self._check_guest(email.kind)
        return email

    def _no_subject(self, fallback: str) -> str:
        if not fallback and not self.layers.is_unread("subject"):
            self.problems.append(
                self.layers.problem(
                    ProblemCode.MISSING_KEY,
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
                ProblemCode.GUEST,
                "kind",
                "this is a guest's email, but it does not say who the guest is",
                hint="add guest: {name: …, role: …, approved: …}",
                severity=Severity.WARNING,
            )
        )

    def built(self, email: Email) -> BuiltEmail:
        is_broken = has_errors(self.problems)
        return BuiltEmail(email=replace(email, is_broken=is_broken), problems=tuple(self.problems))


def build_day(month: Month, number: int, layers: Layers, copy: Copy) -> BuiltEmail:
    """The email of a giving day."""
    common = _EmailBuilder(month, layers)
    email = replace(
        common.email(f"day-{number:02d}", Role.DAY, Kind.VALUE, copy),
        number=number,
        date=month.file.start + timedelta(days=number - 1),
        at=layers.get("at") or month.file.sending.at,
        pinned=bool(layers.get("pinned")),
    )
    return common.built(email)


def build_launch_email(
    month: Month, key: str, group: LaunchEmailGroup, layers: Layers, copy: Copy
) -> BuiltEmail:
    """An email of the launch: one instant for everyone."""
    common = _EmailBuilder(month, layers)
    instant = month.instant(group.at)
    email = replace(
        common.email(key, Role.LAUNCH, Kind.LAUNCH, copy),
        number=month.day_of(instant),
        instant=instant,
        to=frozenset(group.to),
        respects_quiet_hours=group.quiet_hours is QuietHoursRule.RESPECT,
    )
    return common.built(email)


def build_system_email(month: Month, key: str, layers: Layers) -> BuiltEmail:
    """The catch-up, the welcome or the confirmation: the campaign's own text, or ours."""
    common, ours = _EmailBuilder(month, layers), BUILT_IN[key]
    if layers.file:
        email = common.email(key, _ROLES[key], Kind.VALUE, layers.file.copy)
    else:
        name = layers.document.source.name.replace("campaign.yaml", f"{key}.md")
        copy = Copy(text=ours.text, file=name, is_built_in=True)
        email = common.email(key, _ROLES[key], Kind.VALUE, copy, fallback=ours.subject)
        email = replace(email, preheader=ours.preheader)
    if not layers.get("template") and ours.template in month.templates:
        email = replace(email, template=ours.template)
    return common.built(email)
