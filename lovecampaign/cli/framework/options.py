"""Options that every command takes, before the verb and after it, and converters of values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from lovecampaign.audience.address import InvalidAddress, normalise
from lovecampaign.cli.framework.registry import COMMON_OPTIONS
from lovecampaign.core.clock import parse_instant
from lovecampaign.core.errors import UsageError

#: Beyond these, time zones and sums of times stop making sense.
FIRST_YEAR, LAST_YEAR = 1970, 2199
MOST_PROCESSES = 64
HELP_OPTIONS = ("--help", "-h")
Decorated = TypeVar("Decorated", bound=Callable[..., Any] | click.Command)

#: Key of the given values in ``click.Context.meta``, which a verb shares with its parents.
_GIVEN = "lovecampaign.options"


class CommonOption(click.Option):
    """An option of every command; given twice, the later one (nearer to the end) wins."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, expose_value=False, callback=_remember, **kwargs)


def read_instant(text: str) -> datetime:
    """ISO 8601 with an offset; a click converter."""
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


def read_address(text: str) -> str:
    """The normalised form of an email address; raises UsageError for an invalid one."""
    try:
        return normalise(text.strip())
    except InvalidAddress as error:
        raise UsageError(f"{text} is not an email address: {error}") from error


def port_option(default: int) -> Callable[[Decorated], Decorated]:
    """``--port``, to serve the pages at."""
    return click.option(
        "--port",
        type=click.IntRange(0, 65535),
        default=default,
        show_default=True,
        help="0 takes any free one.",
    )


def processes_option(command: Decorated) -> Decorated:
    """``--processes``, of the commands that send what is due."""
    option = click.option(
        "--processes",
        type=click.IntRange(1, MOST_PROCESSES),
        default=1,
        show_default=True,
        metavar="N",
        help="Send with N processes at once.",
    )
    return option(command)


def common_options(command: Decorated) -> Decorated:
    """Add the options of every command."""
    for decorate in reversed(_COMMON):
        command = decorate(command)
    return command


def given_options(ctx: click.Context) -> Mapping[str, Any]:
    """The common options that were given, before the verb or after it."""
    given: dict[str, Any] = ctx.meta.get(_GIVEN, {})
    return given


def split_options(
    parameters: Iterable[click.Parameter],
) -> Iterator[tuple[str, Sequence[click.Option]]]:
    """The options of a help page, under their headings."""
    options = [option for option in parameters if isinstance(option, click.Option)]
    yield "Options", [option for option in options if not isinstance(option, CommonOption)]
    yield "Every command", [option for option in options if isinstance(option, CommonOption)]


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value and param.name:
        ctx.meta.setdefault(_GIVEN, {})[param.name] = value


def _option(*names: str, meaning: str, **settings: Any) -> Callable[[Decorated], Decorated]:
    return click.option(*names, cls=CommonOption, help=COMMON_OPTIONS[meaning], **settings)


_COMMON = (
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
