"""What can be looked at of one message."""

from __future__ import annotations

from dataclasses import replace

from lovecampaign.checks.rules.message.message import GMAIL_CLIPS_AT_BYTES
from lovecampaign.core.message import Address, Message
from lovecampaign.web.preview.letter.inspect import (
    InspectedMessage,
    inspect_message,
    read_content,
    truncate,
)

HTML = (
    "<html><head><title>No</title><style>p{}</style></head><body>"
    '<div style="display:none">Two\u200c minutes.&#847;&nbsp;</div>'
    '<p>Hello <b>you</b>.</p><img src="https://far.example/a.png"><img src="https://m.example/i/b.png">'
    '<a href="https://shop.example/u/test">Leave</a> <a href="https://bloom.example/?a=1&amp;b=2">'
    '<img alt="Open it" src="data:,x"></a><a>no address</a></body></html>'
)
MESSAGE = Message(
    delivery_id="d",
    sender=Address(email="ana@bloom.example", name="Ana"),
    reply_to=Address(email="hello@bloom.example"),
    to=Address(email="sam@reader.example"),
    subject="Day 2: the soil test that you can drink in one go",
    text="Hello",
    html=HTML,
    headers={},
    raw=b"From: Ana <ana@bloom.example>\r\nSubject: =?utf-8?b?w6k=?=\r\n\r\nHello\r\n",
)


def look(message: Message = MESSAGE) -> InspectedMessage:
    return inspect_message(
        message, public_url="https://shop.example", media_url="https://m.example/i"
    )


def test_words_are_read_in_order_without_fillers_and_styles() -> None:
    assert read_content(HTML).words == "Two minutes. Hello you. Leave no address"


def test_broken_html_is_read_as_far_as_it_goes() -> None:
    assert read_content("<p>Hi <a href='x'>there<style>p{").words == "Hi there"


def test_links_say_their_words_and_whether_each_reader_has_their_own() -> None:
    links = look().links

    assert [(one.words, one.address, one.is_personal) for one in links] == [
        ("Leave", "https://shop.example/u/test", True),
        ("Open it", "https://bloom.example/?a=1&b=2", False),
    ]


def test_pictures_of_other_hosts_are_counted_and_ours_are_not() -> None:
    assert look().distant_pictures == ("https://far.example/a.png",)


def test_headers_are_shown_as_people_read_them() -> None:
    assert look().headers == (("From", "Ana <ana@bloom.example>"), ("Subject", "é"))


def test_a_phone_cuts_the_subject_at_35_and_a_desktop_at_70_characters() -> None:
    letter = look(replace(MESSAGE, subject="x" * 80))

    assert len(letter.phone.subject.shown) == 35
    assert len(letter.desktop.subject.shown) == 70
    assert len(letter.desktop.subject.shown + letter.desktop.snippet.shown) <= 120


def test_what_fits_is_not_cut() -> None:
    assert truncate("short", 35).hidden == ""


def test_size_is_measured_in_bytes_against_gmails_limit() -> None:
    letter = look(replace(MESSAGE, html="é" * (GMAIL_CLIPS_AT_BYTES // 2)))

    assert letter.html_bytes == GMAIL_CLIPS_AT_BYTES
    assert letter.clip_share == 1.0


def test_the_version_changes_with_the_html_only() -> None:
    assert look().version == look(replace(MESSAGE, text="other")).version
    assert look().version != look(replace(MESSAGE, html=HTML + " ")).version
