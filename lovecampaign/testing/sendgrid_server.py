"""A fake of SendGrid's v3 mail API, which fails on request.

In a test::

    with SendGridServer(description=OPENAPI) as server:
        server.answer_next(ScriptedResponse(status=429, headers={"Retry-After": "7"}))

As a process of its own, for tests that kill the sender::

    python -m lovecampaign.testing.sendgrid_server --port 0 --log FILE [--schema OPENAPI]

It prints ``listening on PORT`` first, and appends ``lc_id, tab, recipient`` to FILE for each
recipient of a request before it answers 202. Requests that SendGrid would reject get its 400.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import ssl
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lovecampaign.testing.received import FakeServer, Received
from lovecampaign.testing.sendgrid_http import HttpServer, ReceivedRequest, ScriptedResponse
from lovecampaign.testing.sendgrid_rules import Breach, Validator, find_breaches, schema_validator


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalMessage:
    """The message that SendGrid makes of one personalization."""

    delivery_id: str
    email: str
    name: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]


class SendGridServer(FakeServer):
    """Takes mail on 127.0.0.1, over HTTP/1.1 with a thread per connection."""

    def __init__(
        self,
        *,
        port: int = 0,
        log: Path | None = None,
        description: Path | None = None,
        api_key: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """``description``: SendGrid's OpenAPI file, to validate each request against."""
        super().__init__(log)
        self._validator: Validator | None = schema_validator(description) if description else None
        self._api_key = api_key
        self._next: deque[ScriptedResponse] = deque()
        self._always: ScriptedResponse | None = None
        self._by_recipient: dict[str, deque[ScriptedResponse]] = {}
        self._numbers = itertools.count(1)
        self.requests: list[ReceivedRequest] = []
        #: Why requests were rejected.
        self.breaches: list[Breach] = []
        self._http = HttpServer(("127.0.0.1", port), self.respond, tls)
        self.port: int = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """How many connections were opened."""
        return self._http.connections

    def answer_next(self, *answers: ScriptedResponse) -> None:
        """Scripted answers for the next mail requests, one each."""
        self._next.extend(answers)

    def answer_always(self, answer: ScriptedResponse | None) -> None:
        """A scripted answer for every mail request from now on; None: validate them again."""
        self._always = answer

    def answer_to(self, recipient: str, *answers: ScriptedResponse) -> None:
        """Scripted answers for the next requests that carry mail to ``recipient``."""
        self._by_recipient.setdefault(recipient, deque()).extend(answers)

    def hang_up(self) -> None:
        """Close every open connection silently; go on listening."""
        self._http.cut_all()

    def close(self) -> None:
        self._http.end()
        self._thread.join()
        self._log.close()

    def wait(self) -> None:
        self._thread.join()

    def respond(self, request: ReceivedRequest) -> ScriptedResponse:
        """The answer to one request; accepted mail is recorded before it."""
        self.requests.append(request)
        authorization = request.headers.get("authorization")
        if self._api_key is not None and authorization != f"Bearer {self._api_key}":
            return ScriptedResponse(status=401, errors=[(None, "authorization required")])
        if (request.method, request.path) == ("GET", "/v3/scopes"):
            return self._always or ScriptedResponse(status=200)
        if (request.method, request.path) != ("POST", "/v3/mail/send"):
            return ScriptedResponse(status=404, errors=[(None, "not found")])
        return self._validate(request)

    def _validate(self, request: ReceivedRequest) -> ScriptedResponse:
        answer = self._scripted(request)
        if answer is None:
            breaches = self._breaches_of(request)
            if breaches:
                self.breaches += breaches
                return ScriptedResponse(status=400, errors=breaches)
            number = next(self._numbers)
            answer = ScriptedResponse(is_stored=True, headers={"X-Message-Id": f"message{number}"})
        if answer.is_stored:
            self._store(request)
        return answer

    def _scripted(self, request: ReceivedRequest) -> ScriptedResponse | None:
        for recipient, answers in self._by_recipient.items():
            if answers and f'"{recipient}"'.encode() in request.body:
                return answers.popleft()
        with contextlib.suppress(IndexError):
            return self._next.popleft()
        return self._always

    def _breaches_of(self, request: ReceivedRequest) -> list[Breach]:
        try:
            body = request.json
        except ValueError:
            return [("", "not JSON")]
        breaches = list(self._validator(body)) if self._validator else []
        return breaches or list(find_breaches(body))

    def _store(self, request: ReceivedRequest) -> None:
        body = request.json
        for person in body["personalizations"]:
            self._log.add(
                Received(
                    delivery_id=person.get("custom_args", {}).get("lc_id", ""),
                    recipient=person["to"][0]["email"],
                    sender=body["from"]["email"],
                    content=request.body,
                )
            )


def personal_messages(request: Any) -> Iterator[PersonalMessage]:
    """The messages of a request, in its order."""
    contents = {part["type"]: part["value"] for part in request["content"]}
    for person in request["personalizations"]:
        values = person.get("substitutions", {})
        [to] = person["to"]
        yield PersonalMessage(
            delivery_id=person["custom_args"]["lc_id"],
            email=to["email"],
            name=to.get("name", ""),
            subject=_substitute(person["subject"], values),
            text=_substitute(contents["text/plain"], values),
            html=_substitute(contents["text/html"], values),
            headers=person["headers"],
        )


def _substitute(content: str, values: Mapping[str, str]) -> str:
    """Sequential, as SendGrid does it: later keys are replaced inside earlier values too."""
    for key, value in values.items():
        content = content.replace(key, value)
    return content


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="A fake SendGrid: keeps mail to itself.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--schema", type=Path, help="SendGrid's tsg_mail_v3.json")
    options = parser.parse_args(arguments)
    SendGridServer(port=options.port, log=options.log, description=options.schema).run()


if __name__ == "__main__":
    main()
