"""Fixtures of tests with real parts."""

from __future__ import annotations

import pytest

from tests.chaos.commands import Commands, shared_commands


@pytest.fixture(scope="session")
def commands() -> Commands:
    """Starts commands as processes; none outlives the tests."""
    return shared_commands()
