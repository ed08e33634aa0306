"""Fixtures of tests with real parts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.commands import Commands


@pytest.fixture(scope="session")
def commands() -> Iterator[Commands]:
    """Starts commands as processes; none outlives the tests."""
    with Commands.started() as running:
        yield running
