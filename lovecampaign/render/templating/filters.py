"""Which filters may templates use, and why not the others?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2.filters import FILTERS
from jinja2.tests import TESTS

#: Filters that only look at their argument and give the same answer every time.
_PURE = frozenset(
    {
        "abs",
        "attr",
        "batch",
        "capitalize",
        "center",
        "count",
        "d",
        "default",
        "dictsort",
        "filesizeformat",
        "first",
        "float",
        "format",
        "groupby",
        "indent",
        "int",
        "items",
        "join",
        "last",
        "length",
        "list",
        "lower",
        "map",
        "max",
        "min",
        "pprint",
        "reject",
        "rejectattr",
        "replace",
        "reverse",
        "round",
        "select",
        "selectattr",
        "slice",
        "sort",
        "string",
        "striptags",
        "sum",
        "title",
        "trim",
        "truncate",
        "unique",
        "upper",
        "urlencode",
        "wordcount",
        "wordwrap",
    }
)


def _as_it_is(value: object) -> object:
    """``e`` and ``escape``: every printed value is escaped for its place anyway."""
    return value


ALLOWED_FILTERS: Mapping[str, Callable[..., Any]] = {
    **{name: FILTERS[name] for name in sorted(_PURE)},
    "e": _as_it_is,
    "escape": _as_it_is,
}

_ESCAPED_HERE = "every value is escaped for the place where it stands, so it is not needed"
_UNESCAPED = "it would let a reader's own text become part of the email's code"

#: Filters of Jinja's manual that are left out here, with the reason.
REFUSED_FILTERS: Mapping[str, str] = {
    "forceescape": _ESCAPED_HERE,
    "safe": _UNESCAPED,
    "tojson": "an email runs no scripts",
    "urlize": "write [text](address) in Markdown, or <a href> in a template",
    "xmlattr": "write the attributes out, with a value inside the quotes",
    "random": "a retry must be the same message, byte for byte",
}

ALLOWED_TESTS: Mapping[str, Any] = {name: test for name, test in TESTS.items() if name != "escaped"}
