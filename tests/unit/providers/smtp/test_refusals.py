"""Replies of real servers are classified by whose fault they are."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from lovecampaign.core.message import FaultKind
from lovecampaign.providers.smtp.reply_codes import Phase, classify_reply
from lovecampaign.providers.smtp.smtp_socket import Reply
from tools.write_replies_page import PAGE, read_replies, write_page

REPLIES = read_replies()


@pytest.mark.parametrize("reply", REPLIES, ids=[reply["says"][:70] for reply in REPLIES])
def test_a_real_reply_gets_the_fault_of_the_table(reply: Mapping[str, str]) -> None:
    code, _, text = reply["says"].partition(" ")
    verdict = classify_reply(Phase[reply["to"]], Reply(code=int(code), lines=(text,)))
    assert verdict.fault is FaultKind(reply["fault"])


def test_each_reply_of_the_table_has_a_source_and_stands_there_once() -> None:
    assert all(reply["source"] for reply in REPLIES)
    assert len({(reply["says"], reply["to"]) for reply in REPLIES}) == len(REPLIES) >= 120


def test_the_page_in_the_docs_is_made_of_the_table() -> None:
    assert write_page() == PAGE.read_text("utf-8")


def test_a_name_in_an_address_or_a_link_says_nothing_about_the_cause() -> None:
    text = "<spam.policy@blocked.example>: User unknown, see https://help.example/policy/spam"
    verdict = classify_reply(Phase.RCPT, Reply(code=550, lines=(text,)))
    assert verdict.fault is FaultKind.RECIPIENT
