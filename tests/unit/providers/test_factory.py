"""LOVECAMPAIGN_PROVIDER names one way out, and a mistake in it never shows the password."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lovecampaign.core.errors import UsageError
from lovecampaign.core.settings import Settings
from lovecampaign.providers.factory import open_provider
from lovecampaign.providers.smtp.provider import SmtpProvider

WORKSPACE = Path("/nowhere")


def settings(url: str, **more: Any) -> Settings:
    return Settings(workspace=WORKSPACE, provider_url=url, **more)


@pytest.mark.parametrize(
    ("url", "name", "leaves_machine", "takes_now", "is_throttled"),
    [
        ("maildir:outbox", "maildir:outbox", False, True, False),
        ("memory:", "memory:", False, True, False),
        ("memory:?keep=no", "memory:", False, True, False),
        ("smtp://mail.example:587", "smtp://mail.example:587", True, False, True),
        ("smtp://ana:pw@mail.example", "smtp://mail.example:587", True, False, True),
        ("smtps://ana:pw@mail.example", "smtps://mail.example:465", True, False, True),
        ("smtps://ana@mail.example:2465/", "smtps://mail.example:2465", True, False, True),
        ("SMTP://127.0.0.1:2525", "smtp://127.0.0.1:2525", False, True, True),
        ("smtp://127.9.9.9:2525", "smtp://127.9.9.9:2525", False, True, True),
        ("smtp://localhost:2525", "smtp://localhost:2525", False, True, True),
        ("smtp://[::1]:2525", "smtp://[::1]:2525", False, True, True),
        ("smtp://localhost.example:25", "smtp://localhost.example:25", True, False, True),
        ("smtp://128.0.0.1:25", "smtp://128.0.0.1:25", True, False, True),
    ],
)
def test_each_scheme(
    url: str, name: str, *, leaves_machine: bool, takes_now: bool, is_throttled: bool
) -> None:
    provider = open_provider(settings(url))
    assert provider.name == name
    assert provider.leaves_machine is leaves_machine
    assert provider.takes_now is takes_now
    assert provider.is_throttled is is_throttled


@pytest.mark.parametrize(
    ("base", "name", "leaves_machine"),
    [
        ("https://api.sendgrid.com", "sendgrid:", True),
        ("https://api.eu.sendgrid.com", "sendgrid: at api.eu.sendgrid.com:443", True),
        ("http://127.0.0.1:8080", "sendgrid: at 127.0.0.1:8080", False),
        ("http://localhost:8080/prefix", "sendgrid: at localhost:8080", False),
    ],
)
def test_sendgrid_by_its_base_url(base: str, name: str, *, leaves_machine: bool) -> None:
    provider = open_provider(settings("sendgrid:", sendgrid_api_key="SG.x", sendgrid_base_url=base))
    assert (provider.name, provider.leaves_machine) == (name, leaves_machine)
    assert provider.takes_now is not leaves_machine


@pytest.mark.parametrize(
    ("more", "match"),
    [
        ({}, "SENDGRID_API_KEY is not set"),
        ({"sendgrid_api_key": "x", "sendgrid_base_url": "http://api.sendgrid.com"}, "https"),
        ({"sendgrid_api_key": "x", "sendgrid_base_url": "api.sendgrid.com"}, "SENDGRID_BASE_URL"),
        ({"sendgrid_api_key": "x", "sendgrid_base_url": "https://:x"}, "SENDGRID_BASE_URL"),
    ],
)
def test_sendgrid_needs_a_key_and_a_safe_way_to_it(more: dict[str, str], match: str) -> None:
    with pytest.raises(UsageError, match=match) as raised:
        open_provider(settings("sendgrid:", **more))
    assert raised.value.hint


def test_connections_decide_how_much_is_claimed() -> None:
    assert open_provider(settings("smtp://127.0.0.1:25")).claim_size == 200
    assert open_provider(settings("smtp://127.0.0.1:25?connections=1")).claim_size == 50


def test_people_in_a_request_decide_how_much_is_claimed() -> None:
    assert open_provider(settings("sendgrid:", sendgrid_api_key="SG.x")).claim_size == 1000
    few = open_provider(settings("sendgrid:?people=10", sendgrid_api_key="SG.x"))
    assert few.claim_size == 200
    with pytest.raises(UsageError, match="people"):
        open_provider(settings("sendgrid:?people=1001", sendgrid_api_key="SG.x"))


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "one of maildir:"),
        ("outbox", "one of maildir:"),
        ("maildir", "one of maildir:"),
        ("maildir:", "no folder"),
        ("pigeon://coop", "one of maildir:"),
        ("smtp://", "cannot be read"),
        ("smtp://ana:hunter2@", "cannot be read"),
        ("smtp://ana:hunter2@mail.example:port", "cannot be read"),
        ("smtp://ana:hunter2@mail.example:99999", "cannot be read"),
        ("smtp://ana:hunter2/x@mail.example:587", "cannot be read"),
        ("smtp://ana:hunter2#x@mail.example:587", "cannot be read"),
        ("smtp://ana:x/hunter2@mail.example:587", "cannot be read"),
        ("smtp://ana:1/hunter2@mail.example:587", "cannot be read"),
        ("smtp://ana:[hunter2@mail.example:587", "cannot be read"),
        ("smtp://ana:?hunter2@mail.example:587", "unknown option"),
        ("smtp://mail.example/inbox", "cannot be read"),
        ("smtp://mail.example?connections=0", "connections"),
        ("smtp://mail.example?connections=many", "connections"),
        ("smtp://mail.example?connections=²", "connections"),
        ("smtp://mail.example?timeout=", "timeout"),
        ("smtp://mail.example?connection=2", "unknown option"),
        (
            "smtp://mail.example?ahead=",
            "ahead in LOVECAMPAIGN_PROVIDER is not one",
        ),
        ("smtps://mail.example?ahead=1", "not one of auto, yes, no"),
        ("smtp://mail.example?ahead=AUTO", "not one of auto, yes, no"),
    ],
)
def test_a_mistake_is_said_in_words_and_without_the_password(url: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as raised:
        open_provider(settings(url))
    assert raised.value.hint
    shown = "".join(traceback.format_exception(raised.value))
    assert "hunter2" not in f"{raised.value.hint} {shown}"


@pytest.mark.parametrize("value", ["auto", "yes", "no"])
def test_what_is_sent_ahead_can_be_chosen(value: str) -> None:
    provider = open_provider(settings(f"smtps://mail.example?connections=2&ahead={value}"))
    assert provider.claim_size == 100


def test_a_mistyped_option_is_recognised() -> None:
    with pytest.raises(UsageError) as raised:
        open_provider(settings("smtp://mail.example?conections=2"))
    assert raised.value.hint == "did you mean connections?"


@given(st.text(max_size=40))
def test_no_text_does_worse_than_a_usage_error(rest: str) -> None:
    for scheme in ("smtp://", "smtps:", "maildir:", "", "sendgrid:"):
        try:
            open_provider(settings(scheme + rest))
        except UsageError:
            continue


def test_processes_share_the_connections_to_a_server() -> None:
    found = settings("smtp://mail.example?connections=10")
    alone, shared = open_provider(found), open_provider(found, processes=4)
    assert isinstance(alone, SmtpProvider)
    assert isinstance(shared, SmtpProvider)
    assert (alone.connections, shared.connections) == (10, 2)
    assert alone.claim_size == shared.claim_size


def test_each_process_needs_a_connection() -> None:
    with pytest.raises(UsageError, match="5 processes share 4 connections"):
        open_provider(settings("smtp://mail.example"), processes=5)
