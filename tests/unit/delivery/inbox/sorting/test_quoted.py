from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from lovecampaign.delivery.inbox.sorting.quoted import own_words

_LETTERS = tomllib.loads((Path(__file__).parent / "data" / "letters.toml").read_text("utf-8"))


@pytest.mark.parametrize("letter", _LETTERS["letter"], ids=lambda one: one["name"])
def test_a_letter_keeps_its_own_words_and_no_quoted_ones(letter: dict[str, str]) -> None:
    assert own_words(letter["text"]) == letter["own"]
