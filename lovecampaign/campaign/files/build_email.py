"""Builds the model's emails from their settings and copy, or from built-in texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from lovecampaign.campaign.files.copy_file import CopyFile
from lovecampaign.campaign.files.draft import CampaignDraft
from lovecampaign.campaign.files.layers import Layers
from lovecampaign.campaign.files.paths import require_template
from lovecampaign.campaign.model.campaign import (
    CONFIRM,
    INVITATION,
    WELCOME,
    Copy,
    Email,
    Kind,
    Role,
)
from lovecampaign.campaign.schema.models import LaunchEmailGroup, QuietHoursRule
from lovecampaign.campaign.schema.time_parsers import Point
from lovecampaign.campaign.source.errors import BadValue
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.words.catalog import built_in_words, find_own_word
from lovecampaign.core.problems import Problem, Severity, has_errors

#: The settings that a translation has of its own.
_WORDS = frozenset({"subject", "preheader", "guest", "question"})
#: Templates of emails without settings of their own, where the workspace has them.
_OWN_TEMPLATES: Mapping[str, str] = {WELCOME: "welcome", CONFIRM: "confirm"}


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
            finished=layers.get("finished") or 0,
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


def build_invitation(draft: CampaignDraft, at: Point, layers: Layers, copy: Copy) -> BuiltEmail:
    """The question to existing readers."""
    builder = _EmailBuilder(draft, layers)
    email = builder.email(INVITATION, Role.INVITATION, Kind.VALUE, copy)
    return builder.built(replace(email, instant=draft.instant(at)))


def build_translation(draft: CampaignDraft, email: Email, file: CopyFile[Any]) -> BuiltEmail:
    """An email with the words of its translation; the other settings are its own."""
    layers = Layers(document=draft.document, path=[], group=None, file=file)
    problems = [*file.problems]
    for name in ("subject", "question"):
        needs = getattr(email, name) and not layers.get(name) and not layers.is_unread(name)
        if needs:
            message = f"this translation has no {name}, and {email.copy.file} has one"
            hint = f'add {name}: "…" to the lines between the dashes'
            problems.append(layers.problem(ProblemCode.TRANSLATION, name, message, hint=hint))
    # What it does not say itself stays at its place in the other file.
    guest = layers.guest()
    own = _WORDS - {"subject" if not layers.get("subject") else "", "guest" if not guest else ""}
    kept = {name: place for name, place in email.places.items() if name not in own}
    translated = replace(
        email,
        subject=layers.get("subject") or email.subject,
        preheader=layers.get("preheader") or "",
        copy=file.copy,
        guest=guest or email.guest,
        question=layers.get("question"),
        places={**kept, **layers.places()},
        translations={},
    )
    return BuiltEmail(email=translated, problems=tuple(problems))


def build_system_email(draft: CampaignDraft, key: str, layers: Layers) -> BuiltEmail:
    """The catch-up, welcome or confirmation, from the campaign's file or from our text."""
    builder = _EmailBuilder(draft, layers)
    role = Role(key)
    if layers.file:
        email = builder.email(key, role, Kind.VALUE, layers.file.copy)
    else:
        name = layers.document.source.name.replace("campaign.yaml", f"{key}.md")
        ours = built_in_words(draft.workspace, draft.languages[0])[key]
        copy = Copy(text=ours["text"], file=name, is_built_in=True)
        email = builder.email(key, role, Kind.VALUE, copy, fallback=ours["subject"])
        email = _in_our_words(draft, email, draft.languages[0])
    template = _OWN_TEMPLATES.get(key)
    if not layers.get("template") and template in draft.templates:
        email = replace(email, template=template)
    if email.copy.is_built_in:
        others = {name: _in_our_words(draft, email, name) for name in draft.languages[1:]}
        email = replace(email, translations=others)
    return builder.built(email)


def _in_our_words(draft: CampaignDraft, email: Email, language: str) -> Email:
    ours = built_in_words(draft.workspace, language)[email.key]
    places = {
        name: place
        for name in ("subject", "preheader", "text")
        if (place := find_own_word(draft.workspace, language, f"built-in.{email.key}.{name}"))
    }
    copy = replace(email.copy, text=ours["text"])
    if own := places.pop("text", None):
        copy = replace(copy, file=own.file, first_line=own.line or 1)
    return replace(
        email,
        subject=ours["subject"],
        preheader=ours["preheader"],
        copy=copy,
        places={**email.places, **places},
    )
