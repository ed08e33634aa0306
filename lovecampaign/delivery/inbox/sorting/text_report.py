"""Reads bounces that are plain text: qmail, Exim, Gmail of old, Notes and many more.

What follows the words of the report is the returned mail; it is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lovecampaign.delivery.inbox.sorting.addresses import (
    ADDRESS,
    header_address,
    header_addresses,
    local_part,
)
from lovecampaign.delivery.inbox.sorting.kinds import Report
from lovecampaign.delivery.inbox.sorting.parse import IncomingMail
from lovecampaign.delivery.inbox.sorting.status_report import find_command, find_status
from lovecampaign.providers.smtp.refusal_causes import find_cause

#: A name of a person may come before a dot: ``peter.postmaster``.
_DAEMONS = re.compile(
    r"(?:^|[-_+])(?:mailer-?daemon|mail-?daemon|mail-?deliver|mdaemon|post?o?_?master"
    r"|mail\.delivery|daemon$)|^bounces?[-+_.=]|^bounces$|-bounces?$|no-?reply|do-?not-?reply"
    r"|^mailadmin$|^smtp$|^mta$"
)
_DAEMON_NAMES = re.compile(
    r"(?i)mail(er)?[ .-]?(delivery|daemon|administrator)|delivery (sub)?system"
    r"|^\W*(?:the |system |e?-?mail )?postmaster"
    r"|undeliver|system administrator|mail system|mailmaster"
)
_FAILED = re.compile(
    r"(?i)undeliver|non-?deliver|not (be )?(be(en)? )?(deliver|sent\b)|fail(ed|ure) (to deliver"
    r"|notice)"
    r"|deliver\w* (status|fail|problem|error|report|has (been )?(failed|delayed)|incomplete"
    r"|attempt)"
    r"|(fail\w*|problems?|trouble|unable|error\w*|wasn't able|couldn't|could not|can't|cannot"
    r"|impossible)"
    r"( to be| to| be| while| attempting to| in)? ?(the )?deliver"
    r"|return(ed|ing) (mail|message|to sender)|mail (system )?error|failure (notice|reasons)"
    r"|(did not|didn't|has not|never) reach(ed)?|permanent(ly)? (fatal )?(error|fail)|fatal errors"
    r"|mailbox (is )?full|message (blocked|rejected|bounced)|(was|were) (\w+ )?rejected|bounce"
    r"|mail could not|delivery to the following|addresses? failed|rejected your message"
    r"|(has been|been|mail is) returned|failed (mail|recipient)|not been delivered|processing error"
    r"|unzustellbar|nicht zugestellt|unzustell|non (remis|distribu)|n'a pas (pu|ete|été) "
    r"|echec de (la )?remise|échec de (la )?remise|no (se )?(ha podido|pudo|ha sido) entreg"
    r"|non (e|è) stato (possibile )?(recapit|consegn)|mancat[oa] (recapito|consegna)"
    r"|não (foi|pode) (possível )?(ser )?entreg|niet (worden )?(afgeleverd|bezorgd)"
    r"|не (может быть )?доставлен|недоставлен|送信できません|配信(できません|不能|エラー)|退信"
)
_DELAYED = re.compile(
    r"(?i)warning message only|do not need to resend|will (keep|continue) (to )?try|will be retried"
    r"|\(delay\)|delivery (has been |is )?delayed|not yet been delivered|still being retried"
    r"|attempts will (be )?continue|message (is|has been) delayed|temporary failure report"
    r"|delivery (status notification )?delay|warning: (could not send|message)"
    r"|noch nicht zugestellt"
)
#: Where the returned mail begins.
_RETURNED = re.compile(
    r"(?im)^[ \t>]*(?:"
    r"-{2,}[ \t]*(?:this is a copy|below this line|enclosed is a copy|original message|returned"
    r"|the (?:header|body|original)|unsent message|begin message|forwarded message|copy of"
    r"|message (?:header|body)|undelivered|mail (?:follows|header)|here is a copy)[^\n]*"
    r"|-{3,}[ \t]*(?:returned message|original message|message header)[ \t-]*"
    r"|message headers? follows?:?.*|original message (?:follows|headers?).*"
    r"|-{2,}[ \t]*original mail info.*|message details:|below is a copy of.*"
    r"|the original message(?:'s header| header| follows).*"
    r"|your (?:original )?message (?:follows|reads).*"
    r"|received:[ \t]?\S.*|return-path:.*|dkim-signature:.*|message-id:[ \t]?<.*"
    r")$"
)
_MARKED = (
    re.compile(
        rf"(?im)^[ \t]*(?:final|original)-recipient:[ \t]*[\w-]+[ \t]*;[ \t]*({ADDRESS.pattern})"
    ),
    re.compile(rf"(?m)^[ \t*>\"]*[<\[]?({ADDRESS.pattern})[>\"\]]?[ \t]*:"),
    re.compile(rf"(?m)^[ \t*>•-]*<?({ADDRESS.pattern})>?[ \t]*(?:\(|<|$)"),
    re.compile(
        rf"(?i)(?:recipients?|address(?:es)?|(?:mail|deliver\w*|sent) to"
        rf"|to):?[ \t]*\s?<?({ADDRESS.pattern})"
    ),
    re.compile(rf"({ADDRESS.pattern})"),
)
#: Where the words on the next recipient begin.
_NEXT = re.compile(rf"(?m)^[ \t\"]*<?({ADDRESS.pattern})[>\"]?[ \t]*(?::|$)")
#: "… could not be delivered to the following user: ana@reader.example".
_IN_SENTENCE = re.compile(rf"[^.!?]{{0,80}}?{ADDRESS.pattern}")
_FOR = re.compile(rf"(?m)\bfor <({ADDRESS.pattern})>")
_REPLY = re.compile(r"(?<![\d.])[45]\d\d[ \-:]+(?:#?[45]\.\d{1,3}\.\d{1,3}|\S)|\(?#[45]\.\d\.\d")
#: Servers, of which no person writes.
_SERVERS = re.compile(r"^(mailer-?daemon|mdaemon|mail-?daemon)$")
_MAX_WORDS = 20_000
_MAX_HEAD = 1_000
_MAX_RECIPIENTS = 20


def is_from_daemon(mail: IncomingMail) -> bool:
    """Whether a mail server wrote it, by its addresses."""
    sender = mail.first("from")
    if "x-failed-recipients" in mail.headers or _DAEMON_NAMES.search(sender[:200]):
        return True
    if _DAEMONS.search(local_part(header_address(sender)) or sender.lower()[:100]):
        return True
    path = mail.first("return-path").strip()
    return path == "<>" or "mailer-daemon" in path.lower()


def read_text_reports(mail: IncomingMail) -> Sequence[Report]:
    """The reports of a plain text bounce, one for each recipient; none where it is none."""
    words = own_words(mail)
    if not (is_from_daemon(mail) or _is_undeclared(mail, words)):
        return ()
    head = f"{mail.subject}\n{words[:_MAX_WORDS]}"
    is_delayed = bool(_DELAYED.search(head))
    if not (is_delayed or _FAILED.search(head) or _is_servers(mail, head)):
        return ()
    action = "delayed" if is_delayed else "failed"
    first = find_recipient(mail, words)
    listed = dict.fromkeys(found[1] for found in _NEXT.finditer(words[:_MAX_WORDS]))
    others = [one for one in listed if one.lower() != first.lower()] if first in listed else []
    return [_report(words, one, action) for one in (first, *others[:_MAX_RECIPIENTS])]


def _is_undeclared(mail: IncomingMail, words: str) -> bool:
    """Whether a report names no server as its writer.

    Its subject and its first words speak of a failure, with the returned mail, or an address and
    a cause; a person who writes of that answers a mail, or names neither.
    """
    if mail.first("in-reply-to") or mail.first("references"):
        return False
    head = words[:_MAX_HEAD]
    if not all(_FAILED.search(one) or _DELAYED.search(one) for one in (mail.subject, head)):
        return False
    if any(True for _ in mail.returned_headers()) or _RETURNED.search(mail.report_words()):
        return True
    own = header_addresses(mail.all("to", "cc", "delivered-to", "from", "reply-to"))
    if all(one.lower() in own for one in ADDRESS.findall(head)):
        return False
    has_cause = _DELAYED.search(head) or _REPLY.search(head) or find_cause(head) is not None
    return bool(has_cause) or any(
        _IN_SENTENCE.match(head, found.end()) for found in _FAILED.finditer(head)
    )


def _is_servers(mail: IncomingMail, head: str) -> bool:
    """Whether a server reports a failure in words that are not known, but for their cause."""
    if "x-failed-recipients" in mail.headers:
        return True
    is_server = _SERVERS.match(local_part(header_address(mail.first("from"))))
    has_returned = any(True for _ in mail.returned_headers())
    return bool(is_server) and (has_returned or find_cause(head[:_MAX_HEAD]) is not None)


def _report(words: str, recipient: str, action: str) -> Report:
    diagnostic = describe(words, recipient)
    return Report(
        email=recipient,
        action=action,
        status=find_status(diagnostic),
        diagnostic=diagnostic,
        command=find_command(words),
    )


def own_words(mail: IncomingMail) -> str:
    """The report without the mail that it returns."""
    words = mail.report_words()
    found = _RETURNED.search(words)
    # A report that begins with the mail has its words behind it.
    return words[: found.start()] if found and words[: found.start()].strip() else words


def find_recipient(mail: IncomingMail, words: str) -> str:
    """The address that the words speak of; never the one that the report came to."""
    failed = header_address(mail.first("x-failed-recipients"))
    if failed:
        return failed
    own = header_addresses(mail.all("to", "delivered-to", "x-original-to", "from"))
    others: list[str] = []
    for text in (words, *_returned(mail)):
        for address in _candidates(text):
            if address.lower() not in own and not _DAEMONS.search(local_part(address)):
                return address
            others.append(address)
    return others[0] if others else ""  # a report on a mail to oneself


def _candidates(text: str) -> Iterator[str]:
    for pattern in _MARKED:
        yield from (found[1] for found in pattern.finditer(text[:_MAX_WORDS]))


def _returned(mail: IncomingMail) -> Iterator[str]:
    """The returned mail's own recipients."""
    for headers in mail.returned_headers():
        yield "\n".join(headers.get("to", ()))
        yield "\n".join(_FOR.findall("\n".join(headers.get("received", ()))))
    words = mail.report_words()
    found = re.search(rf"(?im)^to:[^\n]*?({ADDRESS.pattern})", words[:_MAX_WORDS])
    if found:
        yield found[1]


def describe(words: str, recipient: str) -> str:
    """The server's own words: from its reply code on, else around the recipient."""
    start = max(words.lower().find(recipient.lower()) if recipient else -1, 0)
    found = _REPLY.search(words, start) or _REPLY.search(words)
    if found:
        return _one_line(_up_to_next(words[found.start() :], recipient))
    after = _one_line(_up_to_next(words[start:], recipient))
    # Some name the recipient below the reason.
    return after if find_cause(after) is not None else _one_line(words[:1_000], parts=9)


def _up_to_next(words: str, recipient: str) -> str:
    """The words up to those on another recipient."""
    for found in _NEXT.finditer(words):
        if found[1].lower() != recipient.lower():
            return words[: found.start()] or words
    return words


def _one_line(words: str, parts: int = 3) -> str:
    """A paragraph, or several where the first is short."""
    paragraphs = re.split(r"\n[ \t]*\n", words.strip(), maxsplit=parts)
    is_long = len(paragraphs[0]) > 60 and parts == 3
    text = paragraphs[0] if is_long else "\n".join(paragraphs[:parts])
    return " ".join(text[:1_000].split())
