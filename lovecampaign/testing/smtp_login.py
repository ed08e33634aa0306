"""The login of the fake SMTP server: PLAIN, LOGIN and CRAM-MD5."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping

_CHALLENGE = "<123@test.example>"


def check_login(
    mechanism: str, initial: str, users: Mapping[str, str], ask: Callable[[str], str]
) -> bool:
    """Whether user and password are right. ``ask`` sends a challenge and returns the answer.

    Raises ValueError for what is not base64, or not what the mechanism asks for.
    """
    if mechanism == "PLAIN":
        _, user, password = _decoded(initial or ask("")).split("\0")
        return users.get(user) == password
    if mechanism == "CRAM-MD5":
        user, _, digest = _decoded(ask(_encoded(_CHALLENGE))).rpartition(" ")
        key = users.get(user, "").encode()
        return digest == hmac.new(key, _CHALLENGE.encode(), "md5").hexdigest()
    user = _decoded(initial or ask(_encoded("Username:")))
    return users.get(user) == _decoded(ask(_encoded("Password:")))


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _decoded(text: str) -> str:
    return base64.b64decode(text, validate=True).decode()
