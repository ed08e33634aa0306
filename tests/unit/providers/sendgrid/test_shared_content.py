"""What the people of a variant share is encoded once, and cut where they differ."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lovecampaign.core.message import Message
from lovecampaign.providers.sendgrid.batching import MAX_REQUEST_BYTES, Batcher
from lovecampaign.providers.sendgrid.payload import as_json, full_part
from lovecampaign.providers.sendgrid.shared_content import (
    MAX_HOLES,
    ContentTemplate,
    ContentTemplates,
)
from lovecampaign.testing.messages import make_message


class Letter:
    """Stretches of text with a hole between any two; the HTML has them the other way round."""

    def __init__(self, *stretches: str) -> None:
        self.stretches = stretches

    def shared_text(self, key: Callable[[int], str]) -> str:
        return "".join(self._joined(list(range(len(self.stretches) - 1)), key))

    def shared_html(self, key: Callable[[int], str]) -> str:
        return "".join(self._joined(list(range(len(self.stretches) - 1))[::-1], key))

    def _joined(self, holes: Sequence[int], key: Callable[[int], str]) -> Iterator[str]:
        for number, stretch in enumerate(self.stretches):
            yield stretch
            if number < len(holes):
                yield key(holes[number])


def json_of(part: bytes) -> Any:
    return json.loads(b"{" + part + b"}")


texts = st.one_of(st.text(max_size=12), st.sampled_from(["\ud83d", "\ude00", '"', "\\", "Q", "7."]))


@settings(max_examples=100)
@given(st.lists(texts, min_size=1, max_size=5), st.data())
def test_filled_it_is_what_one_person_alone_would_get(
    stretches: list[str], data: st.DataObject
) -> None:
    letter = Letter(*stretches)
    values = [data.draw(texts) for _ in stretches[1:]]
    message = replace(
        make_message(),
        text=letter.shared_text(values.__getitem__),
        html=letter.shared_html(values.__getitem__),
    )
    filled = ContentTemplate(letter, make_message()).filled([as_json(value) for value in values])
    assert json_of(filled) == json_of(full_part(message).encode("ascii"))


def test_keys_stand_in_the_holes_and_nowhere_else() -> None:
    content = ContentTemplate(Letter("Hi ", ", ", "."), make_message())
    keys = content.new_keys()
    first, second = keys.first(2)
    text, html = [part["value"] for part in json_of(content.with_keys(keys))["content"]]
    assert (text, html) == (f"Hi {first}, {second}.", f"Hi {second}, {first}.")
    assert len(first) == len(second)
    assert json.loads(keys.object_of(['"a"', '"b"'])) == {first: "a", second: "b"}


def test_what_the_content_holds_already_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    letters = iter("a" * 15 + "b" * 15 + "a" * 15 + "c" * 15)
    monkeypatch.setattr(secrets, "choice", lambda _letters: next(letters))
    content = ContentTemplate(Letter(f"Q{'a' * 15}", ""), make_message())
    assert content.new_keys().prefix == f"Q{'c' * 15}"


def test_a_content_is_kept_for_as_long_as_its_variant() -> None:
    contents, letter = ContentTemplates(), Letter("Hi ", ".")
    content = contents.of(letter, make_message())
    assert contents.of(letter, make_message()) is content
    assert contents.of(Letter("Hi ", "."), make_message()) is not content


class LetterMessage(Message):
    letter: Letter

    @property
    def variant(self) -> Letter:
        return self.letter

    @property
    def substitutions(self) -> list[str]:
        return [""] * (len(self.letter.stretches) - 1)


def message_of(of_letter: Letter, number: int = 1) -> Message:
    class ThisMessage(LetterMessage):
        letter = of_letter

    some = make_message(number)
    return ThisMessage(**{one.name: getattr(some, one.name) for one in fields(Message)})


def test_more_holes_than_keys_of_one_length_are_filled_by_us() -> None:
    [batch] = Batcher().group([message_of(Letter(*["-"] * (MAX_HOLES + 2)))])
    request = json.loads(b"".join(batch.body))
    assert "substitutions" not in request["personalizations"][0]
    assert request["content"][0]["value"] == "-" * (MAX_HOLES + 2)


def test_a_request_that_is_as_long_as_it_may_be_takes_one_person() -> None:
    letter = Letter("-" * (MAX_REQUEST_BYTES // 2), ".")
    batches = list(Batcher().group([message_of(letter, number) for number in range(2)]))
    assert [len(batch.recipients) for batch in batches] == [1, 1]
