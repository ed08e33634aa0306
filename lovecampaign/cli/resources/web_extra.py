"""For verbs that serve pages: ``--port``, and the packages of the extra ``web``."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import TypeVar

import click

from lovecampaign.core.errors import UsageError

_Verb = TypeVar("_Verb", bound=Callable[..., object])


def port_option(default: int) -> Callable[[_Verb], _Verb]:
    """``--port``, to serve the pages at."""
    return click.option(
        "--port",
        type=click.IntRange(0, 65535),
        default=default,
        show_default=True,
        help="0 takes any free one.",
    )


def require_packages(verb: str, *modules: str) -> None:
    """Raises UsageError for packages that are missing: the extra is not installed by default."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"{verb} needs {', '.join(missing)}", hint="type: pip install 'lovecampaign[web]'"
        )
