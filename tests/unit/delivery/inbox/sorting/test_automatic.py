"""Letters and programs' mail share words: neither is taken for the other."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lovecampaign.delivery.inbox.sorting.kinds import MailKind
from lovecampaign.delivery.inbox.sorting.sort import sort_mail
from tests.unit.delivery.inbox.mails import TOKEN, letter

_MAILS = tomllib.loads(Path(__file__).with_name("data").joinpath("mails.toml").read_text("utf-8"))


def _mail(entry: Mapping[str, Any]) -> bytes:
    headers = {"Subject": entry["subject"], **entry.get("headers", {})}
    if "from" in entry:
        headers["From"] = entry["from"]
    if entry.get("is_reply"):
        headers["In-Reply-To"] = f"<{TOKEN}@bloom.example>"
    return letter(entry["text"], **headers)


@pytest.mark.parametrize("kind", [MailKind.LETTER, MailKind.AUTOMATIC])
def test_no_letter_is_taken_for_a_programs_mail_and_none_of_that_for_a_letter(
    kind: MailKind,
) -> None:
    mails = _MAILS[kind.value]

    assert len(mails) > 80
    assert [one for one in mails if sort_mail(_mail(one)).kind is not kind] == []
