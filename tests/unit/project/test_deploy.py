"""What deploy/ starts exists: each command, with each of its options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest
import yaml

from lovecampaign.cli.app import lovecampaign as program
from tests.support.paths import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
START = re.compile(r"^ExecStart=\S+/lovecampaign (.+)$", re.MULTILINE)


def _commands() -> Iterator[list[str]]:
    for unit in DEPLOY.glob("*.service"):
        for line in re.findall(
            r"^ExecStart=\S+/lovecampaign (.+)$", unit.read_text(), re.MULTILINE
        ):
            yield shlex.split(line)
    for service in yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"].values():
        if "command" in service:
            yield shlex.split(service["command"])


@pytest.mark.parametrize("words", list(_commands()), ids=" ".join)
def test_each_command_of_deploy_can_be_typed(words: list[str]) -> None:
    command: click.Command = program
    rest = list(words)
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), rest.pop(0))
        assert found is not None
        command = found
    command.parse_args(click.Context(command), rest)  # raises UsageError
