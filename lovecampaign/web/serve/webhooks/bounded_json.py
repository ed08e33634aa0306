"""JSON of programs, with bounds on its depth and its numbers."""

from __future__ import annotations

import json

#: Calls and events are flat: three levels.
MAX_DEPTH = 20
#: CPython limits int() of a text to 4,300 digits; both databases end at 19.
_MAX_DIGITS = 19


class MalformedJson(Exception):
    """The body is not JSON that we accept; the message is for the sender's developer."""


def read_json(body: bytes) -> object:
    """The value of a body in UTF-8; longer whole numbers stay text. Raises MalformedJson.

    The depth is bounded here: what was just shallow enough to be read might be too deep for the
    code that works on it.
    """
    try:
        value: object = json.loads(body, parse_int=_read_int)
    except RecursionError as error:
        raise MalformedJson(_TOO_DEEP) from error
    except ValueError as error:
        raise MalformedJson("the body is not JSON") from error
    _require_shallow(value)
    return value


_TOO_DEEP = f"the body is nested more than {MAX_DEPTH} levels deep"


def _require_shallow(value: object) -> None:
    level: list[object] = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [child for one in level for child in _children(one)]
        if not level:
            return
    raise MalformedJson(_TOO_DEEP)


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _read_int(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MAX_DIGITS else digits
