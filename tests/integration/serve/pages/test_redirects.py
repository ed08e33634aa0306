"""After a form a browser is sent on: "back" and "reload" send none again, and nothing leaks."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from lovecampaign.core.tokens import Purpose
from tests.integration.serve.pages.test_join import FIELD
from tests.integration.serve.support.letters import token_of
from tests.support.serving import Serving, dump
from tests.support.signup import ANA, apply, asked_rows
from tests.support.stage import Stage

READER = "reader1@readers.example"


@pytest.fixture
def token(stage: Stage) -> str:
    one = stage.add_readers(1, lists=("readers", "insiders"))[0]
    stage.send()
    return token_of(stage, one)


def sent_to(served: Serving, path: str, form: dict[str, str]) -> str:
    answer = served.post(path, form)
    assert answer.status == 303
    assert answer.headers["cache-control"] == "no-store"
    return answer.headers["location"]


def test_whoever_asks_to_join_is_sent_to_the_same_place(served: Serving, stage: Stage) -> None:
    """Known or not, a person or a program."""
    places = set()
    for form in ({"email": ANA}, {"email": ANA}, {"email": "bob@reader.example"}, {"topic": "x"}):
        hidden = dict(FIELD.findall(served.get("/join/readers").text))
        stage.clock.move_to(stage.clock.now() + timedelta(seconds=5))
        places.add(sent_to(served, "/join/readers", {**hidden, **form}))

    assert places == {"/join/readers/sent"}
    assert "check your mailbox" in served.get("/join/readers/sent").text
    assert served.get("/join/nobody/sent").status == 404


def test_a_script_on_another_site_is_answered_and_not_sent_on(served: Serving) -> None:
    answer = served.post("/join/readers", {"topic": "x"}, accept="application/json")

    assert answer.status == 200
    assert "It takes a minute." in answer.text


def test_what_was_done_can_be_read_again_and_changes_nothing(
    served: Serving, stage: Stage, token: str
) -> None:
    apply(stage, stage.clock.now())
    asked = served.token(Purpose.CONFIRM, asked_rows(stage.database)[-1].id)
    page, way_out = f"/p/{token}", f"/u/{token}"
    for path, form, words in (
        (f"/confirm/{asked}", {}, "You are in. Thank you"),
        (page, {"do": "save", "often": "launch"}, "Saved."),
        (page, {"do": "download"}, "Please check your mailbox"),
        (way_out, {"do": "leave"}, "You have left"),
    ):
        place = sent_to(served, path, form)
        before = dump(stage.database)
        assert all(words in served.get(place).text for _ in range(2)), words
        assert dump(stage.database) == before
        assert "@" not in place
        assert "reader1" not in place


def test_coming_back_is_said_once_it_is_so(served: Serving, token: str) -> None:
    left = served.get(sent_to(served, f"/u/{token}", {"do": "leave"})).text
    seal = re.search(r'name="seal" value="([^"]+)"', left)
    assert seal is not None
    place = sent_to(served, f"/u/{token}", {"do": "undo", "seal": seal[1]})

    assert "You are back" in served.get(place).text
    served.post(f"/u/{token}", {"List-Unsubscribe": "One-Click"})
    assert "You have left" in served.get(place).text


def test_nobody_is_told_that_something_was_done_by_a_link_that_is_not_ours(
    served: Serving, stage: Stage, token: str
) -> None:
    other = served.site.form_tokens.sign("saved 999", stage.clock.now())  # of another delivery
    for path, words in (
        (f"/p/{token}?saved={other}", "Saved."),
        (f"/p/{token}?sent={other}", "Please check"),
        (f"/p/{token}?insiders=1&joined={other}", "You will hear early"),
        (f"/u/{token}?back={other}", "You are back"),
    ):
        assert words not in served.get(path).text


def test_logs_know_the_route_and_no_seal(served: Serving, token: str) -> None:
    place = sent_to(served, f"/p/{token}", {"do": "save", "often": "launch"})
    served.get(place)

    assert served.log[-1]["route"] == "/p/{token}"
    assert place.partition("=")[2] not in str(served.log)


def test_a_mail_program_is_never_sent_on(served: Serving, token: str) -> None:
    """RFC 8058, 3.1: no redirect."""
    for form in ({"List-Unsubscribe": "One-Click"}, {}):
        assert served.post(f"/u/{token}", form).status == 200


def test_a_form_that_is_shown_again_may_be_gone_back_to(served: Serving, token: str) -> None:
    """No shared cache keeps it; other pages are not cached at all."""
    for path, form in (
        ("/join/readers", {"email": "ana"}),
        ("/join/readers", {"email": ANA}),
        (f"/p/{token}", {"do": "save", "days": "many"}),
    ):
        assert served.post(path, form).headers["cache-control"] == "private, no-cache"
    for path in ("/join/readers", f"/p/{token}"):
        assert served.get(path).headers["cache-control"] == "no-store"
