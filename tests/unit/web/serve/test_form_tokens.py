"""Form tokens (CSRF): purpose, age and keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lovecampaign.web.serve.http.form_tokens import MAX_AGE, FormTokens

NOW = datetime(2027, 2, 1, 9, tzinfo=UTC)
LATER = NOW + timedelta(seconds=7)


def test_a_seal_tells_how_long_the_visitor_had_the_form() -> None:
    tokens = FormTokens(["key"])

    assert tokens.age("join readers", tokens.sign("join readers", NOW), LATER) == LATER - NOW


def test_a_form_of_one_purpose_is_none_for_another() -> None:
    tokens = FormTokens(["key"])

    assert tokens.age("leave", tokens.sign("join", NOW), LATER) is None


def test_the_first_key_seals_and_all_of_them_open() -> None:
    old, new = FormTokens(["old"]), FormTokens(["new", "old"])

    assert new.age("join", old.sign("join", NOW), LATER) is not None
    assert old.age("join", new.sign("join", NOW), LATER) is None


@pytest.mark.parametrize("later", [-timedelta(seconds=1), MAX_AGE + timedelta(seconds=1)])
def test_a_form_of_the_future_or_of_another_day_does_not_count(later: timedelta) -> None:
    tokens = FormTokens(["key"])

    assert tokens.age("join", tokens.sign("join", NOW), NOW + later) is None


@given(text=st.text())
def test_any_text_can_be_asked_about(text: str) -> None:
    assert FormTokens(["key"]).age("join", text, NOW) is None
