"""Content of an email: everything that its messages share, read from files.

Content is frozen and stored once the first delivery of an email is claimed: a retry a week later
renders the same bytes although the files have changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from lovecampaign.campaign.model.campaign import Campaign, Copy, Email, Guest, Role
from lovecampaign.render.model.gifts import find_gifts, read_gifts
from lovecampaign.render.model.images import Image, named_images, read_images
from lovecampaign.render.model.template_files import TemplateFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthoredEmail:
    """The author's part of one email: copy, subject and front matter."""

    key: str
    kind: str
    number: int | None
    date: date | None
    subject: str
    copy: Copy
    guest: Guest | None = None
    question: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything an email is made of, without the campaign's settings and the recipient."""

    words: AuthoredEmail
    preheader: str
    #: ``letter``: the template's name.
    template: str
    #: Sources of the template and its includes, by the name that ``include`` uses.
    templates: Mapping[str, str]
    #: Local pictures by the path that the author wrote.
    images: Mapping[str, Image] = field(default_factory=dict)
    #: Keys of the gifts in its copies, by path.
    gifts: Mapping[str, str] = field(default_factory=dict)
    #: The day emails that a catch-up or welcome may contain, by key.
    parts: Mapping[str, AuthoredEmail] = field(default_factory=dict)
    #: Of the words; '' in content frozen by older versions: the campaign's.
    language: str = ""
    #: The same in the campaign's other languages, where the email was translated.
    translations: Mapping[str, Content] = field(default_factory=dict)

    @property
    def all_images(self) -> Mapping[str, Image]:
        """Its pictures, and those of its translations."""
        found = dict(self.images)
        for content in self.translations.values():
            found |= content.images
        return found

    @property
    def all_gifts(self) -> frozenset[str]:
        """The paths of its gifts, and of those of its translations."""
        return frozenset(self.gifts).union(*(one.gifts for one in self.translations.values()))

    @property
    def authored(self) -> Sequence[AuthoredEmail]:
        """The email's own words, then those of its parts."""
        return (self.words, *self.parts.values())

    @property
    def subject(self) -> str:
        return self.words.subject

    @property
    def copy(self) -> Copy:
        return self.words.copy

    def fingerprint(self) -> str:
        """SHA-256 over subject, preheader, copy, templates, pictures and gifts, in hex.

        The days of a digest do not count: an edited day blocks that day, not the digest.
        """
        own = set(_paths([self.copy.text, *self.templates.values()]))
        said: dict[str, object] = {
            "subject": self.subject,
            "preheader": self.preheader,
            "copy": self.copy.text,
            "template": self.template,
            "templates": dict(self.templates),
            "images": {path: one.name for path, one in self.images.items() if path in own},
        }
        if own_gifts := [self.gifts.get(path) for path in find_gifts(self.copy.text)]:
            said["gifts"] = [key or "" for key in own_gifts]
        if self.translations:
            said["translations"] = {
                language: content.fingerprint() for language, content in self.translations.items()
            }
        written = json.dumps(said, sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(written.encode()).hexdigest()

    def to_json(self) -> str:
        return json.dumps(asdict(self), default=date.isoformat, sort_keys=True)

    @classmethod
    def from_json(cls, stored: str) -> Content:
        return cls._from_read(json.loads(stored))

    @classmethod
    def _from_read(cls, read: Mapping[str, Any]) -> Content:
        translations = read.get("translations", {})
        return cls(
            words=_authored_from(read["words"]),
            preheader=read["preheader"],
            template=read["template"],
            templates=read["templates"],
            images={path: Image(**image) for path, image in read["images"].items()},
            gifts=read.get("gifts", {}),
            parts={key: _authored_from(part) for key, part in read["parts"].items()},
            language=read.get("language", ""),
            translations={name: cls._from_read(one) for name, one in translations.items()},
        )


def read_content(
    campaign: Campaign, email: Email, template_files: TemplateFiles | None = None
) -> Content:
    """The current content of an email's files; raises ProblemsFound for templates."""
    templates = (template_files or TemplateFiles(campaign)).sources(email)
    parts = campaign.day_emails if email.role is Role.CATCH_UP else ()
    copies = [email.copy.text, *(part.copy.text for part in parts)]
    logo = [campaign.brand.logo] if campaign.brand.logo else []
    return Content(
        words=_authored(email),
        preheader=email.preheader,
        template=email.template,
        templates=templates,
        images=read_images(campaign, [*logo, *_paths([*copies, *templates.values()])]),
        gifts=read_gifts(campaign, copies),
        parts={part.key: _authored(part) for part in parts},
        language=campaign.language,
        translations={
            language: read_content(campaign.in_language(language), translated)
            for language, translated in email.translations.items()
        },
    )


def _authored(email: Email) -> AuthoredEmail:
    return AuthoredEmail(
        key=email.key,
        kind=email.kind.value,
        number=email.number,
        date=email.date,
        subject=email.subject,
        copy=email.copy,
        guest=email.guest,
        question=email.question,
    )


def _authored_from(stored: Mapping[str, Any]) -> AuthoredEmail:
    read = {
        "date": _date_from(stored["date"]),
        "copy": Copy(**stored["copy"]),
        "guest": _guest_from(stored["guest"]),
    }
    return AuthoredEmail(**{**stored, **read})


def _guest_from(stored: Mapping[str, Any] | None) -> Guest | None:
    if stored is None:
        return None
    return Guest(**{**stored, "approved": _date_from(stored["approved"])})


def _date_from(stored: str | None) -> date | None:
    return date.fromisoformat(stored) if stored else None


def _paths(sources: Sequence[str]) -> list[str]:
    return [path for source in sources for path, _ in named_images(source)]
