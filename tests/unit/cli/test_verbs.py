"""Facts about every verb: it is found, and it explains itself."""

from __future__ import annotations

import click
import pytest

from lovecampaign.cli.app import lovecampaign, run
from lovecampaign.cli.framework.registry import VERBS

ROOT = click.Context(lovecampaign, info_name="lovecampaign")


def command_of(verb: str) -> click.Command:
    command = lovecampaign.get_command(ROOT, verb)
    assert command is not None
    return command


def words_and_commands() -> list[tuple[str, click.Command]]:
    """Verbs and their subcommands, by the words that one types."""
    found = []
    for verb in VERBS:
        command = command_of(verb)
        found.append((verb, command))
        if isinstance(command, click.Group):
            found += [(f"{verb} {name}", each) for name, each in command.commands.items()]
    return found


EVERY_COMMAND = dict(words_and_commands())


@pytest.mark.parametrize("verb", VERBS)
def test_the_list_of_verbs_says_what_the_verb_says_itself(verb: str) -> None:
    command = command_of(verb)

    assert command.name == verb
    assert (command.help or "").split("\n\n")[0].replace("\n", " ") == VERBS[verb].summary


@pytest.mark.parametrize("words", EVERY_COMMAND)
def test_every_command_has_a_page_of_help(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*words.split(), "--help"]) == 0

    page = capsys.readouterr().out
    assert page.startswith(f"Usage: lovecampaign {words} ")
    assert "--json" in page
    assert "-C DIR" in page


@pytest.mark.parametrize("words", EVERY_COMMAND)
def test_options_say_what_they_do_and_only_the_common_ones_have_short_names(words: str) -> None:
    for option in EVERY_COMMAND[words].params:
        if isinstance(option, click.Option):
            assert option.help, option.opts
            shorts = {name for name in option.opts if not name.startswith("--")}
            assert shorts <= {"-v", "-C"}
            assert all(name == name.lower() for name in set(option.opts) - shorts)
