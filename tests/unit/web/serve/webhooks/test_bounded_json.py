"""JSON of programs: bounded in depth and in the size of numbers."""

from __future__ import annotations

import pytest

from lovecampaign.web.serve.webhooks.bounded_json import MAX_DEPTH, MalformedJson, read_json


def nested(levels: int, opening: str = "[", closing: str = "]") -> bytes:
    return (opening * levels + closing * levels).encode()


@pytest.mark.parametrize("levels", [MAX_DEPTH + 2, 500, 980, 995, 1_000, 5_000, 500_000])
def test_what_is_too_deep_is_malformed_at_every_depth(levels: int) -> None:
    objects = b'{"a":' * levels + b"1" + b"}" * levels
    for body in (nested(levels), objects, b'[{"reason": ' + nested(levels) + b"}]"):
        with pytest.raises(MalformedJson, match="levels deep"):
            read_json(body)


@pytest.mark.parametrize("body", [b"", b"[", b"\xff", b"{'a': 1}", b"[1,]"])
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedJson, match="not JSON"):
        read_json(body)


def test_flat_values_are_read_and_huge_numbers_stay_text() -> None:
    assert read_json(b'[{"a": [1, null]}]') == [{"a": [1, None]}]
    assert read_json(nested(MAX_DEPTH)) is not None
    assert read_json(b"1" * 5_000) == "1" * 5_000
