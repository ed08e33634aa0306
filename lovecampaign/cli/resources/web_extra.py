"""What do the verbs share that show pages? A port, and parts of the extra ``web``."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import TypeVar

import click

from lovecampaign.core.errors import UsageError

_Verb = TypeVar("_Verb", bound=Callable[..., object])


def port_option(default: int) -> Callable[[_Verb], _Verb]:
    """``--port``, where the pages will be."""
    return click.option(
        "--port",
        type=click.IntRange(0, 65535),
        default=default,
        show_default=True,
        help="0 takes any free one.",
    )


def require_parts(who: str, *modules: str) -> None:
    """Raises UsageError for those that are not installed: pip leaves the extra out by default."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"{who} needs {', '.join(missing)}", hint="type: pip install 'lovecampaign[web]'"
        )
