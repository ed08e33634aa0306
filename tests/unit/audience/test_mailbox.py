"""Facts about the mailbox behind an address."""

from __future__ import annotations

import pytest

from lovecampaign.audience.mailbox import mailbox_key


@pytest.mark.parametrize(
    ("key", "mailbox"),
    [
        ("ana@shop.example", "ana@shop.example"),
        ("ana+news@shop.example", "ana@shop.example"),
        ("ana.cruz@shop.example", "ana.cruz@shop.example"),
        ("a.n.a+x+y@gmail.com", "ana@gmail.com"),
        ("ana@googlemail.com", "ana@gmail.com"),
        ("+ana@shop.example", "+ana@shop.example"),
    ],
)
def test_tags_and_dots_are_one_mailbox(key: str, mailbox: str) -> None:
    assert mailbox_key(key) == mailbox
