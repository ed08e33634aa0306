"""Hostile requests, on every route."""

from __future__ import annotations

import contextlib
import re
import socket
import urllib.parse
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lovecampaign.core.settings import Settings
from lovecampaign.store.database.types import metadata
from lovecampaign.store.signup.request import SignupForm, request_signup
from lovecampaign.testing.sendgrid_events import Webhook
from lovecampaign.web.serve.http.request_body import BodyKind
from lovecampaign.web.serve.webhooks.sendgrid_signature import SIGNATURE_HEADER, TIMESTAMP_HEADER
from tests.integration.serve.support.routes import Asked, every_path, every_route
from tests.support.fast_databases import open_new_database
from tests.support.serving import Serving, dump, serving, with_settings
from tests.support.stage import Stage

EVIL = "evil.example"
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"]
#: Whatever a form may ask for, by any name that a page gives it.
FIELDS = [
    *("email", "first_name", "last_name", "name", "timezone", "zone", "list", "seal", "website"),
    *("why", "text", "code", "until", "days", "password", "next", "choice", "locale", "at"),
]
INLINE = re.compile(r"<[^>]+\s(?:style|on\w+)=|<style|<script(?! src=)")
FOREIGN_HOSTS = [
    EVIL,
    f"127.0.0.1@{EVIL}",
    f"{EVIL}#127.0.0.1",
    f"127.0.0.1.{EVIL}",
    f"{EVIL}:8028",
    f"127.0.0.1, {EVIL}",
    "127.0.0.1/..",
    "[::1",
    "",
]
WAYS_OUT = [
    "../../campaigns/test-month/campaign.yaml",
    "..%2f..%2fcampaigns%2ftest-month%2fcampaign.yaml",
    "%2e%2e/%2e%2e/lovecampaign.db",
    "..%5c..%5clovecampaign.db",
    "%00",
    "lovecampaign.db",
    "/etc/passwd",
    "%252e%252e%252fetc%252fpasswd",
    "....//....//etc/passwd",
    "a" * 5000,
]
INJECTED = "{{7*7}}<script>alert(7)</script>${7*7}{% raw %}\"'><img src=x>"


def fill(stage: Stage) -> None:
    """Two subscribers with their first email, and an unconfirmed one."""
    stage.add_readers(2, lists=("readers", "insiders"))
    stage.send()
    address = "new@readers.example"
    wish = SignupForm(list="readers", consent_text="Yes", consent_version="1")
    request_signup(stage.database, address, address, wish, 1, stage.clock.now())


@pytest.fixture
def opened(stage: Stage) -> Iterator[Serving]:
    """A site after the first email."""
    fill(stage)
    with serving(stage.settings, stage.database, stage.clock) as running:
        yield running


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """The same, once for many examples, on SQLite, without rate limits."""
    workspace = tmp_path_factory.mktemp("workspace")
    chosen = Settings(
        workspace=workspace,
        secret_keys=("test-key",),
        form_limit="100000/1s",
        form_limit_network="100000/1s",
        redeem_secret="secret",
        dashboard_password="correct horse",
    )
    database = open_new_database(chosen)
    stage = Stage(chosen, database, days=2)
    fill(stage)
    with serving(chosen, database, stage.clock) as running:
        yield running
    database.close()


@pytest.fixture(scope="module")
def paths(target: Serving) -> Sequence[Asked]:
    """Those of every route of the target, filled in."""
    return every_path(target, first_delivery(target))


def first_delivery(served: Serving) -> int:
    table = metadata.tables["delivery"]
    with served.site.database.read() as connection:
        return int(connection.execute(table.select()).first().id)  # type: ignore[union-attr]


