"""A message is what RFC 5322 and docs/reference.md say, and the same bytes every time."""

from __future__ import annotations

import email
import quopri
import re
from dataclasses import replace
from datetime import timedelta, timezone
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default as modern
from email.utils import parseaddr
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lovecampaign.campaign.model.campaign import Role, Sender
from lovecampaign.core.message import Address, Message
from lovecampaign.render.mime.headers import ascii_address, encode_address, encode_words
from lovecampaign.render.mime.message import boundary_of
from lovecampaign.render.mime.quoted_printable import quoted_printable
from lovecampaign.render.model.errors import RenderError
from tests.support.render_kit import LINKS, Workbench, recipient


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


MAILTO = "mailto:hello@bloom.example?subject=unsubscribe%20AAAAAAAB-delivery_1"


def parse(message: Message) -> EmailMessage:
    read = email.message_from_bytes(message.raw, policy=modern)
    assert not read.defects
    assert not any(part.defects for part in read.walk())
    return read


def content_of(part: object) -> str:
    """As a reader's program sees it; CRLF is how mail writes line ends."""
    content = cast("EmailMessage", part).get_content()
    return str(content).replace("\r\n", "\n")


def test_a_message_parses_to_exactly_its_parts(bench: Workbench) -> None:
    message = bench.render("Grüße, {{ first_name }}\n\n.dot\n\n..dots " + "ü" * 300 + "\n")
    read = parse(message)
    text, html = read.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert content_of(text) == message.text
    assert content_of(html) == message.html
    assert read["Subject"] == message.subject == "The soil test"
    assert read.get_content_type() == "multipart/alternative"


def test_campaign_mail_carries_exactly_these_headers(bench: Workbench) -> None:
    message = bench.renderer(bench.email()).render(recipient(last_name="Soil"))
    head = message.raw.split(b"\r\n\r\n")[0].decode("ascii").split("\r\n")
    assert head[:-1] == [
        "From: Ana from Bloom <ana@news.bloom.example>",
        "Reply-To: hello@bloom.example",
        "To: Ana Soil <ana@reader.example>",
        "Subject: The soil test",
        "Date: Tue, 02 Feb 2027 08:00:01 +0000",
        "Message-ID: <AAAAAAAB-delivery_1@news.bloom.example>",
        "List-Id: Bloom <bloom-2027-02.news.bloom.example>",
        f"List-Unsubscribe: <https://bloom.example/u/TOKEN>, <{MAILTO}>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Feedback-ID: bloom-2027-02:day-02:lovecampaign:newsbloomexampl",
        "Precedence: bulk",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        "X-Lovecampaign-Delivery: AAAAAAAB-delivery_1",
        "MIME-Version: 1.0",
    ]
    assert head[-1] == ('Content-Type: multipart/alternative; boundary="=_lc_AAAAAAAB-delivery_1"')
    assert list(message.headers) == [line.split(":")[0] for line in head[6:13]]


def test_a_long_unsubscribe_link_is_neither_folded_nor_encoded(bench: Workbench) -> None:
    link = "https://bloom.example/u/" + "t" * 300
    person = recipient()
    person = person._replace(links=replace(LINKS, unsubscribe=link))
    raw = bench.renderer(bench.email()).render(person).raw
    assert f"\r\nList-Unsubscribe: <{link}>, <mailto:".encode() in raw
    assert b"=?" not in raw.split(b"\r\n\r\n")[0]


def test_confirmations_are_no_campaign_mail(bench: Workbench) -> None:
    email_ = bench.email("[[button: Yes | {{ links.confirm }}]]", role=Role.CONFIRM, key="confirm")
    read = parse(bench.renderer(email_).render(recipient()))
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["X-Lovecampaign-Delivery"] == "AAAAAAAB-delivery_1"
    assert not [name for name in read if name.startswith("List-")]
    assert not {"Feedback-ID", "Precedence"} & set(read.keys())


def test_the_welcome_mail_is_campaign_mail(bench: Workbench) -> None:
    email_ = bench.email(role=Role.WELCOME, key="welcome", number=None, date=None)
    assert "List-Unsubscribe" in bench.renderer(email_).render(recipient()).headers


def test_a_test_send_is_marked_in_its_subject(bench: Workbench) -> None:
    renderer = bench.renderer(bench.email())
    assert renderer.render(recipient(is_test=True)).subject == "[Test] The soil test"
    assert parse(renderer.render(recipient(is_test=True)))["Subject"] == "[Test] The soil test"


def test_the_date_is_that_of_the_first_claim_in_utc_whatever_its_zone(bench: Workbench) -> None:
    person = recipient()
    elsewhere = person.first_claimed_at.astimezone(timezone(timedelta(hours=5, minutes=30)))
    renderer = bench.renderer(bench.email())
    assert renderer.render(person._replace(first_claimed_at=elsewhere)).raw == (
        renderer.render(person).raw
    )


def test_another_process_writes_the_same_bytes(bench: Workbench) -> None:
    """Two renderers share nothing but the content; tags are a set, so their order may differ."""
    email_ = bench.email("{% for t in subscriber.tags %}{{ t }} {% endfor %}")
    tags = frozenset(f"tag-{n}" for n in range(40))
    first = bench.renderer(email_).render(recipient(tags=tags))
    assert first.raw == bench.renderer(email_).render(recipient(tags=tags)).raw
    assert first.text.startswith("tag-0 tag-1 tag-10 tag-11 ")


