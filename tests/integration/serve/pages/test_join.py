"""``/join`` responds the same to every address, and rejects bots."""

from __future__ import annotations

import contextlib
import json
import re
from datetime import timedelta

import pytest

from lovecampaign.store import tables
from lovecampaign.store.database.schema_version import open_database
from lovecampaign.store.subscribers.suppressions import unsubscribe
from tests.support.serving import Answer, RecordingMailer, Serving, dump, serving
from tests.support.signup import ANA, asked_rows, asked_states, confirm, rows_of
from tests.support.stage import Stage

FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
SOON = timedelta(seconds=5)


def fill_in(served: Serving, stage: Stage, path: str = "/join/readers", **fields: str) -> Answer:
    """Open the form, take a few seconds, send it."""
    headers = {"accept_language": fields.pop("accept_language", "en")}
    hidden = dict(FIELD.findall(served.get(path, **headers).text))
    stage.clock.move_to(stage.clock.now() + SOON)
    return served.press(path, {**hidden, "email": ANA, **fields}, **headers)


def test_a_person_joins_by_the_form(served: Serving, stage: Stage) -> None:
    answer = fill_in(served, stage, first_name=" Ana\x00 ", timezone="Europe/Lisbon")

    assert answer.status == 200
    assert "check your mailbox" in answer.text
    [asked] = asked_rows(stage.database)
    assert asked.payload["first_name"] == "Ana"
    assert asked.payload["timezone"] == "Europe/Lisbon"
    assert asked.payload["ip"] == "127.0.0.1"
    assert "Ana from Bloom" in asked.payload["consent_text"]
    assert isinstance(served.site.mailer, RecordingMailer)
    assert served.site.mailer.woken == 1


def test_the_answer_is_the_same_for_everybody(served: Serving, stage: Stage) -> None:
    """Unknown, asked before, on the list, left, asked too often: one answer."""
    answers = [fill_in(served, stage)]
    answers.append(fill_in(served, stage))
    confirm(stage, asked_rows(stage.database)[0].id, stage.clock.now())
    answers += [fill_in(served, stage) for _ in range(3)]
    unsubscribe(stage.database, ANA, stage.clock.now(), lists=["readers"])
    answers += [fill_in(served, stage) for _ in range(4)]

    assert {(answer.status, answer.body) for answer in answers} == {(200, answers[0].body)}
    kinds = set(asked_states(stage.database))
    assert kinds == {
        ("confirm", "planned"),
        ("already-member", "planned"),
        ("confirm", "skipped"),
    }


def test_spellings_of_a_mailbox_share_the_limit_of_all_processes(
    served: Serving, stage: Stage
) -> None:
    """Two sites with a database connection each, as two processes of ``serve``; one answer."""
    with (
        contextlib.closing(open_database(stage.settings)) as database,
        serving(stage.settings, database, stage.clock) as other,
    ):
        answers = [
            fill_in(site, stage, email=f"{name}@reader.example")
            for name in ("kim", "kim+a", "kim+b", "k.im+c")
            for site in (served, other)
        ]

    assert {(answer.status, answer.body) for answer in answers} == {(200, answers[0].body)}
    sent = [row.mailbox for row in asked_rows(stage.database) if row.state == "planned"]
    assert sent == ["kim@reader.example"] * 3 + ["k.im@reader.example"] * 2


def test_an_unknown_list_is_not_found(served: Serving) -> None:
    for path in ("/join/nobody", "/embed/nobody.js", "/join/nobody/embed"):
        assert served.get(path).status == 404
    assert served.press("/join/nobody", {"email": ANA}).status == 404


def test_opening_changes_nothing(served: Serving, stage: Stage) -> None:
    before = dump(stage.database)

    for path in ("/join/readers", "/join/insiders", "/embed/readers.js", "/join/readers/embed"):
        assert served.get(path).status == 200
    assert dump(stage.database) == before


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ana",
        "ana@",
        "a b@c.example",
        "ana@reader.example, bob@reader.example",
        "straße@a.example",
    ],
)
def test_what_is_no_address_is_said_beside_the_field(
    served: Serving, stage: Stage, email: str
) -> None:
    answer = fill_in(served, stage, email=email, first_name="Ana")

    assert answer.status == 422
    assert 'aria-invalid="true"' in answer.text
    assert 'value="Ana"' in answer.text  # nothing is to be typed twice
    assert asked_rows(stage.database) == []


