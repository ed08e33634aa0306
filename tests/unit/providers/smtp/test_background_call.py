"""A call in another thread is pending like a reply."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing

import pytest

from lovecampaign.providers.smtp.provider import BackgroundCall


@pytest.fixture
def threads() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


def is_signalled(call: BackgroundCall[str], seconds: float = 0.0) -> bool:
    poll = select.poll()
    poll.register(call, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def test_it_tells_whoever_polls_when_it_is_there(threads: Executor) -> None:
    may_end = threading.Event()

    def make() -> str:
        may_end.wait()
        return "made"

    with closing(BackgroundCall(threads, make)) as call:
        assert not call.is_ready
        assert not is_signalled(call)
        may_end.set()
        assert is_signalled(call, seconds=5)
        assert call.is_ready
        assert call.result() == "made"


def test_what_goes_wrong_there_is_raised_here(threads: Executor) -> None:
    def fail() -> str:
        raise ConnectionError("nobody answers")

    with closing(BackgroundCall(threads, fail)) as call:
        assert is_signalled(call, seconds=5)
        with pytest.raises(ConnectionError, match="nobody answers"):
            call.result()


def test_it_leaves_no_thread_at_work_and_no_file_open(threads: Executor) -> None:
    ended = []

    def make() -> str:
        time.sleep(0.1)
        ended.append("ended")
        return "made"

    with closing(BackgroundCall(threads, make)) as call:
        signal = call.fileno()
    assert ended == ["ended"]
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(signal)
