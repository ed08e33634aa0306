"""Letters of one version of a campaign found again in another, also under another key."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lovecampaign.campaign.model.campaign import Campaign, Email


def trace_letters(
    before: Campaign, after: Campaign, frozen: frozenset[str] = frozenset()
) -> Mapping[str, str]:
    """The letter of each new email: the former key of the same text, or the email's own key.

    A letter that was edited and renumbered is recognised by its file's name. ``frozen`` keys keep
    the letter whose first copy was sent.
    """
    old = {email.key: email for email in before.scheduled_emails}
    by_text = {text_of(email): email.key for email in reversed(old.values()) if text_of(email)}
    new = {email.key: email for email in after.scheduled_emails}
    letters = {
        key: key
        for key, email in new.items()
        if key in old and (key in frozen or text_of(old[key]) == text_of(email))
    }
    for key, email in new.items():
        if key not in letters and text_of(email) in by_text:
            letters[key] = by_text[text_of(email)]
    by_name = {_file_name(each): key for key, each in old.items() if key not in letters.values()}
    for key, email in new.items():
        if key not in letters and _file_name(email) in by_name:
            letters[key] = by_name.pop(_file_name(email))
    known = set(letters.values())
    for key in new.keys() - letters.keys():
        is_replaced = key in known and key in old
        letters[key] = f"{key} (new)" if is_replaced else key
    return {key: letters[key] for key in new}


def text_of(email: Email) -> str:
    """What tells letters apart; empty for an email without copy."""
    return email.copy.text.strip()


def _file_name(email: Email) -> str:
    """``04-mathilde.md`` and ``06-mathilde.md`` are alike."""
    return re.sub(r"^\d+-", "", email.copy.file.rpartition("/")[2])
