"""An IMAP folder as a mailbox (RFC 3501), read-only: nothing is deleted or marked as read."""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from imap_tools import BaseMailBox, MailBox, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxLoginError

from lovecampaign.core.errors import Unreachable, UsageError
from lovecampaign.delivery.inbox.mail_files import MailFile
from lovecampaign.delivery.inbox.mailboxes.mailbox import BATCH_BYTES, BATCH_MAILS, MailBatch
from lovecampaign.delivery.inbox.sorting.letter_parts import MAX_MAIL
from lovecampaign.store.ledger.inbox_cursor import InboxCursor

#: Mails that are listed at once.
_LISTED = 200
_TIMEOUT_SECONDS = 30.0
#: Of one IDLE; RFC 2177 allows 29 minutes, and routers forget a silent connection after 5. After
#: each one, the folder is looked at, so that a lost message of the server delays by no more.
_IDLE_SECONDS = 60
#: Between two looks at a server without IDLE.
_POLL_SECONDS = 30.0
_LINE = re.compile(rb"^(\d+) \(.*?\bUID (\d+)\b")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)\b")
_UID = re.compile(rb"\bUID (\d+)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapAddress:
    """Where the folder is, and the login."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str
    is_tls: bool
    #: None: the system's certificates.
    ssl_context: ssl.SSLContext | None = None

    @property
    def name(self) -> str:
        scheme = "imaps" if self.is_tls else "imap"
        return f"{scheme}://{self.user}@{self.host}:{self.port}/{self.folder}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    uid: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _FolderState:
    validity: int
    #: How many mails there are: their numbers are 1 to this.
    exists: int
    next_uid: int


class ImapMailbox:
    """A folder, read by UID; the connection is kept between two reads."""

    def __init__(self, address: ImapAddress) -> None:
        self.name = address.name
        self._address = address
        self._box: BaseMailBox | None = None
        #: How many mails the folder had when it was last looked at.
        self._exists = 0

    def read(self, cursor: InboxCursor | None) -> Iterator[MailBatch]:
        with self._translating():
            state = self._examine()
            known = cursor if cursor and cursor.validity == state.validity else None
            position = known.position if known else 0
            number = self._first_after(position, state)
            while number <= state.exists and position < state.next_uid - 1:
                last, before = min(number + _LISTED - 1, state.exists), position
                for group in _groups(self._list(number, last, position)):
                    mails = self._fetch(group)
                    position = group[-1].uid
                    yield MailBatch(mails=mails, cursor=_cursor(state, position))
                number = last + 1
                if position != before:
                    number, state = self._continue(number, position, state)
            yield MailBatch(mails=(), cursor=_cursor(state, position))

    def find_end(self) -> InboxCursor:
        """The cursor behind all mail that is there."""
        with self._translating():
            state = self._examine()
            return _cursor(state, max(state.next_uid - 1, 0))

    def wait(self, stop: threading.Event) -> None:
        with self._translating():
            client = self._connected().client
            if "IDLE" not in client.capabilities:
                stop.wait(_POLL_SECONDS)
                return
            with self._connected().idle as idle:
                for _ in range(_IDLE_SECONDS):
                    if stop.is_set() or self._has_news(client) or idle.poll(timeout=1):
                        return

    def _has_news(self, client: imaplib.IMAP4) -> bool:
        """Whether the server named another number of mails, with the answer to another command."""
        _, values = client.response("EXISTS")
        return bool(values and values[-1]) and int(values[-1]) != self._exists

    def close(self) -> None:
        box, self._box = self._box, None
        if box is not None:
            with contextlib.suppress(ImapToolsError, imaplib.IMAP4.error, OSError):
                box.client.shutdown()

    def _connected(self) -> BaseMailBox:
        if self._box is None:
            self._box = _log_in(self._address)
        return self._box

    def _examine(self) -> _FolderState:
        """EXAMINE: as SELECT, but nothing can be changed (section 6.3.2)."""
        box = self._connected()
        _, (exists,) = box.folder.set(self._address.folder, readonly=True)
        self._exists = int(exists or 0)
        return _FolderState(
            validity=_number(box.client, "UIDVALIDITY"),
            exists=self._exists,
            next_uid=_number(box.client, "UIDNEXT"),
        )

    def _first_after(self, position: int, state: _FolderState) -> int:
        """The number of the first mail with a higher UID, by bisection."""
        low, high = 1, state.exists + 1
        if position == 0:
            return low
        if position >= state.next_uid - 1:
            return high
        while low < high:
            middle = (low + high) // 2
            found = self._list(middle, middle, 0)
            # A mail without an answer was just deleted; what follows it is looked at.
            if found and found[0].uid <= position:
                low = middle + 1
            else:
                high = middle
        return low

    def _continue(
        self, number: int, position: int, state: _FolderState
    ) -> tuple[int, _FolderState]:
        """The next number, and the folder's state.

        Mail that others delete meanwhile moves the numbers.
        """
        if number > state.exists:
            return number, state
        before = self._list(number - 1, number - 1, 0)
        if before and before[0].uid == position:
            return number, state
        changed = self._examine()
        if changed.validity != state.validity:  # the next read begins anew
            return changed.exists + 1, state
        return self._first_after(position, changed), changed

    def _list(self, first: int, last: int, position: int) -> Sequence[_Listed]:
        """UID and size of mails by their numbers, of those with a higher UID than ``position``."""
        client = self._connected().client
        status, lines = client.fetch(f"{first}:{last}", "(UID RFC822.SIZE)")
        _require_ok(status)
        found = [
            _Listed(uid=int(uid[2]), size=int(size[1]))
            for line in lines
            if isinstance(line, bytes)
            and (uid := _LINE.search(line))
            and (size := _SIZE.search(line))
        ]
        return sorted((one for one in found if one.uid > position), key=lambda one: one.uid)

    def _fetch(self, group: Sequence[_Listed]) -> Sequence[MailFile]:
        """The mails' bytes up to the limit. PEEK: without setting the flag of what is read."""
        client = self._connected().client
        uids = ",".join(str(one.uid) for one in group)
        status, parts = client.uid("FETCH", uids, f"(BODY.PEEK[]<0.{MAX_MAIL}>)")
        _require_ok(status)
        return [
            MailFile(name=f"{self.name}#{uid}", raw=raw[:MAX_MAIL]) for uid, raw in _bodies(parts)
        ]

    @contextlib.contextmanager
    def _translating(self) -> Iterator[None]:
        """The errors of imaplib, ssl and socket in our words; the connection is ended."""
        try:
            yield
        except MailboxLoginError as error:
            self.close()
            raise Unreachable(
                f"{self._address.host} does not accept the user or the password of "
                "LOVECAMPAIGN_INBOX",
                hint="correct it in .env; characters like / # @ : are written as %2F %23 %40 %3A",
            ) from error
        except MailboxFolderSelectError as error:
            self.close()
            raise UsageError(
                f"there is no folder {self._address.folder} in LOVECAMPAIGN_INBOX",
                hint="leave it out to read the inbox, or correct it: imaps://…@HOST/FOLDER",
            ) from error
        except (ImapToolsError, imaplib.IMAP4.error, OSError) as error:
            self.close()
            raise Unreachable(
                f"the inbox at {self._address.host}:{self._address.port} cannot be read: "
                f"{_words(error)}",
                hint="it is tried again; see that the server runs, and host and port are right",
            ) from error


def _log_in(address: ImapAddress) -> BaseMailBox:
    host, port = address.host, address.port
    if address.is_tls:
        context = address.ssl_context or ssl.create_default_context()
        box: BaseMailBox = MailBox(host, port, timeout=_TIMEOUT_SECONDS, ssl_context=context)
    else:
        box = MailBoxUnencrypted(host, port, timeout=_TIMEOUT_SECONDS)
    try:
        is_ascii = address.user.isascii() and address.password.isascii()
        log_in = box.login if is_ascii else box.login_utf8
        log_in(address.user, address.password, initial_folder=None)
        # Many servers name IDLE only after the login.
        _, words = box.client.capability()
        box.client.capabilities = tuple(b" ".join(words).decode("ascii", "replace").upper().split())
    except BaseException as error:
        with contextlib.suppress(OSError):
            box.client.shutdown()
        if isinstance(error, imaplib.IMAP4.error) and not isinstance(error, imaplib.IMAP4.abort):
            raise MailboxLoginError(("NO", []), "OK") from None
        raise
    return box


def _groups(listed: Sequence[_Listed]) -> Iterator[Sequence[_Listed]]:
    group: list[_Listed] = []
    size = 0
    for one in listed:
        taken = min(one.size, MAX_MAIL)
        if group and (len(group) >= BATCH_MAILS or size + taken > BATCH_BYTES):
            yield group
            group, size = [], 0
        group.append(one)
        size += taken
    if group:
        yield group


def _bodies(parts: Sequence[Any]) -> Iterator[tuple[int, bytes]]:
    """UID and bytes of each mail; a server may write the UID before or after the bytes."""
    for number, part in enumerate(parts):
        if not isinstance(part, tuple):
            continue
        after = parts[number + 1] if number + 1 < len(parts) else b""
        found = _UID.search(part[0]) or _UID.search(after if isinstance(after, bytes) else b"")
        if found:
            yield int(found[1]), part[1]


def _cursor(state: _FolderState, position: int) -> InboxCursor:
    return InboxCursor(validity=state.validity, position=position)


def _number(client: imaplib.IMAP4, name: str) -> int:
    """A response code of EXAMINE; without UIDVALIDITY a folder is new each time."""
    _, values = client.response(name)
    found = values[-1] if values else None
    if found is None:
        raise imaplib.IMAP4.abort(f"the server names no {name}")
    return int(found)


def _require_ok(status: str) -> None:
    if status != "OK":
        raise imaplib.IMAP4.abort(f"the server answered {status}")


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({error.verify_message})"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)[:200] or "the connection was lost"
