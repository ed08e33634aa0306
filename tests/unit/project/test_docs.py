"""What the documentation lists is what the program knows."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from starlette.routing import Route

from lovecampaign.cli.app import lovecampaign as program
from lovecampaign.core import settings
from lovecampaign.core.clock import SystemClock
from lovecampaign.core.errors import ExitCode
from lovecampaign.core.settings import Settings
from lovecampaign.render.templating import names
from lovecampaign.render.templating.names import NAMES
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.database.engine import Database
from lovecampaign.web.serve.app import ROUTES
from lovecampaign.web.serve.handler.site import make_site
from tests.support.paths import REPOSITORY
from tests.support.serving import RecordingMailer

DOCS = REPOSITORY / "docs"
VARIABLE = re.compile(r"\b(?:LOVECAMPAIGN|SENDGRID)_[A-Z_]+\b")


@pytest.fixture
def reference() -> str:
    return (DOCS / "reference.md").read_text()


def section(page: str, title: str) -> str:
    """The text below one heading of a page."""
    start = page.index(f"\n## {title}\n")
    end = page.find("\n## ", start + 1)
    return page[start : end if end > 0 else len(page)]


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command that is no group, by the words that are typed."""
    context = click.Context(program)
    for verb in program.list_commands(context):
        command = program.get_command(context, verb)
        assert command is not None
        if not isinstance(command, click.Group):
            yield verb, command
            continue
        for word, subcommand in command.commands.items():
            yield f"{verb} {word}", subcommand


def test_every_setting_is_documented_and_no_other(reference: str) -> None:
    documented = set(VARIABLE.findall(section(reference, "Settings")))
    assert documented == set(VARIABLE.findall(inspect.getsource(settings)))


def test_every_exit_code_is_documented(reference: str) -> None:
    rows = re.findall(r"^\| (\d+) \|", section(reference, "Exit codes"), re.MULTILINE)
    assert [int(code) for code in rows] == sorted(code.value for code in ExitCode)


def test_every_command_and_option_is_documented(reference: str) -> None:
    page = section(reference, "Commands")
    missing = [
        f"{words} {option}".strip()
        for words, command in commands()
        for option in ("", *_own_options(command))
        if f"`{words}" not in page or option not in page
    ]
    assert missing == []


def _own_options(command: click.Command) -> list[str]:
    everywhere = {"--json", "--now", "--no-input", "--quiet", "-v", "--no-color", "-C", "--help"}
    return [
        parameter.opts[0]
        for parameter in command.params
        if isinstance(parameter, click.Option) and not everywhere & set(parameter.opts)
    ]


def test_every_skip_reason_is_documented(reference: str) -> None:
    documented = re.findall(r"`(\w+)`", section(reference, "Skip reasons"))
    assert sorted(documented) == sorted(reason.value for reason in SkipReason)


def test_every_route_is_documented(reference: str, settings: Settings, database: Database) -> None:
    documented = set(re.findall(r"`(/[\w./-]*)`", section(reference, "Routes of `serve`")))
    site = make_site(
        settings=settings,
        database=database,
        clock=SystemClock(),
        mailer=RecordingMailer(),
        note_bug=lambda _error: Path(),
    )
    routes = [route for make_routes in ROUTES for route in make_routes(site)]
    paths = {route.path for route in routes if isinstance(route, Route)}
    served = {re.sub(r"{(\w+)}", lambda match: match[1].upper(), path) for path in paths}

    assert {path for path in served if not path.startswith("/dashboard/")} == documented


def test_every_key_of_a_campaign_is_documented(reference: str) -> None:
    page = section(reference, "campaign.yaml")
    schema = json.loads((REPOSITORY / "campaigns" / "campaign.schema.json").read_text())
    groups = [schema, *schema["$defs"].values()]
    keys = {key for group in groups for key in group.get("properties", {})}
    named = set(re.findall(r"\b[a-z]\w*\b", " ".join(re.findall(r"`([^`]+)`", page))))
    assert keys - named == set()


def test_every_template_name_is_documented() -> None:
    writing = (DOCS / "writing.md").read_text()
    table = writing[writing.index("## Merge fields") : writing.index("## Templates")]
    missing = [name for name in NAMES if f"`{name}" not in table]
    assert missing == [], names.__file__


def test_the_readme_leads_to_the_documentation() -> None:
    readme = (DOCS.parent / "README.md").read_text()
    assert {"docs/writing.md", "docs/operating.md", "docs/reference.md"} <= set(
        re.findall(r"\((docs/\w+\.md)\)", readme)
    )
