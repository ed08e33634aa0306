"""An address that cannot be listened at is told with what to type for this very reason."""

from __future__ import annotations

import errno
import os
import socket

import pytest

from lovecampaign.core.errors import UsageError
from lovecampaign.web.hosting import bind_error, open_listener

#: For documentation only (RFC 5737): no machine has it.
NOT_OURS = "203.0.113.9"


def hint_for(host: str, port: int) -> str:
    with pytest.raises(UsageError) as caught, open_listener(host, port, "serve"):
        pass
    return caught.value.hint or ""


def test_a_port_that_is_taken_asks_whether_another_is_running() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        hint = hint_for("127.0.0.1", taken.getsockname()[1])
    assert hint == "is another serve running? Add --port 0 to take any free one"


@pytest.mark.parametrize("host", [NOT_OURS, "2001:db8::9"])
def test_an_address_of_another_machine_is_told_as_one(host: str) -> None:
    hint = hint_for(host, 0)
    assert hint.startswith(f"{host} is no address of this machine: leave --host out")
    assert "--port 0" not in hint


def test_a_name_that_nobody_knows_is_told_as_one() -> None:
    assert "no machine is known here as nowhere.invalid" in hint_for("nowhere.invalid", 0)


@pytest.mark.parametrize(
    ("port", "words"), [(80, "ports below 1024 are for root"), (8028, "take another --port")]
)
def test_a_port_that_is_not_ours_to_take_is_told_as_one(port: int, words: str) -> None:
    """Who runs the tests may be root, to whom the system refuses nothing."""
    error = PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    said = bind_error(error, "127.0.0.1", port, "serve")
    assert said.message == f"127.0.0.1 port {port} cannot be used: Permission denied"
    assert words in (said.hint or "")


def test_preview_names_itself() -> None:
    error = OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
    assert (bind_error(error, "", 8029, "preview").hint or "").startswith(
        "is another preview running"
    )