def test_the_boundary_is_of_the_delivery_and_in_no_body(bench: Workbench) -> None:
    message = bench.render("=_lc_ {{ first_name }}", first_name="--=_lc_816fc1")
    boundary = parse(message).get_boundary()
    assert boundary is not None
    assert message.raw.count(boundary.encode()) == 4


def test_an_id_that_no_boundary_can_hold_is_not_written_into_one() -> None:
    assert re.fullmatch("=_lc_[0-9a-f]{24}", boundary_of('a "quoted" id'))
    assert re.fullmatch("=_lc_[0-9a-f]{24}", boundary_of("i" * 61))


def test_each_message_has_its_own_envelope_sender_where_bounces_have_an_address(
    bench: Workbench,
) -> None:
    sender = Sender(
        name="Ana",
        email="ana@bloom.example",
        reply_to="ana@bloom.example",
        postal_address="Weg 1",
        unsubscribe_to="ana@bloom.example",
        bounce_to="bounces@grüße.example",
    )
    renderer = bench.renderer(bench.email(), sender=sender)
    for number in range(2):  # by the plain path, then by the fast one
        message = renderer.render(recipient(email=f"b{number}@reader.example"))
        tag = message.delivery_id
        assert message.envelope_sender == f"bounces+{tag}@xn--gre-6ka8l.example"


def test_domains_beyond_ascii_are_written_in_idna(bench: Workbench) -> None:
    sender = Sender(
        name="Köhler",
        email="ana@grüße.example",
        reply_to="hallo@grüße.example",
        postal_address="Weg 1",
        unsubscribe_to="weg@grüße.example",
    )
    renderer = bench.renderer(bench.email(), sender=sender)
    message = renderer.render(recipient(email="b@bücher.example"))
    head = message.raw.split(b"\r\n\r\n")[0].decode("ascii")
    assert "<ana@xn--gre-6ka8l.example>" in head
    assert "To: Ana <b@xn--bcher-kva.example>" in head
    assert "mailto:weg@xn--gre-6ka8l.example?" in head
    assert "<bloom-2027-02.xn--gre-6ka8l.example>" in head
    assert parse(message)["From"].addresses[0].display_name == "Köhler"


@pytest.mark.parametrize("address", ["jörg@x.example", "a b@x.example", "nothing", "@x.example"])
def test_an_address_that_plain_mail_cannot_carry_is_refused(address: str) -> None:
    with pytest.raises(RenderError):
        ascii_address(address)


@pytest.mark.parametrize(
    "name",
    [
        "Ana",
        "Ana B",
        'A "B" \\ C',
        "Ana, Bo",
        "Zoë",
        "=?x?=",
        "a@b",
        "x" * 300,
        "é" * 300,
        f"lll {'m' * 60} {'n' * 40}",
    ],
)
def test_display_names_come_through(name: str) -> None:
    written = f"To: {encode_address(Address(email='a@b.example', name=name), 4)}\r\n\r\n"
    # The old parser, because the new one keeps the space between two encoded words (RFC 2047,
    # section 6.2, drops it).
    read, address = parseaddr(email.message_from_string(written)["To"].replace("\r\n", ""))
    assert (str(make_header(decode_header(read))), address) == (name, "a@b.example")
    assert all(len(line) <= 998 for line in written.split("\r\n"))


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Ana O'Brien", '"Ana O\'Brien" <a@b.example>'),
        ("J. R. Ewing", '"J. R. Ewing" <a@b.example>'),
        ("Ana (work)", '"Ana (work)" <a@b.example>'),
        ("ana@home", '"ana@home" <a@b.example>'),
        ("Doe; Ana [x]", '"Doe; Ana [x]" <a@b.example>'),
        ("Ana B-C", "Ana B-C <a@b.example>"),
    ],
)
def test_names_that_sendmail_would_quote_are_quoted_before_it(name: str, written: str) -> None:
    """Its ``MustQuoteChars`` are ``@,;:\\()[].'``: bytes and DKIM's signature stay as they are."""
    assert encode_address(Address(email="a@b.example", name=name), 4) == written


words = st.text(
    alphabet=st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=200
)


@given(words.filter(lambda text: text == text.strip() and text.isprintable()))
def test_any_subject_comes_through_in_lines_of_76(subject: str) -> None:
    written = f"Subject: {encode_words(subject, 9)}\r\n\r\n"
    assert email.message_from_string(written, policy=modern)["Subject"] == subject
    assert written.isascii()
    if "=?" in written:
        assert all(len(line) <= 76 for line in written.split("\r\n"))


@given(st.text(alphabet=st.one_of(st.sampled_from(".\n =é"), st.characters(codec="utf-8")),
               max_size=300))  # fmt: skip
def test_quoted_printable_keeps_everything_in_lines_of_76_without_leading_dots(body: str) -> None:
    body = body.replace("\r", "")
    written = quoted_printable(body)
    assert quopri.decodestring(written).replace(b"\r\n", b"\n").decode() == body
    for line in written.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith(b".")
        assert not line.endswith((b" ", b"\t"))
    assert b"\n" not in written.replace(b"\r\n", b"")
