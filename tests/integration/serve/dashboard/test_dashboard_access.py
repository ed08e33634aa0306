"""The dashboard shows and accepts nothing without the password."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from itsdangerous import URLSafeSerializer

from lovecampaign.store import tables
from lovecampaign.store.maintenance.access import record_guess
from lovecampaign.web.serve.dashboard.sessions import COOKIE, Sessions
from lovecampaign.web.serve.handler.guess_limit import WINDOW, GuessKind
from tests.integration.serve.support.dashboard import (
    HOME,
    MONTH,
    PASSWORD,
    Operator,
    log_in,
    token_of_form,
    try_password,
)
from tests.integration.serve.support.letters import rows_of
from tests.integration.serve.support.routes import every_path
from tests.support.serving import Serving, dump, serving, with_settings
from tests.support.stage import DAY_1, Stage

HOUR = timedelta(hours=1)
HOSTILE = "<script>alert(1)</script><img src=x>"


@pytest.fixture
def served(stage: Stage) -> Iterator[Serving]:
    with_password = with_settings(stage.settings, dashboard_password=PASSWORD)
    with serving(with_password, stage.database, stage.clock) as running:
        yield running


def guess_often(stage: Stage, count: int) -> None:
    """So many wrong passwords from as many other networks."""
    kind = GuessKind.DASHBOARD_PASSWORD.value
    record_guess(stage.database, kind, [""], stage.clock.now(), WINDOW)
    with stage.database.write() as connection:
        connection.execute(sa.update(tables.guess).values(count=count))


def dashboard_paths(served: Serving) -> list[tuple[str, frozenset[str]]]:
    found = [
        (asked.path, asked.methods)
        for asked in every_path(served, 1)
        if asked.path.startswith(f"{HOME}/")
    ]
    assert len(found) > 8
    return found


class TestWithoutASession:
    def test_without_a_password_in_the_settings_there_is_no_dashboard(self, stage: Stage) -> None:
        with serving(stage.settings, stage.database, stage.clock) as served:
            forged = f"{COOKIE}={Sessions(('test-key',), '').begin(DAY_1)}"
            for path, _ in [(HOME, None), *dashboard_paths(served)]:
                assert served.get(path, cookie=forged).status in {404, 405}, path
                assert served.post(path, {"password": ""}, cookie=forged).status in {404, 405}

    def test_every_address_leads_to_the_form_and_changes_nothing(
        self, stage: Stage, served: Serving
    ) -> None:
        before = dump(stage.database)
        for path, methods in dashboard_paths(served):
            for method in sorted(methods):
                answer = served.ask(method, path)
                assert answer.status == 303, (method, path)
                assert answer.headers["location"] == HOME
                assert b"Test Month" not in answer.body

        assert dump(stage.database) == before
        assert "Test Month" not in served.get(HOME).text

    @pytest.mark.parametrize(
        "cookie",
        [
            "",
            "nonsense",
            "W10.nonsense",
            URLSafeSerializer("test-key", salt="lovecampaign dashboard session").dumps(["x", 1]),
            URLSafeSerializer(PASSWORD, salt="lovecampaign dashboard session").dumps(["x", 1]),
            Sessions(("test-key",), "another password").begin(DAY_1),
            Sessions(("another key",), PASSWORD).begin(DAY_1),
            Sessions(("test-key",), PASSWORD).begin(DAY_1 + HOUR),
        ],
    )
    def test_a_cookie_that_we_did_not_write_opens_nothing(
        self, served: Serving, cookie: str
    ) -> None:
        assert served.get(MONTH, cookie=f"{COOKIE}={cookie}").status == 303


class TestPassword:
    def test_the_cookie_is_for_this_page_alone(self, stage: Stage, served: Serving) -> None:
        cookie = try_password(served, PASSWORD).headers["set-cookie"]
        for part in ("HttpOnly", "SameSite=strict", "Path=/dashboard", "Max-Age=43200"):
            assert part in cookie
        assert "Secure" not in cookie

        safe = with_settings(
            stage.settings, dashboard_password=PASSWORD, public_url="https://letters.example"
        )
        with serving(safe, stage.database, stage.clock) as https:
            assert "Secure" in try_password(https, PASSWORD).headers["set-cookie"]

    @pytest.mark.parametrize("wrong", ["", "correct hors", PASSWORD + " ", "é", "\0", "x" * 60_000])
    def test_a_wrong_password_gets_no_cookie(self, served: Serving, wrong: str) -> None:
        answer = try_password(served, wrong)

        assert answer.status == 403
        assert "set-cookie" not in answer.headers

    def test_the_sixth_try_is_not_looked_at(self, served: Serving) -> None:
        for _ in range(5):
            assert try_password(served, "wrong").status == 403

        assert try_password(served, PASSWORD).status == 429

    def test_wrong_ones_count_for_every_process_and_are_logged(
        self, stage: Stage, served: Serving, caplog: pytest.LogCaptureFixture
    ) -> None:
        for _ in range(5):
            try_password(served, "wrong")
        again = with_settings(stage.settings, dashboard_password=PASSWORD)
        with serving(again, stage.database, stage.clock) as beside:
            assert try_password(beside, PASSWORD).status == 429
            stage.clock.move_to(stage.clock.now() + 2 * WINDOW)
            assert try_password(beside, PASSWORD).status == 303

        assert "Wrong guesses of the dashboard password in a quarter of an hour: 1" in caplog.text
        assert "127.0.0.1" not in caplog.text
        assert "127.0.0.1" not in str(rows_of(stage.database, tables.guess))

    def test_many_from_everywhere_slow_all_down_but_this_machine(self, stage: Stage) -> None:
        behind = with_settings(
            stage.settings, dashboard_password=PASSWORD, trusted_proxies=("127.0.0.1",)
        )
        with serving(behind, stage.database, stage.clock) as served:
            guess_often(stage, 99)
            assert try_password(served, "wrong", x_forwarded_for="203.0.113.7").status == 403
            assert try_password(served, PASSWORD, x_forwarded_for="198.51.100.1").status == 429
            assert try_password(served, PASSWORD, x_forwarded_for="127.0.0.1").status == 429
            assert try_password(served, PASSWORD).status == 303
            stage.clock.move_to(stage.clock.now() + WINDOW * 1.5)
            assert try_password(served, PASSWORD, x_forwarded_for="198.51.100.1").status == 303

    def test_old_guesses_are_deleted(self, stage: Stage, served: Serving) -> None:
        try_password(served, "wrong")
        stage.clock.move_to(stage.clock.now() + 3 * WINDOW)
        try_password(served, "wrong")

        assert {row[-1] for row in rows_of(stage.database, tables.guess)} == {1}
        assert len(rows_of(stage.database, tables.guess)) == 3

    def test_a_form_from_elsewhere_logs_nobody_in(self, served: Serving) -> None:
        assert served.post(HOME, {"password": PASSWORD}).status == 400
        for headers in ({"sec_fetch_site": "cross-site"}, {"origin": "https://evil.example"}):
            assert try_password(served, PASSWORD, **headers).status == 403


class TestSession:
    def test_it_ends_after_twelve_hours(self, stage: Stage, served: Serving) -> None:
        operator = log_in(served)
        stage.clock.move_to(DAY_1 + 12 * HOUR)
        assert operator.get().status == 200
        stage.clock.move_to(DAY_1 + 12 * HOUR + timedelta(seconds=1))
        assert operator.get().status == 303

    def test_it_ends_with_the_password(self, stage: Stage, served: Serving) -> None:
        operator = log_in(served)
        changed = with_settings(stage.settings, dashboard_password="another")
        with serving(changed, stage.database, stage.clock) as later:
            assert later.get(MONTH, cookie=operator.cookie).status == 303

    def test_a_copy_of_the_cookie_is_worth_nothing_after_leaving(self, served: Serving) -> None:
        operator, other = log_in(served), log_in(served)
        answer = operator.press(HOME, do="leave")

        assert answer.status == 303
        assert f'{COOKIE}=""' in answer.headers["set-cookie"]
        assert operator.get().status == 303
        assert other.get().status == 200

    def test_it_stays_ended_over_restarts_and_in_other_processes(
        self, stage: Stage, served: Serving
    ) -> None:
        operator, other = log_in(served), log_in(served)
        again = with_settings(stage.settings, dashboard_password=PASSWORD)
        with serving(again, stage.database, stage.clock) as beside:
            assert beside.get(MONTH, cookie=operator.cookie).status == 200
            operator.press(HOME, do="leave")
            assert beside.get(MONTH, cookie=operator.cookie).status == 303
        with serving(again, stage.database, stage.clock) as restarted:
            assert restarted.get(MONTH, cookie=operator.cookie).status == 303
            assert restarted.get(MONTH, cookie=other.cookie).status == 200

    def test_ended_ones_are_forgotten_once_their_cookies_have_expired(
        self, stage: Stage, served: Serving
    ) -> None:
        log_in(served).press(HOME, do="leave")
        stage.clock.move_to(stage.clock.now() + 13 * HOUR)
        log_in(served).press(HOME, do="leave")

        assert len(rows_of(stage.database, tables.ended_session)) == 1

    def test_an_older_key_still_opens(self, stage: Stage, served: Serving) -> None:
        operator = log_in(served)
        rotated = with_settings(
            stage.settings, dashboard_password=PASSWORD, secret_keys=("new-key", "test-key")
        )
        with serving(rotated, stage.database, stage.clock) as later:
            assert later.get(MONTH, cookie=operator.cookie).status == 200


class TestForms:
    def is_paused(self, stage: Stage) -> bool:
        return any(row.paused_at for row in rows_of(stage.database, tables.campaign))

    def test_a_form_needs_the_token_of_its_own_session(self, stage: Stage, served: Serving) -> None:
        operator, other = log_in(served), log_in(served)
        foreign = [
            {},
            {"seal": "nonsense"},
            {"seal": token_of_form(served.get(HOME))},
            {"seal": token_of_form(other.get())},
        ]
        for form in foreign:
            for path, methods in dashboard_paths(served):
                if "POST" in methods and "nobody" not in path:
                    assert operator.post(path, form).status == 400, (path, form)
        assert not self.is_paused(stage)

    @pytest.mark.parametrize(
        "headers",
        [
            {"sec_fetch_site": "cross-site"},
            {"sec_fetch_site": "same-site"},
            {"origin": "https://evil.example"},
            {"origin": "null"},
        ],
    )
    def test_a_form_on_another_site_is_not_taken(
        self, stage: Stage, served: Serving, headers: dict[str, str]
    ) -> None:
        operator = log_in(served)
        form = {"seal": token_of_form(operator.get())}

        assert operator.post(f"{MONTH}/pause", form, **headers).status == 403
        assert not self.is_paused(stage)


class TestStoredText:
    def fill(self, stage: Stage) -> None:
        """Hostile text in every field that outsiders can write."""
        stage.add_readers(2)
        stage.send()
        with stage.database.write() as connection:
            people = {"email": f"{HOSTILE}@{HOSTILE}.example", "first_name": HOSTILE}
            connection.execute(sa.update(tables.subscriber).values(**people))
            for state in ("failed", "in_doubt"):
                one = sa.select(sa.func.min(tables.delivery.c.id)).where(
                    tables.delivery.c.state == "sent"
                )
                words = {"state": state, "reason": HOSTILE, "detail": f"550 {HOSTILE} a@b.example"}
                connection.execute(
                    sa.update(tables.delivery)
                    .where(tables.delivery.c.id == one.scalar_subquery())
                    .values(**words)
                )
            connection.execute(
                sa.update(tables.campaign).values(paused_at=DAY_1, pause_reason=HOSTILE)
            )

    def test_it_stays_text_on_every_page(self, stage: Stage, served: Serving) -> None:
        self.fill(stage)
        operator: Operator = log_in(served)
        seen = ""
        for path, methods in dashboard_paths(served):
            if "GET" in methods:
                page = operator.get(f"{path}?said={'%3Cscript%3Ealert(1)'}&count=%3Cimg").text
                assert "<script>alert" not in page, path
                assert "<img" not in page, path
                seen += page
        assert "&lt;script&gt;alert(1)" in seen
        assert "a@b.example" not in seen
