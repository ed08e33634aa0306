"""An operator at the dashboard: the password, the cookie, the forms."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

from tests.support.serving import Answer, Serving

PASSWORD = "correct horse"
HOME = "/dashboard"
MONTH = "/dashboard/test-month-2027-02"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A logged-in operator with a cookie."""

    served: Serving
    cookie: str

    def get(self, path: str = MONTH, **headers: str) -> Answer:
        """A page; looks again as long as its numbers are being counted, on a busy machine."""
        until = time.monotonic() + 20
        while True:
            answer = self.served.get(path, cookie=self.cookie, **headers)
            if b"data-counting" not in answer.body or time.monotonic() > until:
                return answer

    def post(self, path: str, form: Mapping[str, str], **headers: str) -> Answer:
        """A form without its token."""
        return self.served.post(path, form, cookie=self.cookie, **headers)

    def press(self, path: str, page: str = MONTH, **form: str) -> Answer:
        """A form with the token of ``page``."""
        return self.post(path, {"seal": token_of_form(self.get(page)), **form})


def log_in(served: Serving, password: str = PASSWORD) -> Operator:
    answer = try_password(served, password)
    assert answer.status == 303, answer.text
    return Operator(served=served, cookie=answer.headers["set-cookie"].partition(";")[0])


def try_password(served: Serving, password: str, **headers: str) -> Answer:
    form = {"seal": token_of_form(served.get(HOME)), "password": password}
    return served.post(HOME, form, **headers)


def token_of_form(answer: Answer) -> str:
    found = re.search(r'name="seal" value="([^"]+)"', answer.text)
    assert found is not None, answer.text
    return found[1]
