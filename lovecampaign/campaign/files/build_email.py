"""Builds the model's emails from their settings and copy, or from built-in texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from lovecampaign.campaign.files.draft import CampaignDraft
from lovecampaign.campaign.files.layers import Layers
from lovecampaign.campaign.files.paths import require_template
from lovecampaign.campaign.model.campaign import CATCH_UP, CONFIRM, WELCOME, Copy, Email, Kind, Role
from lovecampaign.campaign.schema.models import LaunchEmailGroup, QuietHoursRule
from lovecampaign.campaign.source.errors import BadValue
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.core.problems import Problem, Severity, has_errors


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltInCopy:
    """A built-in copy file; without a template it uses the campaign's default."""

    subject: str
    preheader: str
    text: str
    template: str | None = None


#: Our texts, for campaigns without their own.
BUILT_IN: Mapping[str, BuiltInCopy] = {
    WELCOME: BuiltInCopy(
        subject="You are on the list",
        preheader="What you will get, and how to reach us.",
        template="welcome",
        text="""\
Hi {{ first_name | default("friend", true) }},

Thank you for confirming. From now on you get the letters of {{ campaign.name }}, one a day.

Answer any of them: a person reads what you write. And if you ever have enough, the last lines
of each letter let you go with one click.

{{ sender.name }}
""",
    ),
    CONFIRM: BuiltInCopy(
        subject="Please confirm your address",
        preheader="One click, and the letters can come.",
        template="confirm",
        text="""\
Hello,

You, or another person, asked for the letters of {{ campaign.name }} at this address. Please confirm
that it was you.

[[button: Yes, send me the letters | {{ links.confirm }}]]

If it was not you, do nothing: you are on no list, and this is the only message you get.

{{ sender.name }}
""",
    ),
    CATCH_UP: BuiltInCopy(
        subject="What you missed, in one letter",
        preheader="The letters worth having, and the one for today.",
        text="""\
Hi {{ first_name | default("friend", true) }},

You joined after we had begun. Here are the letters that later ones come back to. From tomorrow
you get one letter a day like everyone else.

{{ sender.name }}
""",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltEmail:
    """An email and its own problems."""

    email: Email
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class _EmailBuilder:
    """Builds the parts that all kinds of email share, and collects problems."""

    draft: CampaignDraft
    layers: Layers
    problems: list[Problem] = field(default_factory=list)

    def email(self, key: str, role: Role, kind: Kind, copy: Copy, fallback: str = "") -> Email:
        """An email without its schedule; ``fallback`` replaces a missing subject."""
        layers = self.layers
        self.problems += [*(layers.file.problems if layers.file else ()), *layers.set_twice()]
        email = Email(
            key=key,
            role=role,
            kind=layers.get("kind") or kind,
            subject=layers.get("subject") or self._missing_subject(fallback),
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

    def _missing_subject(self, fallback: str) -> str:
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
            return require_template(name or self.draft.file.defaults.template, self.draft.templates)
        except BadValue as bad:
            if name:  # a rule reports a wrong default once
                self.problems.append(self.layers.refusal("template", bad))
            return name or self.draft.file.defaults.template

    def _check_guest(self, kind: Kind) -> None:
        if kind is not Kind.GUEST or self.layers.get("guest") or self.layers.is_unread("guest"):
            return
        self.problems.append(
            self.layers.problem(
                ProblemCode.GUEST,
                "kind",
                "this is a guest's email, but it does not name the guest",
                hint="add guest: {name: …, role: …, approved: …}",
                severity=Severity.WARNING,
            )
        )

    def built(self, email: Email) -> BuiltEmail:
        is_broken = has_errors(self.problems)
        return BuiltEmail(email=replace(email, is_broken=is_broken), problems=tuple(self.problems))


def build_day(draft: CampaignDraft, number: int, layers: Layers, copy: Copy) -> BuiltEmail:
    """The email of a giving day."""
    builder = _EmailBuilder(draft, layers)
    email = replace(
        builder.email(f"day-{number:02d}", Role.DAY, Kind.VALUE, copy),
        number=number,
        date=draft.file.start + timedelta(days=number - 1),
        at=layers.get("at") or draft.file.sending.at,
        pinned=bool(layers.get("pinned")),
    )
    return builder.built(email)


def build_launch_email(
    draft: CampaignDraft, key: str, group: LaunchEmailGroup, layers: Layers, copy: Copy
) -> BuiltEmail:
    """An email of the launch: one instant for all recipients."""
    builder = _EmailBuilder(draft, layers)
    instant = draft.instant(group.at)
    email = replace(
        builder.email(key, Role.LAUNCH, Kind.LAUNCH, copy),
        number=draft.day_of(instant),
        instant=instant,
        to=frozenset(group.to),
        respects_quiet_hours=group.quiet_hours is QuietHoursRule.RESPECT,
    )
    return builder.built(email)


def build_system_email(draft: CampaignDraft, key: str, layers: Layers) -> BuiltEmail:
    """The catch-up, welcome or confirmation, from the campaign's file or from our text."""
    builder, ours = _EmailBuilder(draft, layers), BUILT_IN[key]
    role = Role(key)
    if layers.file:
        email = builder.email(key, role, Kind.VALUE, layers.file.copy)
    else:
        name = layers.document.source.name.replace("campaign.yaml", f"{key}.md")
        copy = Copy(text=ours.text, file=name, is_built_in=True)
        email = builder.email(key, role, Kind.VALUE, copy, fallback=ours.subject)
        email = replace(email, preheader=ours.preheader)
    if not layers.get("template") and ours.template in draft.templates:
        email = replace(email, template=ours.template)
    return builder.built(email)
