"""The desk's pages: a session and a token for everything; a letter is a stranger's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.dialogue.desk.letters import DeskLetter, LetterState
from lovecampaign.store.tables import metadata
from tests.integration.desk.reply_desk import ANNA, ReplyDesk
from tests.integration.serve.support.dashboard import PASSWORD, Operator, log_in, token_of_form
from tests.integration.serve.support.letters import rows_of
from tests.support.row_keys import key_of
from tests.support.serving import Serving, serving, with_settings
from tests.unit.delivery.inbox.mails import file_part, letter_with_files

DESK = "/dashboard/desk"
HOSTILE = (
    '<p onclick="x()">Hello</p><script>steal()</script><img src="https://spy.example/p.gif">'
    '<style>p{background:url(https://spy.example/c)}</style><a href="javascript:x()">here</a>'
    '<form action="https://spy.example"><input name=a></form><iframe src="https://spy.example">'
    '</iframe><svg onload="x()"></svg><base href="https://spy.example/">'
)


@pytest.fixture
def desk(settings: Settings, database: Database) -> ReplyDesk:
    desk = ReplyDesk(settings, database, days=1)
    desk.add_readers(2)
    desk.send()
    return desk


@pytest.fixture
def served(desk: ReplyDesk) -> Iterator[Serving]:
    with_password = with_settings(desk.settings, dashboard_password=PASSWORD)
    with serving(with_password, desk.database, desk.clock) as running:
        yield running


@pytest.fixture
def operator(served: Serving) -> Operator:
    return log_in(served)


def press(operator: Operator, path: str, **form: str) -> int:
    return operator.press(path, path, **form).status


def counts(desk: ReplyDesk) -> list[int]:
    return [len(rows_of(desk.database, table)) for table in metadata.sorted_tables]


def test_nothing_is_shown_or_changed_without_a_session_or_a_token(
    desk: ReplyDesk, served: Serving, operator: Operator
) -> None:
    one = desk.hear("A secret")
    case = desk.open_case(one.subscriber_id or 0, one.id)
    paths = ["", f"/{one.id}", f"/{one.id}/html", f"/{one.id}/email", f"/case/{case.id}"]
    for path in paths:
        answer = served.get(DESK + path)
        assert (answer.status, answer.headers["location"]) == (303, "/dashboard")
    for path, form in (
        (f"/{one.id}", {"do": "close", "why": "x"}),
        (f"/case/{case.id}", {"do": "step", "step": "greet"}),
    ):
        assert served.post(DESK + path, form).status == 303
        assert operator.post(DESK + path, form).status == 400
    assert desk.reload(one).done_at is None
    assert desk.case(case.id).steps[0].done_at is None


def test_looking_changes_nothing(desk: ReplyDesk, operator: Operator) -> None:
    one = desk.hear("Where is my parcel?")
    case = desk.open_case(one.subscriber_id or 0, one.id)
    before = counts(desk), desk.reload(one)
    for path in ("", f"/{one.id}", f"/{one.id}/html", f"/{one.id}/email", f"/case/{case.id}"):
        assert operator.get(DESK + path).status == 200
    assert (counts(desk), desk.reload(one)) == before
    for path in ("/999", "/x", "/case/999", f"/{one.id}/file/9", "/-1"):
        assert operator.get(DESK + path).status == 404


def test_a_letter_is_answered_and_its_text_stays_where_it_is_not_sent(
    desk: ReplyDesk, served: Serving, operator: Operator
) -> None:
    one = desk.hear("Where is my parcel?")
    page = f"{DESK}/{one.id}"
    shown = operator.get(page)
    assert "Where is my parcel?" in shown.text
    assert "It answers day-01" in shown.text

    flagged = operator.press(page, page, do="answer", text="Not my problem.", **{"as": "Lucie"})
    assert flagged.status == 422
    assert "Not my problem.</textarea>" in flagged.text
    assert "must never hear" in flagged.text
    answered = operator.press(page, page, do="answer", text="It left today.", **{"as": "Lucie"})
    assert answered.status == 303
    assert served.site.mailer.woken == 1  # type: ignore[attr-defined]  # a RecordingMailer
    assert desk.reload(one).state is LetterState.SENDING
    desk.deliver()
    assert desk.memory.sent[-1].sender.name == "Lucie"
    assert "It left today." in operator.get(page).text
    assert press(operator, page, do="close", why="late") == 409


def test_one_person_takes_a_letter(desk: ReplyDesk, operator: Operator) -> None:
    one = desk.hear("Where is my parcel?")
    page = f"{DESK}/{one.id}"
    assert press(operator, page, do="take", **{"as": "Lucie"}) == 303
    assert press(operator, page, do="take", **{"as": "Ana"}) == 409
    assert desk.reload(one).owner == "Lucie"
    assert press(operator, page, do="close", why="") == 422
    assert press(operator, page, do="close", why="a thank-you") == 303
    assert desk.reload(one).why == "a thank-you"


def test_a_case_goes_through_its_steps_and_its_last_message_closes_it(
    desk: ReplyDesk, operator: Operator
) -> None:
    one = desk.hear("It arrived broken.")
    page = f"{DESK}/{one.id}"
    assert press(operator, page, do="case", about="Broken", **{"as": "Lucie"}) == 303
    case_id = desk.reload(one).case_id or 0
    case_page = f"{DESK}/case/{case_id}"
    for step in ("greet", "listen", "next", "thank"):
        assert press(operator, case_page, do="step", step=step, note="said") == 303
        assert press(operator, case_page, do="step", step=step) == 409
    assert press(operator, case_page, do="bend", rule="No returns", because="x") == 400  # no name
    bent = {"rule": "No returns", "because": "our fault", "as": "Lucie"}
    assert press(operator, case_page, do="bend", cost="20 EUR", **bent) == 422  # no budget
    assert press(operator, case_page, do="bend", **bent) == 303
    assert press(operator, case_page, do="follow", text="Did it arrive?") == 303
    desk.deliver()
    case = desk.case(case_id)
    assert not case.is_open
    assert case.owner == "Lucie"
    assert press_closed(operator, case_page)


def press_closed(operator: Operator, page: str) -> bool:
    seal = token_of_form(operator.get(page))
    return operator.post(page, {"seal": seal, "do": "follow", "text": "x"}).status == 409


def hear_hostile(desk: ReplyDesk) -> DeskLetter:
    html = f"Content-Type: text/html; charset=utf-8\n\n{HOSTILE}\n".encode()
    files = [
        file_part("../../a\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe", b"MZ\0", "text/html"),
        file_part("photo.jpg", b"\xff\xd8\xff", "image/jpeg"),
    ]
    raw = letter_with_files(
        "<b>Hello</b>", *files, From=ANNA, In_Reply_To=f"<{desk.token()}@bloom.example>"
    )
    raw = raw.replace(b"\n--x--\n", b"\n--x\n" + html + b"\n--x--\n")
    desk.take(raw)
    return desk.letters()[-1]


def test_html_loads_and_runs_nothing_and_files_are_only_downloads(
    desk: ReplyDesk, operator: Operator
) -> None:
    one = hear_hostile(desk)
    page = operator.get(f"{DESK}/{one.id}")
    assert "&lt;b&gt;Hello&lt;/b&gt;" in page.text
    assert "steal" not in page.text
    assert "sandbox src=" in page.text

    shown = operator.get(f"{DESK}/{one.id}/html")
    assert "Hello" in shown.text
    for bad in ("script>", "spy.example", "onclick", "javascript", "<form", "<iframe", "<svg"):
        assert bad not in shown.text
    policy = shown.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("sandbox")
    assert "https:" not in policy

    kept = [row for row in rows_of(desk.database, tables.incoming_attachment) if row.content]
    assert len(kept) == 2
    for row in kept:
        file = operator.get(f"{DESK}/{one.id}/file/{row.id}")
        assert file.body == row.content
        assert file.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
        assert file.headers["content-type"] == "application/octet-stream"
        assert "/" not in file.headers["content-disposition"].partition("''")[2]


def test_the_not_solved_button_reopens_the_case_and_looking_does_not(
    desk: ReplyDesk, served: Serving
) -> None:
    one = desk.hear("It arrived broken.")
    case = desk.open_case(one.subscriber_id or 0)
    desk.finish_steps(case)
    desk.follow_through(case, "Did it arrive?")
    desk.deliver()
    row = rows_of(desk.database, tables.transactional)[-1]
    key = key_of(desk.database, Purpose.TRANSACTIONAL, row.id)
    path = f"/p/{desk.signer.sign(Purpose.MAILED, key)}"

    assert "It is not solved" in served.get(path).text
    assert not desk.case(case.id).is_open
    for _ in range(2):
        assert "open again" in served.post(path, {"do": "yes"}).text
    again = desk.case(case.id)
    assert again.is_open
    assert again.reopened_at is not None
    assert [step.done_at is None for step in again.steps] == [False, True, True, True, True]
