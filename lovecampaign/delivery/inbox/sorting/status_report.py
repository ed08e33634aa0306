"""Reads delivery status notifications (RFC 3464, RFC 6533) and Amazon's notifications.

Many servers write the fields into a plain text instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from lovecampaign.delivery.inbox.sorting.addresses import typed_address
from lovecampaign.delivery.inbox.sorting.kinds import Report
from lovecampaign.delivery.inbox.sorting.parse import (
    STATUS_TYPES,
    IncomingMail,
    header_text,
    part_text,
)

#: RFC 3463, section 3: subjects are 0 to 7. ``Mailman 2.0.12`` and success are none of a failure.
_STATUS = re.compile(r"(?<![\d.])([45]\.[0-7]\.\d{1,3})(?![\d.])")
_STATUS_FIELD = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])\s*(?:\((.*)\))?")
#: ``smtp;`` (RFC 3464, section 2.3.6).
_TYPE = re.compile(r"^\s*[\w-]{1,40}\s*;\s*")
_FIELD = re.compile(r"^([A-Za-z][\w-]{1,60}):[ \t]*(.*)$")
#: In place of a command: a rule of the domain's owner rejected it, in words of their choice.
RULE = "rule"
#: Amazon SES takes mail for its customers' domains and answers by receipt rules.
_RULES = re.compile(r"inbound-smtp\.[\w-]+\.amazonaws\.com")
_MAX_BLOCKS = 100
_MAX_REPORT = 50_000
_RECIPIENT_FIELDS = ("original-recipient", "final-recipient", "x-actual-recipient")
#: The rejected command, in the words of Sendmail, Postfix, Exim, qmail, hMailServer, DragonFly.
_COMMAND = re.compile(
    r"(?im)(?:>>> |in\s+reply\s+to\s+(?:end\s+of\s+)?|(?:after|following)\s+(?:end\s+of\s+)?"
    r"|our (?:final )?|command: |said \d\d\d for |SMTP:|server sent: |-->\s+)"
    r"(?P<command>RCPT|DATA)\b|(?P<recipient>does not like recipient)|"
    r"(?P<data>failed after I sent the message|^>>> \.\s*$)"
)


def read_reports(mail: IncomingMail) -> Sequence[Report]:
    """One for each recipient of a notification; none for mail that is no notification."""
    parts = [part for part in mail.parts if part.get_content_type() in STATUS_TYPES]
    blocks = [block for part in parts for block in _split_blocks(part_text(part)[:_MAX_REPORT])]
    if not blocks:
        body = mail.body_text()
        if body.lstrip().startswith('{"') and "notificationType" in body:
            return list(_amazon_reports(body))
        if "final-recipient:" in body.lower() or "original-recipient:" in body.lower():
            blocks = list(_split_blocks(body[:_MAX_REPORT]))
    by_rule = any(_RULES.search(block.get("reporting-mta", "")) for block in blocks)
    command = RULE if by_rule else find_command(mail.report_words()) if blocks else ""
    reports = [
        _report(block, command)
        for block in blocks[:_MAX_BLOCKS]
        if any(name in block for name in (*_RECIPIENT_FIELDS, "action"))
    ]
    if reports or not parts:
        return reports
    return [Report(action="failed")]  # a notification that names no recipient


def find_status(text: str) -> str:
    """The first enhanced status code of a failure in a text; '' where there is none."""
    found = _STATUS.search(text)
    return found[1] if found else ""


def find_command(text: str) -> str:
    """The command that was rejected last; '' where the words name none."""
    found = list(_COMMAND.finditer(text))
    if not found:
        return ""
    return "RCPT" if found[-1]["recipient"] else (found[-1]["command"] or "DATA").upper()


def _split_blocks(text: str) -> Iterator[Mapping[str, str]]:
    """Fields of header blocks that blank lines separate; other lines are skipped."""
    fields: dict[str, str] = {}
    last = ""
    for line in text.splitlines():
        if not line.strip():
            if fields:
                yield fields
            fields, last = {}, ""
        elif line[0] in " \t" and last:
            fields[last] = f"{fields[last]} {line.strip()}"[:4_000]
        elif field := _FIELD.match(line):
            last = field[1].lower()
            fields.setdefault(last, header_text(field[2].strip()))
        else:
            last = ""
    if fields:
        yield fields


def _report(block: Mapping[str, str], command: str) -> Report:
    addresses = (typed_address(block.get(name, "")) for name in _RECIPIENT_FIELDS)
    status = _STATUS_FIELD.search(block.get("status", ""))
    diagnostic = block.get("diagnostic-code") or block.get("x-supplementary-info", "")
    diagnostic = diagnostic or (status[2] if status else None) or ""
    return Report(
        email=next((one for one in addresses if one), ""),
        action=block.get("action", "failed").split(" ")[0].strip("();,").lower(),
        status=status[1] if status else "",
        diagnostic=_TYPE.sub("", diagnostic),
        command=command if command == RULE else find_command(diagnostic) or command,
    )


def _amazon_reports(body: str) -> Iterator[Report]:
    """Amazon SES by SNS: its JSON notification as the body of a mail."""
    try:
        found = json.JSONDecoder().raw_decode(body.lstrip())[0]
    except (ValueError, RecursionError):
        return
    kind = str(found.get("notificationType", "")).lower()
    details = found.get(kind)
    if not isinstance(details, dict):
        return
    action = {"bounce": "failed", "complaint": "complained"}.get(kind, "delivered")
    if details.get("bounceType") == "Transient":
        action = "failed"
    people = details.get(f"{'bounced' if kind == 'bounce' else 'complained'}Recipients")
    recipients = people or details.get("recipients") or ()
    for one in recipients if isinstance(recipients, list) else ():
        fields = one if isinstance(one, dict) else {"emailAddress": one}
        diagnostic = str(fields.get("diagnosticCode") or "")
        yield Report(
            email=typed_address(str(fields.get("emailAddress", ""))),
            action=action,
            status=find_status(str(fields.get("status") or diagnostic)),
            diagnostic=diagnostic,
        )