def test_a_slip_of_the_domain_is_asked_about_once(served: Serving, stage: Stage) -> None:
    asked_back = fill_in(served, stage, email="ana@gmial.com")
    assert "Did you mean ana@gmail.com?" in asked_back.text
    hidden = dict(FIELD.findall(asked_back.text))
    stage.clock.move_to(stage.clock.now() + SOON)

    answer = served.press("/join/readers", {**hidden, "email": "ana@gmial.com"})

    assert "mailbox" in answer.text
    assert len(asked_rows(stage.database)) == 1


def test_programs_are_told_what_people_are_told_and_nothing_happens(
    served: Serving, stage: Stage
) -> None:
    trapped = fill_in(served, stage, topic="viagra")
    assert "check your mailbox" in trapped.text
    in_no_time = served.press(
        "/join/readers",
        {**dict(FIELD.findall(served.get("/join/readers").text)), "email": ANA},
    )
    assert "That was quick!" in in_no_time.text
    assert asked_rows(stage.database) == []


def test_who_types_fast_presses_once_more_and_is_not_scolded(served: Serving, stage: Stage) -> None:
    """As fast as they like from then on: the form is ours, and has been read."""
    form = dict(FIELD.findall(served.get("/join/readers").text))
    first = served.press("/join/readers", {**form, "email": ANA})

    assert first.status == 200
    assert "That was quick!" in first.text
    assert 'class="errors"' not in first.text
    assert "Please check" not in first.text
    assert "<button autofocus>" in first.text
    again = {**dict(FIELD.findall(first.text)), "email": ANA}
    assert "check your mailbox" in served.press("/join/readers", again).text
    assert len(asked_rows(stage.database)) == 1


def test_a_plain_form_is_finished_as_fast_as_anybody_likes(served: Serving, stage: Stage) -> None:
    first = served.press("/join/readers", {"email": ANA}, origin="https://blog.example")
    again = {**dict(FIELD.findall(first.text)), "email": ANA}

    assert "check your mailbox" in served.press("/join/readers", again).text


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "Please check:"), ("fr", "À regarder encore\N{NO-BREAK SPACE}:")],
)
def test_a_slip_is_told_by_the_title_and_its_field_has_the_focus(
    served: Serving, stage: Stage, language: str, title: str
) -> None:
    answer = fill_in(served, stage, email="ana", accept_language=language)

    assert f"<title>{title} " in answer.text
    assert re.search(r'<input id="email"[^>]* autofocus', answer.text)
    assert answer.text.count(" autofocus") == 1
    assert f"<h1>{title}" not in answer.text
    assert title not in served.get("/join/readers", accept_language=language).text


def test_regions_are_named_in_the_visitors_language(served: Serving) -> None:
    page = served.get("/join/readers", accept_language="fr").text
    assert 'label="Océan Indien"' in page
    assert 'label="Indian' not in page
    assert (
        '"Indian": "Oc\\u00e9an Indien"'
        in served.get("/embed/readers.js", accept_language="fr").text
    )


def test_a_plain_form_of_another_site_is_finished_on_our_page(
    served: Serving, stage: Stage
) -> None:
    elsewhere = {"origin": "https://blog.example", "sec_fetch_site": "cross-site"}
    first = served.press(
        "/join/readers", {"email": ANA}, referer="https://blog.example/", **elsewhere
    )
    assert first.status == 200
    assert "Almost done" in first.text
    assert f'value="{ANA}"' in first.text
    assert asked_rows(stage.database) == []
    stage.clock.move_to(stage.clock.now() + SOON)

    served.press("/join/readers", {**dict(FIELD.findall(first.text)), "email": ANA})

    [asked] = asked_rows(stage.database)
    assert asked.payload["form_url"] == "https://blog.example/"


def test_nobody_is_held_to_words_that_they_have_not_seen(served: Serving, stage: Stage) -> None:
    hidden = dict(FIELD.findall(served.get("/join/readers", accept_language="en").text))
    stage.clock.move_to(stage.clock.now() + SOON)

    answer = served.press("/join/readers", {**hidden, "email": ANA}, accept_language="fr")

    assert "a changé" in answer.text
    assert asked_rows(stage.database) == []


def test_the_page_speaks_the_visitors_language_and_the_mail_knows_it(
    served: Serving, stage: Stage
) -> None:
    answer = fill_in(served, stage, accept_language="fr-CA, en;q=0.5")

    assert answer.headers["content-language"] == "fr"
    assert "Consultez votre boîte de réception" in answer.text
    [asked] = asked_rows(stage.database)
    assert asked.payload["locale"] == "fr"
    assert "Chaque lettre vous permet" in asked.payload["consent_text"]


