"""Reads a received test mail: whether a DKIM signature covers the one-click unsubscribe.

RFC 8058, section 4, asks for a signature over both header fields. Signers leave
``List-Unsubscribe-Post`` out by default (OpenDKIM 2.11, Exim 4.96, dkimpy 1.1.8).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from email.utils import parseaddr
from pathlib import Path

from lovecampaign.cli.health.health_finding import HealthFinding, doubtful, good, wrong
from lovecampaign.core.errors import UsageError

_NAME = "signature"
_DOCS = "docs/operating.md (Your mail server)"
_ONE_CLICK = ("list-unsubscribe", "list-unsubscribe-post")
_FAILED = re.compile(r"\bdkim=(fail|permerror|temperror|policy)\b", re.IGNORECASE)


def check_file(file: Path) -> Iterator[HealthFinding]:
    """Findings about a saved mail; raises UsageError for a file that cannot be read."""
    try:
        mail = file.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read: {error.strerror}",
            hint="name a test mail that arrived, saved with all its headers (.eml)",
        ) from error
    return check_signature(mail)


def check_signature(mail: bytes) -> Iterator[HealthFinding]:
    """Findings about a mail that was sent to oneself, with all its headers."""
    message = message_from_bytes(mail)
    if not all(message[name] for name in _ONE_CLICK):
        yield doubtful(
            _NAME,
            "this mail has no List-Unsubscribe and List-Unsubscribe-Post",
            "type: lovecampaign send --day day-01 --to YOUR-ADDRESS, and save what arrives with "
            "all its headers",
        )
        return
    signatures = [_read_tags(value) for value in message.get_all("DKIM-Signature", [])]
    if not signatures:
        yield wrong(
            _NAME,
            "this mail has no DKIM signature",
            f"turn DKIM on where the mail leaves; {_DOCS} has the lines",
        )
        return
    yield _check_coverage(signatures, _domain_of(str(message["From"])))
    results = " ".join(map(str, message.get_all("Authentication-Results", [])))
    if failed := _FAILED.search(results):
        yield wrong(
            _NAME,
            f"the receiver says {failed[0]}",
            "check the key in the DNS, and that nothing changes the mail after it was signed",
        )


def _check_coverage(signatures: list[Mapping[str, str]], sender: str) -> HealthFinding:
    covering = [
        each for each in signatures if set(_ONE_CLICK) <= set(each.get("h", "").lower().split(":"))
    ]
    domains = ", ".join(sorted({each.get("d", "?") for each in covering or signatures}))
    if not covering:
        return wrong(
            _NAME,
            f"the DKIM signature of {domains} leaves out List-Unsubscribe-Post, so mail programs "
            "may show no unsubscribe button (RFC 8058)",
            f"let it cover both List-Unsubscribe fields; {_DOCS} has the line for OpenDKIM, Exim, "
            "dkimpy and rspamd",
        )
    if not any(_is_aligned(each.get("d", ""), sender) for each in covering):
        return doubtful(
            _NAME,
            f"the DKIM signature is of {domains}, and the mail is from {sender}",
            f"sign as {sender}: DMARC asks for it",
        )
    return good(_NAME, f"the DKIM signature of {domains} covers the one-click unsubscribe")


def _read_tags(signature: str) -> Mapping[str, str]:
    """The tags of a DKIM-Signature without the blanks of its folding (RFC 6376, section 3.2)."""
    pairs = (part.partition("=") for part in re.sub(r"\s+", "", signature).split(";"))
    return {name: value for name, _, value in pairs}


def _domain_of(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2].lower()


def _is_aligned(signer: str, sender: str) -> bool:
    """Relaxed alignment, nearly (RFC 7489, section 3.1.1): one is a part of the other."""
    signer = signer.lower()
    return bool(signer) and (
        signer == sender or sender.endswith(f".{signer}") or signer.endswith(f".{sender}")
    )
