"""SendGrid's events in our words: by its own schemas, whatever else is in the batch."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.core.tokens import Purpose, RowKey, TokenSigner
from lovecampaign.store.ledger.events import EventKind, ProviderEvent
from lovecampaign.testing.sendgrid_events import BLOCKED, KINDS, event_validator, make_event
from lovecampaign.web.serve.webhooks.bounded_json import MalformedJson
from lovecampaign.web.serve.webhooks.sendgrid_parse import read_batch
from tests.support.paths import DATA

SCHEMAS = DATA / "sendgrid" / "tsg_logs_v3.json"
SIGNER = TokenSigner(("test-key",))
LETTER = SIGNER.sign(Purpose.DELIVERY, RowKey(7, 70))
AT = datetime(2027, 2, 1, 9, tzinfo=UTC)
NOW = AT + timedelta(hours=1)
breaches_of = event_validator(SCHEMAS)


def read(*events: object) -> list[ProviderEvent]:
    return list(read_batch(json.dumps(events).encode(), SIGNER, NOW))


def read_one(kind: str, **more: Any) -> ProviderEvent:
    (report,) = read(make_event(kind, LETTER, "ana@example.com", AT, **more))
    return report


@pytest.mark.parametrize("kind", KINDS)
def test_the_events_of_our_tests_are_events_as_sendgrid_describes_them(kind: str) -> None:
    assert list(breaches_of(make_event(kind, LETTER, "ana@example.com", AT))) == []
    if kind == "bounce":
        assert list(breaches_of(make_event(kind, LETTER, "ana@example.com", AT, **BLOCKED))) == []


def test_the_schemas_can_find_fault_with_an_event() -> None:
    assert list(breaches_of(make_event("bounce", LETTER, "ana@example.com", AT, type="expired")))


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("processed", EventKind.PROCESSED),
        ("delivered", EventKind.DELIVERED),
        ("deferred", EventKind.DEFERRED),
        ("dropped", EventKind.DROPPED),
        ("bounce", EventKind.BOUNCED),
        ("open", EventKind.OPENED),
        ("click", EventKind.CLICKED),
        ("spamreport", EventKind.COMPLAINED),
        ("unsubscribe", EventKind.UNSUBSCRIBED),
        ("group_unsubscribe", EventKind.UNSUBSCRIBED),
        ("group_resubscribe", EventKind.UNKNOWN),
    ],
)
def test_every_kind_of_event_has_a_word_of_ours(kind: str, wanted: EventKind) -> None:
    report = read_one(kind)

    assert report.kind is wanted
    assert report.delivery_key == RowKey(7, 70)
    assert report.at == AT
    assert report.payload["event"] == kind


@pytest.mark.parametrize(
    ("more", "kind", "reason"),
    [
        ({}, EventKind.BOUNCED, SuppressionReason.HARD_BOUNCE),
        ({"type": "blocked"}, EventKind.SOFT_BOUNCED, None),
        ({"type": "expired"}, EventKind.SOFT_BOUNCED, None),
        (BLOCKED, EventKind.SOFT_BOUNCED, None),
        ({**BLOCKED, "bounce_classification": "Reputation"}, EventKind.BLOCKED, None),
        ({**BLOCKED, "bounce_classification": "Content"}, EventKind.BLOCKED, None),
    ],
)
def test_only_a_bounce_that_is_no_block_is_hard(
    more: dict[str, object], kind: EventKind, reason: SuppressionReason | None
) -> None:
    report = read_one("bounce", **more)
    assert (report.kind, report.suppresses) == (kind, reason)


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        ("Bounced Address", SuppressionReason.HARD_BOUNCE),
        ("Bounced Address\n", SuppressionReason.HARD_BOUNCE),
        ("Invalid", SuppressionReason.HARD_BOUNCE),
        ("Spam Reporting Address", SuppressionReason.COMPLAINT),
        ("Unsubscribed Address", SuppressionReason.UNSUBSCRIBED),
        ("Spam Content", None),
        ("Invalid SMTPAPI header", None),
        ("Recipient List over Package Quota", None),
        (None, None),
    ],
)
def test_a_drop_says_on_which_list_of_sendgrids_the_address_stands(
    why: str | None, reason: SuppressionReason | None
) -> None:
    assert read_one("dropped", reason=why).suppresses is reason


@pytest.mark.parametrize(
    ("given", "wanted"),
    [("m1.recvd-7.3", "m1"), ("m1", "m1"), ("m\x00.1", ""), ("\ud800", ""), (7, "")],
)
def test_a_message_has_the_id_that_the_answer_gave_or_none(given: object, wanted: str) -> None:
    assert read_one("bounce", sg_message_id=given).message_id == wanted


def test_mail_that_was_asked_for_is_known_by_its_own_signature() -> None:
    asked = SIGNER.sign(Purpose.TRANSACTIONAL, RowKey(3, 30))
    (report,) = read(make_event("delivered", asked, "ana@example.com", AT))

    assert (report.delivery_key, report.transactional_key) == (None, RowKey(3, 30))


@pytest.mark.parametrize(
    "lc_id", ["", "7", LETTER[:-1], SIGNER.sign(Purpose.LINKS, RowKey(7, 70)), 7, None]
)
def test_what_we_did_not_sign_is_nobodys(lc_id: object) -> None:
    (report,) = read({**make_event("delivered", LETTER, "ana@example.com", AT), "lc_id": lc_id})

    assert (report.kind, report.delivery_key, report.transactional_key) == (
        EventKind.DELIVERED,
        None,
        None,
    )


def test_nothing_is_kept_that_tells_who_reads_where_and_with_what() -> None:
    kept = json.dumps([read_one(kind).payload for kind in KINDS])

    assert "ana" not in kept
    assert "192.0.2.17" not in kept
    assert "Mozilla" not in kept
    assert "no such user" in kept


@pytest.mark.parametrize(
    ("timestamp", "wanted"),
    [
        (int(AT.timestamp()), AT),
        (str(int(AT.timestamp())), AT),
        (int(NOW.timestamp()) + 90, NOW),
        (None, NOW),
        ("soon", NOW),
        (-1, NOW),
        (10**30, NOW),
        ([], NOW),
    ],
)
def test_a_time_that_cannot_be_is_the_time_of_hearing(timestamp: object, wanted: datetime) -> None:
    assert read_one("open", timestamp=timestamp).at == wanted


ODD: list[object] = [None, 7, "text", [], {}, {"event": 3}, {"event": "new", "lc_id": LETTER}]


def test_what_is_malformed_or_new_is_kept_and_takes_no_other_along() -> None:
    good = make_event("delivered", LETTER, "ana@example.com", AT)
    reports = read(good, *ODD, good)

    assert [one.kind for one in reports[1:-1]] == [EventKind.UNKNOWN] * len(ODD)
    assert reports[0] == reports[-1]
    assert len({one.key for one in reports}) == len(ODD) + 1
    assert [one.key for one in read(*ODD)] == [one.key for one in read(*ODD)]
    assert reports[-2].delivery_key == RowKey(7, 70)


def test_a_number_without_end_costs_no_batch() -> None:
    event = json.dumps(make_event("open", LETTER, "ana@example.com", AT))
    body = f'[{event}, {{"event": "open", "timestamp": {"9" * 6000}}}]'.encode()

    assert [one.kind for one in read_batch(body, SIGNER, NOW)] == [EventKind.OPENED] * 2


@pytest.mark.parametrize("body", [b"", b"[", b"\xff", b"[" * 100_000, b"{'a': 1}"])
def test_what_is_not_json_is_no_batch(body: bytes) -> None:
    with pytest.raises(MalformedJson):
        read_batch(body, SIGNER, NOW)


anything: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@trials(max_examples=150)
@given(
    event=st.dictionaries(
        st.sampled_from(["event", "email", "timestamp", "sg_event_id", "lc_id", "type", "reason"]),
        anything | st.sampled_from(["bounce", "dropped", "open", LETTER]),
    )
)
def test_any_event_is_kept_in_words_that_a_database_can_hold(event: dict[str, Any]) -> None:
    (report,) = read(event)

    text = json.dumps(report.payload, ensure_ascii=False)
    text.encode()  # no lone surrogates
    assert "\x00" not in text
    assert report.at <= NOW