def raw(served: Serving, request: bytes) -> bytes:
    """An answer to bytes that no decent client would send."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        chunks = iter(lambda: connection.recv(65536), b"")
        return b"".join(chunks)


class TestHost:
    def test_a_name_that_is_not_ours_gets_nothing(
        self, target: Serving, paths: Sequence[Asked]
    ) -> None:
        for asked in paths:
            for host in FOREIGN_HOSTS:
                answer = target.ask("GET", asked.path, headers={"Host": host})
                assert answer.status in {400, 421}, (asked, host)
                assert b"Test Month" not in answer.body

    def test_two_names_are_none(self, target: Serving) -> None:
        request = f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: {EVIL}\r\n\r\n"

        assert raw(target, request.encode()).split()[1] in {b"400", b"421"}

    def test_no_page_repeats_a_name_that_it_was_told(
        self, target: Serving, paths: Sequence[Asked]
    ) -> None:
        told = {
            "X-Forwarded-Host": EVIL,
            "Forwarded": f"host={EVIL}",
            "X-Original-URL": f"http://{EVIL}/",
            "Referer": f"https://{EVIL}/",
        }
        for asked in paths:
            answer = target.ask("GET", asked.path, headers=told)
            assert EVIL.encode() not in answer.body, asked
            assert EVIL not in str(answer.headers), asked

    def test_our_own_names_are_known(self, stage: Stage) -> None:
        public = with_settings(stage.settings, public_url="https://letters.bloom.example")
        with serving(public, stage.database, stage.clock) as served:
            for host in ("127.0.0.1", "localhost:99", "[::1]", "Letters.Bloom.Example."):
                answer = served.ask("GET", "/", headers={"Host": host})
                assert answer.status == 200, host
                assert answer.headers["strict-transport-security"] == "max-age=31536000"


class TestEveryRoute:
    def test_get_changes_nothing(self, opened: Serving) -> None:
        before = dump(opened.site.database)
        for asked in every_path(opened, first_delivery(opened)):
            for method in ("GET", "HEAD"):
                for query in ("", "?insiders=1&share=1", "?confirm=1&undo=1&email=a@b.example"):
                    answer = opened.ask(method, asked.path + query)
                    assert answer.status < 500, asked

        assert dump(opened.site.database) == before

    def test_every_answer_is_guarded_and_public_pages_set_no_cookie(
        self, target: Serving, paths: Sequence[Asked]
    ) -> None:
        for path in [
            *(asked.path for asked in paths),
            "/nothing",
            "/static/pages.css",
            "/static/none",
        ]:
            for method in METHODS:
                answer = target.ask(method, path)
                assert answer.status < 500, (method, path)
                policy = answer.headers["content-security-policy"]
                assert policy.startswith("default-src 'none'"), path
                assert "unsafe-eval" not in policy
                assert answer.headers["x-content-type-options"] == "nosniff"
                if not path.startswith("/dashboard"):
                    assert "set-cookie" not in answer.headers, path

    def test_no_page_runs_or_styles_anything_inline(
        self, target: Serving, paths: Sequence[Asked]
    ) -> None:
        for asked in paths:
            answer = target.get(asked.path)
            if answer.headers.get("content-type", "").startswith("text/html"):
                policy = answer.headers["content-security-policy"]
                assert not INLINE.search(answer.text) or "sandbox" in policy, asked

    def test_nobody_is_sent_elsewhere(self, target: Serving, paths: Sequence[Asked]) -> None:
        away = f"https://{EVIL}/"
        asked_for = urllib.parse.urlencode(dict.fromkeys((*FIELDS, "url", "to", "r"), away))
        for asked in paths:
            for path in (f"{asked.path}?{asked_for}", f"//{EVIL}{asked.path}"):
                for method in ("GET", "POST"):
                    answer = target.ask(method, path, headers={"Origin": away, "Referer": away})
                    assert EVIL not in answer.headers.get("location", ""), (method, path)

    def test_what_is_typed_stays_text(self, target: Serving, paths: Sequence[Asked]) -> None:
        form = dict.fromkeys(FIELDS, INJECTED)
        for asked in paths:
            if "POST" in asked.methods:
                answer = target.post(asked.path, form)
                assert answer.status < 500, asked
                assert "<script>alert" not in answer.text, asked
                assert "<img src=x>" not in answer.text, asked
                assert not re.search(r"(?<![\d#;:-])49(?![\d%])", answer.text), asked

    def test_a_line_break_in_a_path_starts_no_header(
        self, target: Serving, paths: Sequence[Asked]
    ) -> None:
        for asked in paths:
            answer = target.get(asked.path + "?x=%0d%0aSet-Cookie:%20a=b&next=/%0d%0aX-Evil:%201")
            assert "x-evil" not in answer.headers
            assert "a=b" not in answer.headers.get("set-cookie", "")


class TestBodies:
    def test_a_form_ends_at_64_kilobytes(self, target: Serving) -> None:
        for route in every_route(target):
            if "POST" in (route.methods or ()) and not route.path.startswith("/webhooks"):
                path = re.sub(r"\{[^}]+\}", "test", route.path)
                answer = target.post(path, b"a=" + b"x" * BodyKind.FORM.max_bytes)
                assert answer.status == 413, path

    def test_bodies_that_fill_the_memory_are_refused_and_forms_go_on(self, stage: Stage) -> None:
        """Batches with a signature that is not yet known to be wrong."""
        key = Webhook().public_key
        chosen = with_settings(stage.settings, sendgrid_webhook_public_key=key)
        size = BodyKind.WEBHOOK.max_bytes - 1000
        head = (
            "POST /webhooks/sendgrid HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"{SIGNATURE_HEADER}: x\r\n{TIMESTAMP_HEADER}: 1\r\nContent-Length: {size}\r\n\r\n"
        ).encode()
        with (
            serving(chosen, stage.database, stage.clock) as served,
            contextlib.ExitStack() as stack,
        ):
            lease = stack.enter_context(served.site.body_budget.lease(BodyKind.WEBHOOK))
            while lease.take(BodyKind.WEBHOOK.max_bytes):
                pass
            answer = raw(served, head)
            assert answer.split()[1] == b"503"
            assert b"retry-after: 60" in answer.lower()
            assert served.post("/u/test", b"List-Unsubscribe=One-Click").status < 500
            stack.close()
            signed = {SIGNATURE_HEADER: "x", TIMESTAMP_HEADER: "1"}
            answer_later = served.ask("POST", "/webhooks/sendgrid", b"x" * size, signed)
            assert answer_later.status == 401


class TestPaths:
    def test_no_file_of_ours_is_read_through_a_path(self, target: Serving) -> None:
        for path in (folder + way for folder in ("/static/", "/i/", "/style/") for way in WAYS_OUT):
            answer = target.get(path)
            assert answer.status in {400, 404}, path
            for secret in (b"SQLite format", b"postal_address", b"root:"):
                assert secret not in answer.body


headers = st.dictionaries(
    st.sampled_from(
        [
            *("Accept-Language", "Cookie", "X-Forwarded-For", "Origin", "Sec-Fetch-Site"),
            *("Content-Type", "X-Signature", "Range", "If-None-Match", "User-Agent", "Accept"),
            "X-Twilio-Email-Event-Webhook-Signature",
            "X-Twilio-Email-Event-Webhook-Timestamp",
        ]
    ),
    st.one_of(
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60),
        st.sampled_from(
            [
                "application/json",
                "multipart/form-data",
                "multipart/form-data; boundary=x",
                "application/x-www-form-urlencoded; charset=utf-7",
                "same-origin",
                "cross-site",
                "bytes=-1,5-2",
                "sha256=",
            ]
        ),
    ),
    max_size=4,
)
hostile = st.one_of(
    st.binary(max_size=200),
    st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=300), max_size=8).map(
        lambda form: urllib.parse.urlencode(form, errors="replace").encode()
    ),
    st.sampled_from(
        [
            b"[]",
            b"{}",
            b"null",
            b"[" * 5000,
            b'{"code": {"a": [1e999]}, "at": -1}',
            b'[{"event": null}, 7, "x", {"sg_event_id": [1]}]',
            b"--x\r\nContent-Disposition: form-data; name=email\r\n\r\na@b.example\r\n--x--",
            b'--x\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\nz\r\n--x--',
            b"List-Unsubscribe=One-Click",
            b"\xff\xfe&=%ff&%00=%00",
            b"&".join(b"a%d=1" % number for number in range(500)),
        ]
    ),
)


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nothing_that_can_be_sent_breaks_a_page(
    target: Serving, paths: Sequence[Asked], data: Any
) -> None:
    """Every route × method × hostile body and headers: an answer in words, never a fault."""
    asked = data.draw(st.sampled_from(paths))
    method = data.draw(st.sampled_from([*sorted(asked.methods), "POST", "GET", *METHODS]))
    query = data.draw(st.text(max_size=20).map(urllib.parse.quote))
    body = data.draw(hostile)
    sent = {"Content-Type": "application/x-www-form-urlencoded", **data.draw(headers)}
    answer = target.ask(method, f"{asked.path}?{query}", body, sent)

    assert answer.status < 500, (method, asked.path, target.site and answer.text[:200])
