"""The verb ``inbox``: mail that came back, read, sorted by kind and acted on."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import click
from sqlalchemy.engine import Connection

from lovecampaign.cli.framework.invocation import Invocation, verb, verb_group
from lovecampaign.cli.output.format import count_of
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.table import format_table, shorten
from lovecampaign.cli.resources.file_arguments import read_path
from lovecampaign.cli.resources.inbox import open_inbox_reader, open_mailboxes
from lovecampaign.cli.resources.lists import load_all
from lovecampaign.cli.resources.open import opened_database
from lovecampaign.core.errors import LovecampaignError
from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import TokenSigner
from lovecampaign.delivery.inbox.match import DeliveryMatch, match_mail
from lovecampaign.delivery.inbox.reader import InboxCounts
from lovecampaign.delivery.inbox.sort_files import FiledMail, read_again, sort_files, without_files
from lovecampaign.delivery.inbox.sorting.kinds import MailKind
from lovecampaign.delivery.inbox.take_in import is_matched, take_in
from lovecampaign.store.database.schema_version import HEAD, find_database

#: Rows of the table for people; ``--json`` has all.
_MAX_ROWS = 100


@verb_group("inbox", fallback="read")
def inbox() -> None:
    """Read the mail that came back: letters, bounces, complaints."""


@verb("read", inbox)
def read(invocation: Invocation) -> Result:
    """Read what is new in LOVECAMPAIGN_INBOX once, and act on it.

    Nothing there is deleted or marked as read. run does the same all the time.
    """
    settings = invocation.settings()
    mailboxes = open_mailboxes(settings)
    with opened_database(invocation) as database:
        reader = open_inbox_reader(invocation, settings, database)
        counts = InboxCounts()
        for mailbox in mailboxes:
            with contextlib.closing(mailbox):
                counts += reader.read(mailbox)
    return Result(
        data=asdict(counts),
        text=_format_counts(counts, [mailbox.name for mailbox in mailboxes]),
        next_command=_next_command(has_letters=counts.letters > 0),
    )


def _format_counts(counts: InboxCounts, names: Sequence[str]) -> str:
    lines = [f"{counts.describe()} ({', '.join(names)})."]
    if counts.unmatched:
        lines.append(
            f"Unmatched: {counts.unmatched:,}, about no email of ours or from another address."
        )
    return "\n".join(lines)


@verb("sort", inbox)
@click.argument("files", nargs=-1, required=True, type=read_path, metavar="FILE...")
@click.option("--apply", is_flag=True, help="Take them in; without this nothing is touched.")
def sort(invocation: Invocation, files: Sequence[Path], *, apply: bool) -> Result:
    """Say what each mail is; with --apply, act on it.

    FILE is one mail (.eml), an mbox, a Maildir or a folder of .eml files; they stay as they are.
    Applied twice, a mail counts once.
    """
    filed = sort_files(files)
    if apply:
        return _apply(invocation, files, filed)
    settings = _find_settings(invocation)
    with _connection_if_any(settings) as connection:
        matches = match_mail(connection, _signer(settings), filed)
    return Result(
        data={"mails": [_json(one) for one in matches]},
        text=_format(matches),
    )


def _apply(invocation: Invocation, files: Sequence[Path], filed: Sequence[FiledMail]) -> Result:
    settings = invocation.settings()
    signer = TokenSigner(settings.require_secret_keys(), settings.retired_keys)
    campaigns = {campaign.id: campaign for campaign in load_all(invocation) if campaign}
    matches: list[DeliveryMatch] = []
    new = 0
    with opened_database(invocation) as database:
        for batch in read_again(files, filed):
            with database.read() as connection:
                found = match_mail(connection, signer, batch)
            new += len(take_in(database, found, campaigns, invocation.now))
            matches += [replace(one, filed=without_files(one.filed)) for one in found]
    unmatched = sum(1 for match in matches if not is_matched(match))
    return Result(
        data={"mails": [_json(one) for one in matches], "new": new, "unmatched": unmatched},
        text=f"{_format(matches)}\n{new:,} taken in, {len(matches) - new:,} known before; "
        f"{unmatched:,} answer no email of ours.",
        next_command=_next_command(
            has_letters=any(one.filed.mail.kind is MailKind.LETTER for one in matches)
        ),
    )


def _next_command(*, has_letters: bool) -> str:
    return f"lovecampaign {'replies' if has_letters else 'suppressions'}"


def _find_settings(invocation: Invocation) -> Settings | None:
    """None outside of a workspace: mail can be sorted anywhere."""
    try:
        return invocation.settings()
    except LovecampaignError:
        return None


def _signer(settings: Settings | None) -> TokenSigner | None:
    if settings is None or not settings.secret_keys:
        return None
    return TokenSigner(settings.secret_keys, settings.retired_keys)


@contextlib.contextmanager
def _connection_if_any(settings: Settings | None) -> Iterator[Connection | None]:
    """The database as it is: nothing is created or upgraded for a look."""
    if settings is None:
        yield None
        return
    database, version = find_database(settings)
    with contextlib.closing(database):
        if version != HEAD:
            yield None
            return
        with database.read() as connection:
            yield connection


def _json(match: DeliveryMatch) -> Mapping[str, object]:
    mail, found = match.filed.mail, match.delivery
    return {
        "file": match.filed.file,
        "kind": mail.kind,
        "email": mail.email or None,
        "status": mail.status or None,
        "diagnostic": mail.diagnostic or None,
        "delivery": match.token or None,
        "campaign": found.campaign_key if found else None,
        "key": found.email_key if found else None,
        "text": mail.text or None,
    }


def _format(matches: Sequence[DeliveryMatch]) -> str:
    if not matches:
        return "No mail in there."
    rows = [
        (
            _name(match.filed.mail.kind),
            match.filed.mail.email,
            match.delivery.email_key if match.delivery else None,
            shorten(match.filed.mail.diagnostic or match.filed.mail.text),
            match.filed.file,
        )
        for match in matches[:_MAX_ROWS]
    ]
    table = format_table(("kind", "email", "answers", "words", "file"), rows)
    rest = len(matches) - len(rows)
    counts = Counter(match.filed.mail.kind for match in matches)
    total = ", ".join(f"{counts[kind]:,} {_name(kind)}" for kind in MailKind if counts[kind])
    lines = [table, *([f"{rest:,} more: --json lists all."] if rest else [])]
    return "\n".join([*lines, f"{count_of(len(matches), 'mail')}: {total}."])


def _name(kind: MailKind) -> str:
    return kind.value.replace("_", " ")
