"""Which options does every command take, before the verb and after it?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from lovecampaign.cli.framework.help_page import EVERYWHERE
from lovecampaign.core.clock import parse_instant

#: Beyond these, time zones and sums of times stop making sense.
FIRST_YEAR, LAST_YEAR = 1970, 2199
HELP_OPTIONS = ("--help", "-h")
Decorated = TypeVar("Decorated", bound=Callable[..., Any] | click.Command)

#: Where the given values wait in ``click.Context.meta``, which a verb shares with its parents.
_GIVEN = "lovecampaign.options"


class EverywhereOption(click.Option):
    """An option of every command; given twice, the later one (nearer to the end) wins."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, expose_value=False, callback=_remember, **kwargs)


def read_instant(text: str) -> datetime:
    """ISO 8601 with an offset, as click converts an option's value."""
    try:
        instant = parse_instant(text)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(str(error)) from error
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise click.BadParameter(f"{text} is not between {FIRST_YEAR} and {LAST_YEAR}")
    return instant


def read_name(text: str) -> str:
    """A name that is not empty: an unset variable of a shell must not mean "all"."""
    if not text.strip():
        raise click.BadParameter("it is empty")
    return text.strip()


def everywhere(command: Decorated) -> Decorated:
    """Add the options of every command."""
    for decorate in reversed(_EVERYWHERE):
        command = decorate(command)
    return command


def given_options(ctx: click.Context) -> Mapping[str, Any]:
    """What was given of them, before the verb or after it; nothing for what was not."""
    given: dict[str, Any] = ctx.meta.get(_GIVEN, {})
    return given


def split_options(
    parameters: Iterable[click.Parameter],
) -> Iterator[tuple[str, Sequence[click.Option]]]:
    """The options of a help page, under their headings."""
    options = [option for option in parameters if isinstance(option, click.Option)]
    yield "Options", [option for option in options if not isinstance(option, EverywhereOption)]
    yield "Everywhere", [option for option in options if isinstance(option, EverywhereOption)]


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value and param.name:
        ctx.meta.setdefault(_GIVEN, {})[param.name] = value


def _option(*names: str, meaning: str, **settings: Any) -> Callable[[Decorated], Decorated]:
    return click.option(*names, cls=EverywhereOption, help=EVERYWHERE[meaning], **settings)


_EVERYWHERE = (
    _option("--json", "as_json", is_flag=True, meaning="--json"),
    _option("--now", type=read_instant, metavar="INSTANT", meaning="--now INSTANT"),
    _option("--no-input", is_flag=True, meaning="--no-input"),
    _option("--quiet", is_flag=True, meaning="--quiet"),
    _option("-v", "verbose", count=True, meaning="-v"),
    _option("--no-color", is_flag=True, meaning="--no-color"),
    _option(
        "-C",
        "directory",
        metavar="DIR",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        meaning="-C DIR",
    ),
)
