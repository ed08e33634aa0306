"""What SendGrid is sent, against its own description and its own library."""

from __future__ import annotations

import json
from dataclasses import replace
from email.header import decode_header, make_header
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sendgrid.helpers.mail import (
    ClickTracking,
    Content,
    CustomArg,
    Email,
    Ganalytics,
    Header,
    Mail,
    OpenTracking,
    Personalization,
    ReplyTo,
    Subject,
    SubscriptionTracking,
    To,
    TrackingSettings,
)

from lovecampaign.core.message import Address, Message
from lovecampaign.providers.base.addresses import UnusableAddress
from lovecampaign.providers.sendgrid.payload import FORBIDDEN_HEADERS, full_part, personal_part
from lovecampaign.testing.messages import make_message
from lovecampaign.testing.sendgrid_rules import find_breaches, schema_validator
from tests.support.paths import DATA

DESCRIPTION = DATA / "sendgrid" / "tsg_mail_v3.json"
validate = schema_validator(DESCRIPTION)

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def request_of(message: Message) -> Any:
    """A request for this person alone."""
    person = f"{{{personal_part(message, message.to)}}}"
    return json.loads(f'{{"personalizations":[{person}],{full_part(message)}}}')


def breaches_of(request: Any) -> list[tuple[str, str]]:
    return [*validate(request), *find_breaches(request)]


def test_a_campaign_message_is_a_request_that_sendgrid_takes() -> None:
    assert breaches_of(request_of(make_message())) == []


@settings(max_examples=60)
@given(name=names, text=names.map(lambda text: text + "."), header=names)
def test_no_name_subject_or_header_makes_a_request_that_sendgrid_refuses(
    name: str, text: str, header: str
) -> None:
    one_line = "".join(c for c in header if c.isprintable())
    message = replace(
        make_message(to=Address(email="ana@example.com", name=name)),
        text=text,
        subject=text,
        headers={"List-Id": f"{one_line} <love.bloom.example>", "To": "x", "CC": "y"},
    )
    request = request_of(message)
    assert breaches_of(request) == []


def test_the_request_equals_what_sendgrids_own_library_would_write() -> None:
    message = make_message()
    assert request_of(message) == by_their_library(message)


def by_their_library(message: Message) -> Any:
    mail = Mail()
    mail.from_email = Email(message.sender.email, message.sender.name)
    mail.reply_to = ReplyTo(message.reply_to.email, message.reply_to.name)
    person = Personalization()
    person.add_to(To(message.to.email, message.to.name))
    person.subject = Subject(message.subject).get()
    for name, value in message.headers.items():
        person.add_header(Header(name, value))
    person.add_custom_arg(CustomArg("lc_id", message.delivery_id))
    mail.add_personalization(person)
    mail.add_content(Content("text/plain", message.text))
    mail.add_content(Content("text/html", message.html))
    tracking = TrackingSettings()
    tracking.click_tracking = ClickTracking(enable=False, enable_text=False)
    tracking.open_tracking = OpenTracking(enable=False)
    tracking.subscription_tracking = SubscriptionTracking(enable=False)
    tracking.ganalytics = Ganalytics(enable=False)
    mail.tracking_settings = tracking
    return mail.get()


def test_commas_and_semicolons_leave_the_name() -> None:
    message = make_message(to=Address(email="ana@example.com", name="Smith; Ana,Maria"))
    assert request_of(message)["personalizations"][0]["to"][0]["name"] == "Smith Ana Maria"


def test_a_person_without_a_name_has_no_name_at_all() -> None:
    request = request_of(make_message(to=Address(email="ana@example.com", name=" ,; ")))
    assert request["personalizations"][0]["to"] == [{"email": "ana@example.com"}]


@pytest.mark.parametrize("name", sorted(FORBIDDEN_HEADERS))
def test_headers_that_sendgrid_writes_itself_are_left_out(name: str) -> None:
    message = replace(make_message(), headers={name.title(): "x", "X-Kept": "y"})
    assert request_of(message)["personalizations"][0]["headers"] == {"X-Kept": "y"}


def test_a_header_beyond_ascii_is_encoded_word_by_word_and_links_are_not() -> None:
    headers = {
        "List-Id": "Café Blüte news <love.bloom.example>",
        "X-Url": "<https://x.example/?a=%C3>",
    }
    sent = request_of(replace(make_message(), headers=headers))["personalizations"][0]["headers"]
    assert sent["List-Id"].isascii()
    assert sent["List-Id"].endswith("?= news <love.bloom.example>")
    assert str(make_header(decode_header(sent["List-Id"]))) == headers["List-Id"]
    assert sent["X-Url"] == headers["X-Url"]


def test_the_id_in_custom_args_is_opaque_and_no_address_stands_there() -> None:
    person = request_of(make_message(7))["personalizations"][0]
    assert person["custom_args"] == {"lc_id": "delivery-000007"}


def test_domains_travel_in_ascii_and_other_local_parts_not_at_all() -> None:
    request = request_of(make_message(to=Address(email="ana@bücher.example")))
    assert request["personalizations"][0]["to"][0]["email"] == "ana@xn--bcher-kva.example"
    with pytest.raises(UnusableAddress):
        request_of(make_message(to=Address(email="añá@bücher.example")))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda r: r.update(content=list(reversed(r["content"]))),
        lambda r: r.update(content=[]),
        lambda r: r.update(colour="red"),
        lambda r: r.update(reply_to_list=[{"email": "a@example.com"}]),
        lambda r: r["personalizations"][0].update(to=[]),
        lambda r: r["personalizations"][0].pop("subject"),
        lambda r: r["personalizations"][0].update(subject="", custom_args={"a": 1}),
        lambda r: r["personalizations"][0]["headers"].update({"Reply-To": "a@example.com"}),
        lambda r: r["personalizations"].append(r["personalizations"][0]),
        lambda r: r["personalizations"][0]["to"][0].update(name="a, b"),
        lambda r: r["from"].update(email=7),
        lambda r: r.update(tracking_settings={"click_tracking": {"enable": "no"}}),
    ],
)
def test_the_validator_of_tests_sees_what_is_wrong(spoil: Any) -> None:
    request = request_of(make_message())
    spoil(request)
    assert breaches_of(request)
