"""``doctor`` minds secrets that can be guessed, says what makes a good one, and tells none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lovecampaign.cli.health.health_finding import HealthFinding, HealthState
from lovecampaign.cli.health.settings_check import check_secrets
from lovecampaign.core.settings import Settings, read_settings


def look(tmp_path: Path, password: str | None, secret: str | None) -> list[HealthFinding]:
    settings = Settings(workspace=tmp_path, dashboard_password=password, redeem_secret=secret)
    return list(check_secrets(settings))


@pytest.mark.parametrize(("password", "secret"), [("a", "b"), ("ababababababab", "b" * 40)])
def test_what_can_be_guessed_is_doubtful(tmp_path: Path, password: str, secret: str) -> None:
    found = look(tmp_path, password, secret)

    assert [(one.name, one.state) for one in found] == [
        ("dashboard", HealthState.DOUBTFUL),
        ("redemption", HealthState.DOUBTFUL),
    ]
    assert password not in [word for one in found for word in one.message.split()]


def test_what_is_long_and_what_is_not_set_are_fine(tmp_path: Path) -> None:
    assert look(tmp_path, "correct horse", "9f8e7d6c5b4a39281706f5e4d3c2b1a0") == []
    assert look(tmp_path, None, None) == []


def test_the_command_in_the_hint_makes_good_ones(tmp_path: Path) -> None:
    for one in look(tmp_path, "a", "b"):
        command = (one.hint or "").removeprefix("type: ")
        subprocess.run(command, shell=True, check=True, timeout=60)

    settings = read_settings(tmp_path, {})
    assert look(tmp_path, settings.dashboard_password, settings.redeem_secret) == []
    assert settings.dashboard_password is not None
    assert settings.redeem_secret is not None
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
