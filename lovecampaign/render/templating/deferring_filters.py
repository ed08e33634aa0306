"""What does a filter do with a deferred value? It waits, as far as that can be followed.

Most filters make a new value of what they are given, and can do that for each person later.
Some would hand on a captured piece, whose printed source is more than its text: what becomes of
that is decided now, as a guard, or refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any

from jinja2 import Undefined
from jinja2.filters import FILTERS
from jinja2.utils import _PassArg

from lovecampaign.render.templating.captured import is_printed_as_source
from lovecampaign.render.values.deferred import Deferred, Untraceable, find_deferred

Function = Callable[..., Any]

#: Look at how many there are and where, never at what they are: these may see deferred items.
_OF_PLACES = frozenset({"batch", "count", "first", "items", "last", "length", "list", "reverse"})
#: Make a new text or number, whatever they are given.
_OF_NEW_VALUES = frozenset(
    {
        "abs",
        "capitalize",
        "center",
        "count",
        "filesizeformat",
        "float",
        "format",
        "indent",
        "int",
        "join",
        "length",
        "lower",
        "pprint",
        "replace",
        "round",
        "striptags",
        "title",
        "trim",
        "upper",
        "urlencode",
        "wordcount",
        "wordwrap",
    }
)
#: Hand on what they are given.
_AS_THEY_ARE = frozenset({"e", "escape"})
_DEFAULTS = frozenset({"d", "default"})


def deferring_filter(name: str, function: Function, for_one: Function) -> Function:
    """A filter that waits; ``for_one`` applies it to one person's values, without a template."""
    takes_context = _PassArg.from_obj(function) is not None

    @wraps(function)
    def apply(*args: Any, **kwargs: Any) -> Any:
        given = args[1:] if takes_context else args
        found = find_deferred([*given, *kwargs.values()])
        if found is None or _looks_at_no_value(name, given[0]):
            return function(*args, **kwargs)
        if name in _DEFAULTS:
            return _default(for_one, *given, **kwargs)
        if _hands_on_its_source(name, for_one, given, kwargs):
            return given[0]
        if name not in _OF_NEW_VALUES:
            refuse_sources([*_inside(given[0]), *given[1:], *kwargs.values()])
        return found.__apply__(for_one, *given, **kwargs)

    return apply


def refuse_sources(values: Any) -> None:
    """A filter may hand these on, and then they would be printed as what they are not."""
    for one in _inside(values):
        if is_printed_as_source(one):
            raise Untraceable("a captured piece meets a personal value in a filter")
        refuse_sources(one)


def _looks_at_no_value(name: str, value: Any) -> bool:
    """Whether a filter does the same whatever stands behind the deferred values."""
    return name in _AS_THEY_ARE or (name in _OF_PLACES and not isinstance(value, Deferred))


def _hands_on_its_source(
    name: str, for_one: Function, given: Sequence[Any], keywords: Mapping[str, Any]
) -> bool:
    """Whether a captured piece comes out as it went in."""
    if not is_printed_as_source(given[0]):
        return False
    return name == "string" or (name == "truncate" and _stays_as_it_is(for_one, *given, **keywords))


def _default(
    for_one: Function,
    value: Any,
    default_value: Any = "",
    boolean: bool = False,  # noqa: FBT001, FBT002 - Jinja's own signature
) -> Any:
    """Where one of the two prints its source it matters which, so that becomes a guard."""
    if isinstance(value, Deferred) and not any(map(is_printed_as_source, (value, default_value))):
        return value.__apply__(for_one, value, default_value, boolean)
    if isinstance(value, Deferred):
        return default_value if value.__decide__(_is_missing, boolean) else value
    return FILTERS["default"](value, default_value, boolean)


def _stays_as_it_is(for_one: Function, value: Any, *args: Any, **kwargs: Any) -> bool:
    """Whether a filter hands on a piece that prints its source; that becomes a guard."""
    return isinstance(value, Deferred) and bool(
        value.__apply__(for_one, value, *args, **kwargs) == value
    )


def _is_missing(value: Any, boolean: bool) -> bool:  # noqa: FBT001 - Jinja's own signature
    return isinstance(value, Undefined) or (boolean and not value)


def _inside(values: Any) -> Iterable[Any]:
    if isinstance(values, dict):
        return values.values()
    return values if isinstance(values, list | tuple) else ()
