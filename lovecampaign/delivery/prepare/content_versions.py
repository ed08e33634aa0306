"""The content of an email: from its files, or frozen.

Once the first copy was claimed for real, all others get the same content, until an edit is
accepted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.core.errors import ProblemsFound, Unreachable
from lovecampaign.render.model.content import Content, read_content
from lovecampaign.store.ledger.frozen_content import (
    FrozenContent,
    find_frozen,
    freeze,
    lock_frozen,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentVersions:
    """The content in the files, beside the frozen one."""

    #: None where the files cannot be read; then something is frozen.
    current: Content | None
    #: None before the first copy was claimed.
    frozen: Content | None

    @property
    def content(self) -> Content:
        """The content of the next message."""
        content = self.frozen or self.current
        if content is None:
            raise ValueError("an email has content in its files, or frozen content")
        return content

    @property
    def is_frozen(self) -> bool:
        return self.frozen is not None

    @property
    def is_edited(self) -> bool:
        """Whether the files differ from what was sent already."""
        if self.frozen is None:
            return False
        return self.current is None or self.current.fingerprint() != self.frozen.fingerprint()


def find_content(
    connection: Connection, campaign: Campaign, email: Email, email_id: int
) -> ContentVersions:
    """The content versions of an email.

    Raises ProblemsFound where the files cannot be read and nothing is frozen.
    """
    frozen = find_frozen(connection, email_id)
    if frozen is None:
        return ContentVersions(current=read_content(campaign, email), frozen=None)
    try:
        current = read_content(campaign, email)
    except ProblemsFound:
        current = None  # unreadable: that is an edit, too
    return ContentVersions(current=current, frozen=Content.from_json(frozen.content))


def freeze_first(connection: Connection, email_id: int, content: Content, now: datetime) -> None:
    """Freeze the content of the first copy, unless an email is frozen already.

    Raises Unreachable where another sender has just begun with another text: nothing was claimed.
    """
    lock_frozen(connection, email_id)
    frozen = find_frozen(connection, email_id)
    if frozen is None:
        freeze(connection, email_id, _frozen(content, now))
    elif frozen.fingerprint != content.fingerprint():
        raise Unreachable(
            "another process began this email a moment ago, with another text",
            hint="nothing is lost: put the same files on all machines, and run the command again",
        )


def accept_edit(
    connection: Connection, email_id: int, content: Content, now: datetime, who: str
) -> None:
    """Freeze an edit from now on, and record who accepted it."""
    freeze(connection, email_id, _frozen(content, now), accepted_by=who)


def _frozen(content: Content, now: datetime) -> FrozenContent:
    return FrozenContent(
        fingerprint=content.fingerprint(), content=content.to_json(), frozen_at=now
    )
