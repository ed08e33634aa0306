"""The filters and tests that templates may use, and how filters treat deferred values.

Most filters make a new value of their arguments, and can do that for each subscriber later. Some
return a captured piece as it is, and its printed source is more than its text: whether they do
becomes a guard, or is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any

from jinja2 import Undefined
from jinja2.filters import FILTERS
from jinja2.tests import TESTS
from jinja2.utils import _PassArg

from lovecampaign.render.templating.captured import is_printed_as_source
from lovecampaign.render.templating.limits import limited, spend_on_call
from lovecampaign.render.values.deferred import Deferred, Untraceable, find_deferred

Function = Callable[..., Any]

#: Pure functions of their arguments.
_PURE = frozenset({
    "abs", "attr", "batch", "capitalize", "center", "count", "d", "default", "dictsort",
    "filesizeformat", "first", "float", "format", "groupby", "indent", "int", "items", "join",
    "last", "length", "list", "lower", "map", "max", "min", "pprint", "reject", "rejectattr",
    "replace", "reverse", "round", "select", "selectattr", "slice", "sort", "string",
    "striptags", "sum", "title", "trim", "truncate", "unique", "upper", "urlencode",
    "wordcount", "wordwrap",
})  # fmt: skip


def _identity(value: object) -> object:
    """``e`` and ``escape``: every printed value is escaped for its context anyway."""
    return value


ALLOWED_FILTERS: Mapping[str, Function] = {
    **{name: limited(name, FILTERS[name]) for name in sorted(_PURE)},
    "e": _identity,
    "escape": _identity,
}

_ESCAPED_HERE = "every value is escaped for its place, so it is not needed"
_UNESCAPED = "it would let a reader's own text become part of the email's code"

#: Filters of Jinja's manual that are not allowed, with the reason.
REFUSED_FILTERS: Mapping[str, str] = {
    "forceescape": _ESCAPED_HERE,
    "safe": _UNESCAPED,
    "tojson": "an email runs no scripts",
    "urlize": "write [text](address) in Markdown, or <a href> in a template",
    "xmlattr": "write the attributes out, with a value inside the quotes",
    "random": "a retry must be the same message, byte for byte",
}

ALLOWED_TESTS: Mapping[str, Any] = {name: test for name, test in TESTS.items() if name != "escaped"}
#: Depend on the number and order of items, never on the items: these may see deferred ones.
_POSITIONAL = frozenset({"batch", "count", "first", "items", "last", "length", "list", "reverse"})
#: Always make a new text or number.
_MAKE_NEW_VALUES = frozenset({
    "abs", "capitalize", "center", "count", "filesizeformat", "float", "format", "indent",
    "int", "join", "length", "lower", "pprint", "replace", "round", "striptags", "title",
    "trim", "upper", "urlencode", "wordcount", "wordwrap",
})  # fmt: skip
#: Return their argument.
_IDENTITY = frozenset({"e", "escape"})
_DEFAULTS = frozenset({"d", "default"})


def deferring_filter(name: str, function: Function, for_one: Function) -> Function:
    """The filter for values that may be deferred; ``for_one`` applies it to one subscriber's."""
    takes_context = _PassArg.from_obj(function) is not None

    @wraps(function)
    def apply(*args: Any, **kwargs: Any) -> Any:
        given = args[1:] if takes_context else args
        found = find_deferred([*given, *kwargs.values()])
        if found is None or _ignores_values(name, given[0]):
            result = function(*args, **kwargs)
            spend_on_call(given, result)
            return result
        if name in _DEFAULTS:
            return _default(for_one, *given, **kwargs)
        if _returns_source(name, for_one, given, kwargs):
            return given[0]
        if name not in _MAKE_NEW_VALUES:
            refuse_sources([*_inside(given[0]), *given[1:], *kwargs.values()])
        return found.__apply__(for_one, *given, **kwargs)

    return apply


def refuse_sources(values: Any) -> None:
    """Refuse captured pieces: a filter may return them, and they would lose their source."""
    for one in _inside(values):
        if is_printed_as_source(one):
            raise Untraceable("a captured piece meets a personal value in a filter")
        refuse_sources(one)


def _ignores_values(name: str, value: Any) -> bool:
    """Whether a filter does the same for all values of deferred items."""
    return name in _IDENTITY or (name in _POSITIONAL and not isinstance(value, Deferred))


def _returns_source(
    name: str, for_one: Function, given: Sequence[Any], keywords: Mapping[str, Any]
) -> bool:
    """Whether a captured piece is returned unchanged."""
    if not is_printed_as_source(given[0]):
        return False
    return name == "string" or (name == "truncate" and _is_unchanged(for_one, *given, **keywords))


def _default(
    for_one: Function,
    value: Any,
    default_value: Any = "",
    boolean: bool = False,  # noqa: FBT001, FBT002 - Jinja's own signature
) -> Any:
    """The choice becomes a guard if one of the two prints its source."""
    if isinstance(value, Deferred) and not any(map(is_printed_as_source, (value, default_value))):
        return value.__apply__(for_one, value, default_value, boolean)
    if isinstance(value, Deferred):
        return default_value if value.__decide__(_is_missing, boolean) else value
    return FILTERS["default"](value, default_value, boolean)


def _is_unchanged(for_one: Function, value: Any, *args: Any, **kwargs: Any) -> bool:
    """Whether a filter returns its argument; the answer becomes a guard."""
    return isinstance(value, Deferred) and bool(
        value.__apply__(for_one, value, *args, **kwargs) == value
    )


def _is_missing(value: Any, boolean: bool) -> bool:  # noqa: FBT001 - Jinja's own signature
    return isinstance(value, Undefined) or (boolean and not value)


def _inside(values: Any) -> Iterable[Any]:
    if isinstance(values, dict):
        return values.values()
    return values if isinstance(values, list | tuple) else ()
