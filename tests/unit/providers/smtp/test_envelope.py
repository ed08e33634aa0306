"""What goes out between 354 and its reply is the message, and cannot end early."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lovecampaign.core.message import FaultKind, OutcomeKind
from lovecampaign.providers.smtp.envelope import Unsendable, build_envelope, encode_body
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.testing.messages import make_message
from tests.support.render_kit import Workbench, recipient

COPY = """\
.{{ first_name }}

{{ fields.town }}{{ first_name }}.

. {{ fields.town }} [{{ first_name }}](https://bloom.example/?{{ fields.town }})
"""
hostile = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="\r\n. =a\u2028", max_size=120),
    st.sampled_from([".", "\r\n.\r\n", "a\n.\nQUIT", "." * 200, "x" * 75 + "\r."]),
)


def test_a_spliced_message_needs_no_dots_doubled_and_no_line_ends_mended(
    renderer: EmailRenderer,
) -> None:
    """To look for them in each message costs more than to send it."""
    seen: Counter[bool] = Counter()

    @settings(max_examples=100)
    @given(first_name=hostile, town=hostile)
    def never(first_name: str, town: str) -> None:
        message = renderer.render(recipient(first_name, {"town": town}))
        seen[message.is_ready_for_data] += 1
        if message.is_ready_for_data:
            assert build_envelope(message, {}).body == encode_body(message.raw)
            assert message.raw.isascii()

    never()
    assert seen[True] > 50


def test_other_messages_are_looked_through() -> None:
    odd = replace(make_message(), raw=b".a\n.\r\rb")
    assert not odd.is_ready_for_data
    assert build_envelope(odd, {}).body == b"..a\r\n..\r\n\r\nb\r\n"


def test_all_commands_fit_into_one_write_and_data_is_the_last() -> None:
    message = make_message(7)
    envelope = build_envelope(message, {"pipelining": ""})
    assert envelope.introduction == (
        b"MAIL FROM:<ana@news.bloom.example>\r\nRCPT TO:<reader7@example.com>\r\nDATA\r\n"
    )


@pytest.mark.parametrize(
    ("features", "options"),
    [({}, ""), ({"8bitmime": ""}, " BODY=8BITMIME"), ({"size": "9999", "8bitmime": ""}, "both")],
)
def test_the_size_and_eight_bits_are_announced_where_the_server_knows_them(
    features: dict[str, str], options: str
) -> None:
    message = replace(make_message(), raw="Grüße\r\n".encode())
    envelope = build_envelope(message, features)
    expected = " SIZE=9 BODY=8BITMIME" if options == "both" else options
    assert envelope.introduction.split(b"\r\n")[0].endswith(f">{expected}".encode())


def test_what_the_server_cannot_carry_is_not_offered() -> None:
    with pytest.raises(Unsendable) as found:
        build_envelope(make_message(), {"size": "10"})
    assert found.value.verdict.fault is FaultKind.MESSAGE
    assert found.value.verdict.kind is OutcomeKind.PERMANENT


@pytest.fixture
def renderer(tmp_path: Path) -> EmailRenderer:
    """Of an email that nobody is the first to get."""
    workbench = Workbench(tmp_path)
    renderer = workbench.renderer(workbench.email(COPY))
    renderer.render(recipient("Ana", {"town": "Lyon"}))
    return renderer


def test_bounces_go_to_the_sender_or_to_an_address_of_each_message() -> None:
    plain, tagged = make_message(1), replace(make_message(2), bounce_to="bounces@bloom.example")

    assert build_envelope(plain, {}).mail == f"MAIL FROM:<{plain.sender.email}>\r\n".encode()
    assert build_envelope(tagged, {}).mail == (
        b"MAIL FROM:<bounces+delivery-000002@bloom.example>\r\n"
    )
