"""Bounces in the words of 60 servers and providers: the kind, and the recipient."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from lovecampaign.delivery.inbox.sorting.sort import sort_mail
from tests.unit.delivery.inbox.mails import dsn, letter

_FILE = Path(__file__).with_name("data").joinpath("bounces.toml")
_BOUNCES = tomllib.loads(_FILE.read_text("utf-8"))["bounce"]
_ANA = "ana@reader.example"


@pytest.mark.parametrize("bounce", _BOUNCES, ids=lambda one: one["server"])
def test_a_bounce_is_as_hard_as_its_server_says(bounce: dict[str, str]) -> None:
    email = bounce.get("email", _ANA)
    if "subject" in bounce:
        headers = {"From": bounce["from"], "Subject": bounce["subject"]}
        if "has_recipient_header" in bounce:
            headers["X-Failed-Recipients"] = email
        raw = letter(bounce["text"], **headers)
    else:
        raw = _notification(bounce, email)
    mail = sort_mail(raw)

    assert (mail.kind.value, mail.email) == (bounce["kind"], email)


def _notification(bounce: dict[str, str], email: str) -> bytes:
    fields = {name: bounce[name] for name in ("status", "action") if name in bounce}
    text, report = dsn(email=email, reply="REPLY", **fields).decode().split("Reporting-MTA", 1)
    start = text.index("This is the mail system")
    words = bounce.get("text", "Not delivered.")
    report = report.replace("smtp; REPLY", bounce["diagnostic"]).replace("Diagnostic-Code: \n", "")
    ending = "\n\n--x\nContent-Type: message/delivery-status\n\nReporting-MTA"
    return f"{text[:start]}{words}{ending}{report}".encode()
