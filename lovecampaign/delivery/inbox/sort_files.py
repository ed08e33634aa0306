"""Sorts the mail of files together: what one mail alone does not show."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lovecampaign.delivery.inbox.mail_files import read_mail
from lovecampaign.delivery.inbox.sorting.kinds import MailKind, SortedMail
from lovecampaign.delivery.inbox.sorting.sort import sort_mail
from lovecampaign.delivery.inbox.sorting.words import plain_words


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledMail:
    """A sorted mail and where it stands."""

    file: str
    mail: SortedMail


def sort_files(paths: Iterable[Path]) -> Sequence[FiledMail]:
    """Every mail of the files; raises UsageError for one that cannot be read."""
    sorted_mail = [
        FiledMail(file=one.name, mail=sort_mail(one.raw))
        for path in paths
        for one in read_mail(path)
    ]
    return list(_without_repetitions(sorted_mail))


def _without_repetitions(filed: Sequence[FiledMail]) -> Iterator[FiledMail]:
    """A program sends the same words twice from one address; the same mail twice is one."""
    ids: dict[bytes, set[str]] = {}
    for one in filed:
        if one.mail.kind is MailKind.LETTER:
            ids.setdefault(_fingerprint(one.mail), set()).add(one.mail.message_id)
    for one in filed:
        is_repeated = (
            one.mail.kind is MailKind.LETTER
            and bool(one.mail.text)
            and len(ids[_fingerprint(one.mail)]) > 1
        )
        yield replace(one, mail=replace(one.mail, kind=MailKind.AUTOMATIC)) if is_repeated else one


def _fingerprint(mail: SortedMail) -> bytes:
    words = f"{mail.email.lower()}\n{plain_words(mail.text)}"
    return hashlib.blake2b(words.encode("utf-8", "replace"), digest_size=12).digest()
