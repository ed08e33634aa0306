"""Sorts the mail of files together: what one mail alone does not show."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lovecampaign.delivery.inbox.mail_files import MailFile, read_mail
from lovecampaign.delivery.inbox.mailboxes.mailbox import batches
from lovecampaign.delivery.inbox.sorting.kinds import MailKind, SortedMail
from lovecampaign.delivery.inbox.sorting.parse import digest
from lovecampaign.delivery.inbox.sorting.sort import sort_mail
from lovecampaign.delivery.inbox.sorting.words import plain_words

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledMail:
    """A sorted mail and where it stands."""

    file: str
    mail: SortedMail


def sort_files(paths: Iterable[Path]) -> Sequence[FiledMail]:
    """Every mail of the files, without attachments; raises UsageError for an unreadable file."""
    sorted_mail = [without_files(_sort(one)) for path in paths for one in read_mail(path)]
    return list(_without_repetitions(sorted_mail))


def read_again(paths: Iterable[Path], filed: Iterable[FiledMail]) -> Iterator[Sequence[FiledMail]]:
    """The same mails with their attachments, in batches, so that memory is flat."""
    kinds = {one.mail.key: one.mail.kind for one in filed}
    for mails in batches(one for path in paths for one in read_mail(path)):
        found = [_sort(one) for one in mails]
        yield [
            replace(one, mail=replace(one.mail, kind=kinds.get(one.mail.key, one.mail.kind)))
            for one in found
        ]


def without_files(one: FiledMail) -> FiledMail:
    return replace(one, mail=replace(one.mail, attachments=(), html=""))


def sort_batch(mails: Iterable[MailFile]) -> Sequence[FiledMail]:
    """Mails that were read together."""
    return list(_without_repetitions([_sort(one) for one in mails]))


def _sort(one: MailFile) -> FiledMail:
    """One mail. A fault of ours with a stranger's mail must not keep the others out."""
    try:
        return FiledMail(file=one.name, mail=sort_mail(one.raw))
    except Exception as error:  # noqa: BLE001 -- of whatever kind
        _LOG.warning("A mail is unreadable, by a mistake in lovecampaign: %s", type(error).__name__)
        return FiledMail(
            file=one.name, mail=SortedMail(kind=MailKind.UNREADABLE, key=digest(one.raw))
        )


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
