"""Tokens with stray characters, of older rows, of other purposes, and forged ones."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from lovecampaign.core.tokens import Purpose, RowKey
from lovecampaign.store import tables
from tests.integration.serve.support.letters import (
    SIGNER,
    active_suppressions,
    delivery_of,
    token_of,
)
from tests.support.serving import Serving
from tests.support.stage import Stage

ONE_CLICK = b"List-Unsubscribe=One-Click"
STRAY = (
    *("/", ".", ")", ">", "'", " ", "&x=1", "//", ">,", "?x=1", "-", "a", "="),
    *("\u200b", "\u00ad", "\u2060", "\N{RIGHT DOUBLE QUOTATION MARK}", "\N{HORIZONTAL ELLIPSIS}"),
)


@pytest.mark.parametrize("has_nonce", [True, False])
def test_stray_characters_behind_a_link_change_nothing(
    stage: Stage, served: Serving, has_nonce: bool
) -> None:
    readers = stage.add_readers(len(STRAY))
    stage.send()
    if not has_nonce:
        with stage.database.write() as connection:
            connection.execute(sa.update(tables.delivery).values(nonce=None))
    for number, (reader, stray) in enumerate(zip(readers, STRAY, strict=True), start=1):
        behind = stray if stray.startswith("?") else quote(stray, safe="/.)>'&=")
        own, view = (token_of(stage, reader, purpose=one) for one in (Purpose.LINKS, Purpose.VIEW))
        assert served.get(f"/v/{view}{behind}").status == 200, stray
        assert served.get(f"/p/{own}{behind}").status == 200, stray
        asked = served.get(f"/u/{own}{behind}")
        assert (asked.status, f'/p/{own}"' in asked.text) == (200, True), stray
        answer = served.post(f"/u/{own}{behind}", ONE_CLICK)
        assert (answer.status, "You have left" in answer.text) == (200, True), stray
        left = active_suppressions(stage.database, f"reader{number}@readers.example")
        assert ("readers", "unsubscribed") in left
    assert {one["route"] for one in served.log} == {"/u/{token}", "/p/{token}", "/v/{token}"}


def test_stray_characters_before_and_inside_a_token_change_nothing(
    stage: Stage, served: Serving
) -> None:
    reader = stage.add_readers(1)[0]
    stage.send()
    token = token_of(stage, reader)

    for stray in ("%E2%80%8B", "%20", "%3C", "/", "%E2%81%A0"):
        assert served.get(f"/u/{stray}{token}").status == 200, stray
    for stray in ("%E2%80%8B", "%20"):
        assert served.get(f"/u/{token[:9]}{stray}{token[9:]}").status == 200, stray


class TestRowsFromBefore:
    """Rows without a nonce, of emails that were sent before migration 0003."""

    @pytest.fixture
    def reader(self, stage: Stage) -> int:
        reader = stage.add_readers(1, lists=("readers", "insiders"))[0]
        stage.send()
        with stage.database.write() as connection:
            connection.execute(sa.update(tables.delivery).values(nonce=None))
        return reader

    def test_their_one_token_opens_what_it_opened(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        number = delivery_of(stage.database, "day-01", reader)
        token = SIGNER.sign(Purpose.LINKS, RowKey(number, None))
        assert len(token) == 22
        share = SIGNER.sign(Purpose.SHARE, RowKey(number, None))

        for path in (f"/u/{token}", f"/p/{token}", f"/v/{token}", f"/d/{token}", f"/v/{share}"):
            assert served.get(path).status == 200, path
        assert served.post(f"/u/{token}", ONE_CLICK).status == 200
        assert ("readers", "unsubscribed") in active_suppressions(
            stage.database, "reader1@readers.example"
        )

    def test_an_old_token_opens_no_row_with_a_nonce(self, stage: Stage, served: Serving) -> None:
        reader = stage.add_readers(1)[0]
        stage.send()
        number = delivery_of(stage.database, "day-01", reader)
        token = SIGNER.sign(Purpose.LINKS, RowKey(number, None))

        assert served.post(f"/u/{token}", ONE_CLICK).status == 404
        assert served.get(f"/p/{token}").status == 404

    def test_a_new_token_opens_no_row_without_one(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        number = delivery_of(stage.database, "day-01", reader)
        token = SIGNER.sign(Purpose.LINKS, RowKey(number, 0))

        assert served.post(f"/u/{token}", ONE_CLICK).status == 404


def test_more_behind_a_forged_token_is_no_way_in(stage: Stage, served: Serving) -> None:
    reader = stage.add_readers(1)[0]
    stage.send()
    token = token_of(stage, reader)
    others = [token[:-1], token[1:], token[:22], "A" * 32, "A" * 22, token.swapcase(), "", "%00"]
    for other in others:
        assert served.post(f"/u/{other}", ONE_CLICK).status == 404, other
    assert active_suppressions(stage.database, "reader1@readers.example") == set()


def test_each_link_of_an_email_opens_its_own_page_alone(stage: Stage, served: Serving) -> None:
    names = ("unsubscribe", "preferences", "web_view", "share", "deal")
    links = " ".join(f"[{name}]({{{{ links.{name} }}}})" for name in names)
    with next((stage.folder / "days").glob("01-*")).open("a") as file:
        file.write(f"\n\n{links}\n")
    stage.load()
    stage.add_readers(1)
    stage.send()
    [message] = stage.memory.sent
    found = set(re.findall(r"/([upvd])/([\w-]{32})(\?share=1)?", message.html))
    tokens = {route + share[:2]: token for route, token, share in found}
    assert tokens.keys() == {"u", "p", "v", "v?s", "d"}
    assert tokens["u"] == tokens["p"]
    assert len({*tokens.values(), message.delivery_id}) == 5

    opens = {"u": "up", "p": "up", "v": "v", "v?s": "v", "d": "d"}
    for name, token in tokens.items():
        for route in "upvd":
            status = served.get(f"/{route}/{token}").status
            assert status == (200 if route in opens[name] else 404), (name, route)
        assert served.get(f"/confirm/{token}").status == 404
    for token in (tokens["v"], tokens["v?s"], tokens["d"], message.delivery_id):
        assert served.post(f"/u/{token}", ONE_CLICK).status == 404
    for route in "upvd":
        assert served.get(f"/{route}/{message.delivery_id}").status == 404
