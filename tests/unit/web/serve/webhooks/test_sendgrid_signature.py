"""Only bodies signed by SendGrid are accepted; malformed headers are rejected without an error."""

from __future__ import annotations

import base64
import textwrap

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from lovecampaign.core.errors import UsageError
from lovecampaign.testing.sendgrid_events import Webhook
from lovecampaign.web.serve.webhooks.sendgrid_signature import (
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    verifier,
)

WEBHOOK = Webhook()
BODY = '[{"event": "open", "name": "Zoë"}]\r\n'.encode()
verify = verifier(WEBHOOK.public_key)


def signed(body: bytes) -> tuple[str, str]:
    headers = WEBHOOK.headers(body)
    return headers[SIGNATURE_HEADER], headers[TIMESTAMP_HEADER]


def test_what_sendgrid_signed_is_believed_byte_by_byte() -> None:
    assert verify(BODY, *signed(BODY))
    assert not verify(BODY.strip(), *signed(BODY))
    assert not verify(BODY + b" ", *signed(BODY))
    assert not verify(BODY, signed(BODY)[0], "1800000001")
    assert not verifier(Webhook().public_key)(BODY, *signed(BODY))


@pytest.mark.parametrize("signature", ["", "x", "====", "é", "AAAA", "\ud800", "MEUCIQ=="])
def test_a_malformed_signature_is_none(signature: str) -> None:
    assert not verify(BODY, signature, "1800000000")


def test_without_a_timestamp_nothing_is_believed() -> None:
    assert not verify(BODY, signed(BODY)[0], "")
    assert not verify(BODY, signed(BODY)[0], "\ud800")


@trials(max_examples=100)
@given(body=st.binary(max_size=40), signature=st.text(max_size=20), timestamp=st.text(max_size=12))
def test_nothing_that_is_sent_breaks_the_look(body: bytes, signature: str, timestamp: str) -> None:
    assert not verify(body, signature, timestamp)


def test_the_key_is_taken_in_every_form_in_which_it_is_copied() -> None:
    bare = WEBHOOK.public_key
    lines = "\n".join(textwrap.wrap(bare, 64))
    framed = f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n"
    for key in (bare, f" {bare} ", lines, framed, framed.replace("\n", "\\n")):
        assert verifier(key)(BODY, *signed(BODY))


def test_another_kind_of_key_is_refused_by_its_variable() -> None:
    other = rsa.generate_private_key(65537, 2048).public_key()
    raw = other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for key in ("x", "SG.abc.def", base64.b64encode(raw).decode(), "é"):
        with pytest.raises(UsageError, match="SENDGRID_WEBHOOK_PUBLIC_KEY"):
            verifier(key)
