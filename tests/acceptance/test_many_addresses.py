"""suppress and unsubscribe with many addresses, typed or on standard input."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.acceptance.program import CLEAN_ENVIRONMENT, Shop

THREE = ("ana@readers.example", "Ben@readers.example", "stranger@other.example")


def pipe(shop: Shop, text: bytes, *words: str) -> tuple[int, dict[str, Any]]:
    finished = subprocess.run(
        [sys.executable, "-m", "lovecampaign", "subscribers", *words, "--json"],
        cwd=shop.folder,
        env=CLEAN_ENVIRONMENT,
        input=text,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return finished.returncode, json.loads(finished.stdout)


def reasons(shop: Shop, address: str) -> list[tuple[str, str | None]]:
    shown = shop.data("subscribers", "show", address)["suppressions"]
    return [(one["reason"], one["list"]) for one in shown]


@pytest.mark.parametrize(
    ("verb", "reason"), [("suppress", "manual"), ("unsubscribe", "unsubscribed")]
)
def test_many_typed_addresses_get_nothing_more(shop: Shop, verb: str, reason: str) -> None:
    first = shop.data("subscribers", verb, *THREE)
    again = shop.data("subscribers", verb, *THREE, "new@other.example")

    assert first == {"read": 3, "changed": 3, "unchanged": 0, "rejected": 0}
    assert again == {"read": 4, "changed": 1, "unchanged": 3, "rejected": 0}
    assert [reasons(shop, address) for address in THREE] == [[(reason, None)]] * 3


def test_lines_of_standard_input_are_taken_whatever_writes_them(shop: Shop) -> None:
    lines = b'\xef\xbb\xbfana@readers.example\r\n\r\n "ben@readers.example",\r\n'
    lines += b"nobody\n\xff\xfe@x\nana@readers.example\n"
    code, envelope = pipe(shop, lines, "unsubscribe", "-", "--list", "readers")

    assert code == 1
    assert envelope["data"] == {"read": 4, "changed": 2, "unchanged": 0, "rejected": 2}
    problems = [(one["file"], one["line"]) for one in envelope["errors"]]
    assert problems == [("standard input", 4), ("standard input", 5)]
    assert reasons(shop, "ben@readers.example") == [("unsubscribed", "readers")]


def test_nothing_to_read_is_wrong_usage(shop: Shop) -> None:
    code, envelope = pipe(shop, b"\n", "suppress", "-")

    assert code == 2
    assert "no address on standard input" in envelope["errors"][0]["message"]
    assert shop.type("subscribers", "suppress").code == 2


def test_one_address_is_reported_as_before(shop: Shop) -> None:
    assert shop.data("subscribers", "unsubscribe", "ana@readers.example") == {
        "email": "ana@readers.example",
        "changed": True,
    }
    assert shop.type("subscribers", "suppress", "nobody").code == 2
