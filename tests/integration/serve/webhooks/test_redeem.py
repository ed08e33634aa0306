"""A shop tells by signed calls which codes were used; the same call again changes nothing."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as trials
from hypothesis import strategies as st

from lovecampaign.core.settings import Settings
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from tests.integration.serve.support.heads import refused_from_head
from tests.support.deal_room import MINUTE, OPEN, DealRoom
from tests.support.serving import Answer, Serving, dump, serving, with_settings

SECRET = "shop-secret"


class Shop:
    """Calls the webhook, signed or not."""

    def __init__(self, room: DealRoom, served: Serving) -> None:
        self.room = room
        self.served = served

    def say(self, code: object, at: object = "2027-02-27T11:05:00Z", **more: object) -> Answer:
        return self.send(json.dumps({"code": code, "at": at, **more}).encode())

    def send(self, body: bytes, secret: str = SECRET, **headers: str) -> Answer:
        mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return self.call(body, x_signature=f"sha256={mac}", **headers)

    def call(self, body: bytes, **headers: str) -> Answer:
        return self.served.post(
            "/webhooks/redeem", body, content_type="application/json", **headers
        )

    def buyers(self) -> list[str]:
        with self.room.database.read() as connection:
            return list(connection.scalars(sa.select(tables.buyer.c.address_key)))


@pytest.fixture
def shop(settings: Settings, database: Database) -> Iterator[Shop]:
    room = DealRoom(settings, database, insiders=2, quantity=1)
    room.stage.clock.move_to(OPEN + 10 * MINUTE)
    with serving(
        with_settings(settings, redeem_secret=SECRET), database, room.stage.clock
    ) as served:
        yield Shop(room, served)


def test_a_code_that_was_used_makes_its_owner_a_buyer_and_takes_the_unit_for_good(
    shop: Shop,
) -> None:
    one, two = shop.room.ids
    shop.room.claim(one)
    answer = shop.say(shop.room.code(one))

    assert answer.status == 200
    assert json.loads(answer.text) == {
        "code": shop.room.code(one),
        "deal": "insider",
        "redeemed_at": "2027-02-27T11:05:00Z",
        "new": True,
    }
    assert shop.buyers() == ["reader1@readers.example"]
    assert shop.room.stock(OPEN + 60 * MINUTE).redeemed == 1
    assert shop.room.claim(two, OPEN + 60 * MINUTE) is None


def test_the_same_call_again_is_answered_and_changes_nothing(shop: Shop) -> None:
    code = shop.room.code(shop.room.ids[0])
    shop.say(code)
    before = dump(shop.room.database)
    shop.room.stage.clock.move_to(OPEN + 3 * 24 * 60 * MINUTE)
    again = shop.say(code, "2027-03-01T09:00:00Z")

    assert again.status == 200
    assert json.loads(again.text)["new"] is False
    assert json.loads(again.text)["redeemed_at"] == "2027-02-27T11:05:00Z"
    assert dump(shop.room.database) == before


def test_the_same_call_many_times_at_once_is_one_redemption(shop: Shop) -> None:
    code = shop.room.code(shop.room.ids[0])
    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(lambda _: shop.say(code), range(16)))

    assert {answer.status for answer in answers} == {200}
    assert sum(json.loads(answer.text)["new"] for answer in answers) == 1
    assert shop.buyers() == ["reader1@readers.example"]


def test_small_letters_and_blanks_around_a_code_are_taken(shop: Shop) -> None:
    assert shop.say(f" {shop.room.code(shop.room.ids[0]).lower()} ").status == 200


@pytest.mark.parametrize(
    "write",
    [
        lambda code: code.replace("-", ""),
        lambda code: code.replace("-", " ").lower(),
        lambda code: "-".join(code.replace("-", "")),
        lambda code: code.replace("-", " \N{EN DASH} "),
    ],
)
def test_a_code_of_ours_is_taken_however_it_is_written(
    shop: Shop, write: Callable[[str], str]
) -> None:
    code = shop.room.code(shop.room.ids[0])
    answer = shop.say(write(code))

    assert answer.status == 200
    assert json.loads(answer.text)["code"] == code


def test_nothing_is_bought_in_the_future(shop: Shop) -> None:
    answer = shop.say(shop.room.code(shop.room.ids[0]), "2031-01-01T00:00:00Z")

    assert json.loads(answer.text)["redeemed_at"] == "2027-02-27T11:10:00Z"


@pytest.mark.parametrize(
    "at", ["2000-01-01T00:00:00Z", "2026-02-27T11:05:00Z", "2027-02-27T08:54:59Z"]
)
def test_nothing_is_bought_before_the_deal_opens(shop: Shop, at: str) -> None:
    code = shop.room.code(shop.room.ids[0])
    before = dump(shop.room.database)
    answer = shop.say(code, at)

    assert answer.status == 409
    assert "the deal opened at 2027-02-27T09:00:00Z" in json.loads(answer.text)["error"]
    assert dump(shop.room.database) == before
    assert shop.say(code).status == 200
    assert json.loads(shop.say(code, at).text)["new"] is False


def test_a_shop_whose_clock_is_a_little_behind_sells_from_the_opening_on(shop: Shop) -> None:
    answer = shop.say(shop.room.code(shop.room.ids[0]), "2027-02-27T08:56:00Z")

    assert json.loads(answer.text)["redeemed_at"] == "2027-02-27T09:00:00Z"


def test_a_purchase_counts_however_late_it_is_told(shop: Shop) -> None:
    one = shop.room.ids[0]
    shop.room.claim(one)
    shop.room.stage.clock.move_to(OPEN + 60 * 24 * 60 * MINUTE)
    answer = shop.say(shop.room.code(one), "2027-02-27T11:05:00Z")

    assert (answer.status, json.loads(answer.text)["redeemed_at"]) == (200, "2027-02-27T11:05:00Z")


def test_without_the_files_of_the_campaign_the_start_of_its_month_counts(
    settings: Settings, database: Database
) -> None:
    room = DealRoom(settings, database, insiders=1)
    code = room.code(room.ids[0])
    room.stage.clock.move_to(OPEN + 10 * MINUTE)
    shutil.rmtree(room.stage.campaign.folder)
    chosen = with_settings(settings, redeem_secret=SECRET)
    with serving(chosen, database, room.stage.clock) as served:
        assert Shop(room, served).say(code, "2027-01-01T00:00:00Z").status == 409
        assert Shop(room, served).say(code, "2027-02-01T08:00:00Z").status == 200


def test_a_code_that_nobody_was_given_is_not_found(shop: Shop) -> None:
    answer = shop.say("AAAAA-BBBBB-CCCCC")

    assert answer.status == 404
    assert json.loads(answer.text) == {"error": "this code was never given out"}


def test_a_call_without_the_right_signature_changes_nothing(shop: Shop) -> None:
    body = json.dumps({"code": shop.room.code(shop.room.ids[0]), "at": "2027-02-27T11:05:00Z"})
    before = dump(shop.room.database)

    for signature in ("", "sha256=", "sha256=00", "md5=abc", "é", "sha256=" + "0" * 64):
        assert shop.call(body.encode(), x_signature=signature).status == 401
    assert shop.call(body.encode()).status == 401
    assert shop.send(body.encode(), secret="another").status == 401
    after = dump(shop.room.database)
    assert after | {"guess": []} == before
    assert len(after["guess"]) == 3


def test_who_guesses_signatures_is_refused_and_the_shop_is_not(
    settings: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    room = DealRoom(settings, database, insiders=1)
    room.stage.clock.move_to(OPEN)
    behind = with_settings(settings, redeem_secret=SECRET, trusted_proxies=("127.0.0.1",))
    with serving(behind, database, room.stage.clock) as served:
        shop = Shop(room, served)
        body = json.dumps({"code": room.code(room.ids[0]), "at": "2027-02-27T10:59:00Z"}).encode()
        for _ in range(20):
            assert shop.send(body, "another", x_forwarded_for="203.0.113.9").status == 401
        refused = shop.send(body, x_forwarded_for="203.0.113.9")
        assert (refused.status, refused.headers["retry-after"]) == (429, "60")
        assert shop.send(body, x_forwarded_for="198.51.100.2").status == 200
    assert "Wrong guesses of the signature of a redemption call" in caplog.text


def test_behind_a_proxy_that_is_not_trusted_guesses_never_refuse_the_shop(shop: Shop) -> None:
    body = json.dumps(
        {"code": shop.room.code(shop.room.ids[0]), "at": "2027-02-27T11:00:00Z"}
    ).encode()
    for _ in range(21):
        shop.send(body, "another", x_forwarded_for="203.0.113.9")

    assert shop.send(body, x_forwarded_for="198.51.100.2").status == 200


def test_an_unsigned_call_is_refused_before_its_body_is_read(shop: Shop) -> None:
    for signature in ("", "sha256=00"):
        answer = refused_from_head(shop.served, "/webhooks/redeem", f"X-Signature: {signature}")
        assert answer == 401


def test_a_call_ends_at_64_kilobytes(shop: Shop) -> None:
    assert shop.send(b" " * (64 * 1024 + 1)).status == 413
    assert shop.send(b" " * (64 * 1024)).status == 400


def test_a_signature_of_another_body_counts_for_nothing(shop: Shop) -> None:
    body = json.dumps({"code": "A", "at": "2027-02-27T11:05:00Z"}).encode()
    mac = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()

    assert shop.call(body + b" ", x_signature=f"sha256={mac}").status == 401


MALFORMED = (
    b"",
    b"\xff\xfe",
    b"[]",
    b"null",
    b'"code"',
    b"{}",
    b'{"code": "A"}',
    b'{"at": "2027-02-27T11:05:00Z"}',
    b'{"code": 7, "at": "2027-02-27T11:05:00Z"}',
    b'{"code": " ", "at": "2027-02-27T11:05:00Z"}',
    b'{"code": "A\\u0000B", "at": "2027-02-27T11:05:00Z"}',
    b'{"code": "\\ud800", "at": "2027-02-27T11:05:00Z"}',
    b'{"code": "A", "at": "yesterday"}',
    b'{"code": "A", "at": "2027-02-27T11:05:00"}',
    b'{"code": "A", "at": "0001-01-01T00:00:00+14:00"}',
    b'{"code": "A", "at": 1800000000}',
    b'{"code": "' + b"A" * 300 + b'", "at": "2027-02-27T11:05:00Z"}',
    b"[" * 60_000,
    *(
        b'{"code": "A", "at": ' + b"[" * levels + b"]" * levels + b"}"
        for levels in (30, 500, 980, 990, 1000, 30_000)
    ),
)


def test_what_is_malformed_is_said_in_words(shop: Shop) -> None:
    for body in MALFORMED:
        answer = shop.send(body)

        assert answer.status == 400, body
        assert json.loads(answer.text)["error"]


@trials(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=200)
    | st.text(max_size=50).map(lambda text: json.dumps({"code": text, "at": text}).encode())
)
def test_whatever_is_sent_never_breaks_the_page(shop: Shop, body: bytes) -> None:
    assert shop.send(body).status in (400, 404)


def test_without_a_secret_there_is_no_such_page(settings: Settings, database: Database) -> None:
    room = DealRoom(settings, database, insiders=1)
    with serving(settings, database, room.stage.clock) as served:
        assert Shop(room, served).say(room.code(room.ids[0])).status == 404
        signed = f"X-Signature: sha256={'0' * 64}"
        assert refused_from_head(served, "/webhooks/redeem", signed) == 404


def test_the_secret_is_in_no_answer_and_no_line_of_the_log(shop: Shop) -> None:
    answers = [shop.say(shop.room.code(shop.room.ids[0])), shop.say("A"), shop.call(b"")]

    assert all(SECRET not in answer.text for answer in answers)
    assert SECRET not in json.dumps(shop.served.log)
