"""Health, metrics, logs, bug pages and shutdown."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import threading
import time
import urllib.request
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.responses import Response
from starlette.routing import BaseRoute

from lovecampaign.core.clock import format_instant
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.inbox_cursor import InboxCursor, write_cursor
from lovecampaign.testing.campaigns import write_campaign
from lovecampaign.web.serve.handler.request_context import RequestContext, page
from lovecampaign.web.serve.handler.site import Site
from lovecampaign.web.serve.webhooks.health import KEPT_SECONDS
from tests.chaos.commands import fork_command as lovecampaign
from tests.chaos.process_parent import FRESH
from tests.support.processes.serve import running_serve
from tests.support.serving import RecordingMailer, Serving, dump, serving, with_settings
from tests.support.stage import Stage
from tests.support.wait_until import wait_until

SECONDS_TO_END = 1.0
#: What visitors hold open: nothing said, half a request, a whole one, half a form.
UNFINISHED = [
    b"",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"POST /join/readers HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\na",
] * 5


def broken_routes(site: Site) -> Sequence[BaseRoute]:
    """A page with a fault."""

    def show(_visit: RequestContext) -> Response:
        raise RuntimeError("secret words of the fault")

    return [page(site, "/broken/{token}", get=show)]


class TestHealth:
    def test_who_lives_says_so_and_asks_nobody(self, served: Serving) -> None:
        assert (served.get("/healthz").status, served.get("/healthz").text) == (200, "ok\n")

    def test_who_is_ready_says_so_and_changes_nothing(self, served: Serving) -> None:
        before = dump(served.site.database)
        answer = served.get("/readyz")

        assert (answer.status, json.loads(answer.text)) == (200, {"ready": True, "troubles": []})
        assert dump(served.site.database) == before

    def test_without_a_sender_of_mail_it_is_not_ready(self, stage: Stage) -> None:
        mailer = RecordingMailer(alive=False)
        with serving(stage.settings, stage.database, stage.clock, mailer=mailer) as served:
            answer = served.get("/readyz")

        assert answer.status == 503
        assert json.loads(answer.text)["troubles"] == ["nothing sends the mail that is asked for"]

    def test_the_last_read_of_the_inbox_is_told(self, stage: Stage) -> None:
        changed = with_settings(stage.settings, inbox_url="maildir:post")
        with serving(changed, stage.database, stage.clock) as served:
            never = json.loads(served.get("/readyz").text)
            now = stage.clock.now()
            with stage.database.write() as connection:
                write_cursor(connection, "maildir:post", InboxCursor(validity=0, position=1), now)
            time.sleep(KEPT_SECONDS)
            read = json.loads(served.get("/readyz").text)
            numbers = served.get("/metrics").text
            stage.clock.move_to(now + timedelta(minutes=20))
            late = json.loads(served.get("/readyz").text)

        assert never["warnings"] == ["the inbox was never read: start lovecampaign run"]
        assert read == {"ready": True, "troubles": [], "inbox_read_at": format_instant(now)}
        assert f"lovecampaign_inbox_read_timestamp_seconds {now.timestamp():.9g}"[:50] in numbers
        assert "not read for 20 minutes" in late["warnings"][0]

    def test_older_tables_are_not_ready(self, served: Serving) -> None:
        with served.site.database.write() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")

        answer = served.get("/readyz")

        assert answer.status == 503
        assert "the tables are at 0001" in answer.text

    def test_a_database_that_takes_nothing_is_not_ready(
        self, served: Serving, database: Database
    ) -> None:
        if database.file is not None:
            database.file.unlink()
        else:
            with database.write() as connection:
                name = connection.exec_driver_sql("SELECT current_database()").scalar_one()
                connection.exec_driver_sql(
                    f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'
                )
            database.engine.dispose()  # the setting counts for new connections

        answer = served.get("/readyz")

        assert answer.status == 503
        assert "nothing can be written to the database" in answer.text


class TestNumbers:
    def test_requests_are_counted_by_template(self, served: Serving) -> None:
        served.get("/i/abc.png")
        served.get("/secret-path")
        numbers = served.get("/metrics").text

        assert '_requests_total{method="GET",route="/i/{name}",status="404"} 1.0' in numbers
        assert 'route="(none)"' in numbers
        assert "secret-path" not in numbers
        assert "abc.png" not in numbers

    def test_strange_methods_are_counted_together(self, served: Serving) -> None:
        for method in ("PROPFIND", "MKCOL", "PURGE", "LOCK"):
            served.ask(method, "/")

        assert served.ask("NONSENSE", "/").status in (400, 405)  # not every parser reads on
        assert 'method="other",route="/",status="405"} 4.0' in served.get("/metrics").text

    def test_mail_is_counted_by_email(self, stage: Stage) -> None:
        stage.add_readers(3)
        stage.send()
        with serving(stage.settings, stage.database, stage.clock) as served:
            numbers = served.get("/metrics").text

        sent = f'{{campaign="{stage.campaign.id}",email="day-01"}} 3.0'
        assert f"lovecampaign_mail_accepted_total{sent}" in numbers

    @pytest.mark.parametrize("trusted", [(), ("127.0.0.1",)])
    def test_behind_a_proxy_there_are_no_numbers(
        self, stage: Stage, trusted: tuple[str, ...]
    ) -> None:
        behind = with_settings(stage.settings, trusted_proxies=trusted)
        with serving(behind, stage.database, stage.clock) as served:
            assert served.get("/metrics").status == 200
            for name, value in [
                ("x_forwarded_for", "10.0.0.5"),
                ("X_Forwarded_For", "127.0.0.1"),
                ("x_forwarded_for", ""),
                ("x_forwarded_for", "rubbish"),
                ("x_forwarded_proto", "https"),
                ("x_forwarded_host", "127.0.0.1"),
                ("forwarded", "for=10.0.0.5"),
                ("via", "1.1 varnish"),
                ("x_real_ip", "127.0.0.1"),
                ("cf_connecting_ip", "10.0.0.5"),
                ("true_client_ip", "10.0.0.5"),
                ("cdn_loop", "cloudflare"),
                ("x_forwarded", "for=10.0.0.5"),
                ("fly_client_ip", "10.0.0.5"),
                ("ali_cdn_real_ip", "10.0.0.5"),
                ("edge_connecting_ip", "10.0.0.5"),
            ]:
                assert served.get("/metrics", **{name: value}).status == 404, name

    def test_under_the_public_names_there_are_no_numbers(self, stage: Stage) -> None:
        public = with_settings(
            stage.settings,
            public_url="https://letters.bloom.example",
            media_url="https://pictures.bloom.example/i",
        )
        with serving(public, stage.database, stage.clock) as served:
            for host in (
                "letters.bloom.example",
                "Letters.Bloom.Example.",
                "letters.bloom.example:8028",
                "pictures.bloom.example",
            ):
                assert served.get("/metrics", host=host).status == 404, host
                assert served.get("/healthz", host=host).status == 200, host
            for host in ("127.0.0.1", "localhost:8028", "[::1]:8028"):
                assert served.get("/metrics", host=host).status == 200, host


class TestLog:
    def test_a_line_names_the_template_and_nobody(self, served: Serving) -> None:
        served.get("/i/abc.png?email=ana@readers.example", referer="https://x.example/u/token")
        [line] = served.log

        assert set(line) == {"time", "method", "route", "status", "bytes", "ms"}
        assert (line["method"], line["route"], line["status"]) == ("GET", "/i/{name}", 404)
        assert line["bytes"] > 0

    def test_what_is_refused_at_the_door_has_a_line_too(self, served: Serving) -> None:
        served.ask("GET", "/", headers={"Host": "evil.example"})

        assert [(line["route"], line["status"]) for line in served.log] == [("(none)", 421)]


class TestMistakesOfOurs:
    def test_they_are_told_in_words_and_kept_in_a_file(
        self, stage: Stage, caplog: pytest.LogCaptureFixture
    ) -> None:
        with serving(
            stage.settings,
            stage.database,
            stage.clock,
            expects_bugs=True,
            makers=[broken_routes],
        ) as served:
            answer = served.get("/broken/some-token")

        assert answer.status == 500
        assert "This page has a fault" in answer.text
        assert "secret words" not in answer.text + caplog.text
        assert "Traceback" not in answer.text
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert [str(bug) for bug in served.bugs] == ["secret words of the fault"]
        assert "Details: bug.log" in caplog.text
        assert served.log[0]["route"] == "/broken/{token}"


class TestTheCommand:
    def test_it_says_where_it_listens_and_what_comes_next(self, tmp_path: Path) -> None:
        write_campaign(tmp_path, days=2)
        with running_serve(tmp_path, program=FRESH) as running:
            with urllib.request.urlopen(running.url + "/healthz", timeout=10) as answer:
                assert answer.read() == b"ok\n"
            ended = running.stop()

        assert ended.code == 0
        [line] = [json.loads(line) for line in ended.err.splitlines()]
        assert (line["route"], line["status"]) == ("/healthz", 200)

    def test_the_access_log_may_be_a_file_that_is_moved_away(self, tmp_path: Path) -> None:
        write_campaign(tmp_path, days=2)
        log = tmp_path / "access.log"
        with running_serve(tmp_path, "--access-log", str(log)) as running:
            urllib.request.urlopen(running.url + "/healthz", timeout=10).close()
            wait_until(lambda: log.read_text() != "")  # an answer may arrive before its line
            log.rename(tmp_path / "access.log.1")
            urllib.request.urlopen(running.url + "/healthz", timeout=10).close()
            ended = running.stop()

        assert ended.err == ""
        assert len(log.read_text().splitlines()) == 1
        assert len((tmp_path / "access.log.1").read_text().splitlines()) == 1

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
    def test_it_ends_within_a_second_whoever_holds_a_connection(
        self, tmp_path: Path, number: signal.Signals, code: int
    ) -> None:
        write_campaign(tmp_path, days=2)
        tries = []
        for _ in range(3):  # a busy machine may take its time
            with running_serve(tmp_path) as running, contextlib.ExitStack() as stack:
                for said in UNFINISHED:
                    visitor = socket.create_connection(("127.0.0.1", running.port), timeout=10)
                    stack.enter_context(visitor)
                    visitor.sendall(said)
                urllib.request.urlopen(running.url + "/healthz", timeout=10).close()
                tries.append(running.stop(number))
            if tries[-1].seconds < SECONDS_TO_END:
                break

        assert tries[-1].seconds < SECONDS_TO_END
        assert {ended.code for ended in tries} == {code}
        assert not [ended.err for ended in tries if "Traceback" in ended.err]

    def test_a_port_that_is_taken_is_said(self, tmp_path: Path) -> None:
        write_campaign(tmp_path, days=2)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            key = "test-key"
            said = lovecampaign("serve", "--port", port, cwd=tmp_path, LOVECAMPAIGN_SECRET_KEY=key)

        assert said.code == 2
        assert "--port 0" in said.err

    def test_an_address_with_which_no_link_can_begin_is_told_before_it_listens(
        self, tmp_path: Path
    ) -> None:
        write_campaign(tmp_path, days=2)
        said = lovecampaign(
            "serve",
            "--port",
            "0",
            cwd=tmp_path,
            LOVECAMPAIGN_SECRET_KEY="test-key",
            LOVECAMPAIGN_PUBLIC_URL="letters.example.com",
        )

        assert said.code == 2
        assert "LOVECAMPAIGN_PUBLIC_URL" in said.err
        assert "Listening" not in said.out


def test_a_page_that_takes_long_does_not_hold_the_end_up(stage: Stage) -> None:
    """What a handler has written by then counts; its visitor sees the connection close."""
    entered, leave = threading.Event(), threading.Event()

    def slow_routes(site: Site) -> Sequence[BaseRoute]:
        def show(_visit: RequestContext) -> Response:
            entered.set()
            leave.wait(20)
            return Response()

        return [page(site, "/slow", get=show)]

    with contextlib.ExitStack() as stack:
        with serving(stage.settings, stage.database, stage.clock, makers=[slow_routes]) as served:
            visitor = socket.create_connection(("127.0.0.1", served.port), timeout=10)
            stack.enter_context(visitor)
            visitor.sendall(b"GET /slow HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert entered.wait(10)
            began = time.monotonic()
        took = time.monotonic() - began
        leave.set()

    assert took < SECONDS_TO_END