def test_a_visitor_who_asks_very_often_is_asked_to_wait(served: Serving, stage: Stage) -> None:
    answers = [
        served.press("/join/readers", {"email": f"a{number}@reader.example"}).status
        for number in range(40)
    ]

    assert answers[0] == 200
    assert answers[-1] == 429


def test_what_is_typed_is_text(served: Serving, stage: Stage) -> None:
    answer = fill_in(served, stage, email='"><script>x</script>', first_name="<b>{{ 7 * 7 }}")

    assert "<script>x" not in answer.text
    assert "<b>" not in answer.text
    assert "{{ 7 * 7 }}" in answer.text


def test_an_old_name_of_a_zone_becomes_the_current_one(served: Serving, stage: Stage) -> None:
    fill_in(served, stage, timezone="Europe/Kiev")

    assert asked_rows(stage.database)[0].payload["timezone"] == "Europe/Kyiv"


def test_a_form_that_is_shown_again_keeps_a_zone_of_no_region(
    served: Serving, stage: Stage
) -> None:
    answer = fill_in(served, stage, email="nobody", timezone="UTC")

    assert '<option value="UTC" selected>' in answer.text


def test_an_unknown_zone_is_no_zone(served: Serving, stage: Stage) -> None:
    fill_in(served, stage, timezone="Mars/Olympus")

    assert asked_rows(stage.database)[0].payload["timezone"] == ""


class TestEmbedded:
    """The form embedded in other sites."""

    def script(self, served: Serving, **headers: str) -> dict[str, object]:
        answer = served.get("/embed/readers.js", **headers)
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        found: dict[str, object] = json.loads(answer.text.rpartition("})(")[2].rstrip(";\n)"))
        return found

    def test_any_site_may_send_it_and_read_the_answer(self, served: Serving, stage: Stage) -> None:
        settings = self.script(served)
        stage.clock.move_to(stage.clock.now() + SOON)
        form = {
            "email": ANA,
            "seal": str(settings["seal"]),
            "version": str(settings["version"]),
            "source": "https://blog.example/post",
        }

        answer = served.press(
            "/join/readers",
            form,
            accept="application/json",
            origin="https://blog.example",
            sec_fetch_site="cross-site",
        )

        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
        said = json.loads(answer.text)
        assert (said["ok"], said["title"]) == (True, "Please check your mailbox")
        assert asked_rows(stage.database)[0].payload["form_url"] == "https://blog.example/post"

    def test_what_is_wrong_is_told_to_the_script(self, served: Serving, stage: Stage) -> None:
        answer = served.press(
            "/join/readers", {"email": "ana@"}, accept="application/json", accept_language="fr"
        )

        said = json.loads(answer.text)
        assert (answer.status, said["ok"], said["is_about_address"]) == (422, False, True)
        assert "nom@exemple.fr" in said["words"]
        assert rows_of(stage.database, tables.subscriber) == []

    def test_it_speaks_the_language_of_who_reads_the_other_site(self, served: Serving) -> None:
        settings = self.script(served, accept_language="fr")

        assert settings["language"] == "fr"
        assert settings["words"]["button"] == "Oui, inscrivez-moi"  # type: ignore[index]

    def test_the_page_for_its_owner_shows_what_to_paste(self, served: Serving) -> None:
        text = served.get("/join/readers/embed").text

        assert "&lt;script src=&#34;http://127.0.0.1:8028/embed/readers.js&#34; async" in text or (
            '&lt;script src="http://127.0.0.1:8028/embed/readers.js" async' in text
        )
        assert '&lt;form action="http://127.0.0.1:8028/join/readers"' in text


def test_the_pages_say_when_no_mail_goes_out_and_readiness_says_why(served: Serving) -> None:
    mailer = served.site.mailer
    assert isinstance(mailer, RecordingMailer)
    assert "does not go out" not in served.get("/join/readers").text
    mailer.waits = "our sending limit is reached"
    for page in ("/join/readers", "/join/readers/sent"):
        assert "does not go out" in served.get(page).text
        assert mailer.waits not in served.get(page).text
    ready = served.get("/readyz")
    assert (ready.status, mailer.waits in ready.text) == (503, True)
    mailer.waits = None
    assert served.get("/readyz").status == 200
