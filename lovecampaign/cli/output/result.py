"""The result of a command, and the JSON form of the values in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from lovecampaign.core.clock import format_instant
from lovecampaign.core.errors import ExitCode
from lovecampaign.core.problems import Problem

#: An object of JSON; :func:`to_json` writes what JSON itself does not know.
Data: TypeAlias = Mapping[str, object]
#: Metadata of a dataclass field that JSON leaves out.
NOT_IN_JSON = MappingProxyType({"json": False})


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The end of a command: the same facts once for programs and once for people."""

    data: Data = field(default_factory=dict)
    #: For people; may be styled, the output removes styles where they do not belong.
    text: str = ""
    #: An exit code other than 0 needs an error here or in ``json_problems``.
    problems: Sequence[Problem] = ()
    #: Problems that the text already reports: only the JSON envelope lists them.
    json_problems: Sequence[Problem] = ()
    #: Everything was printed line by line: no envelope follows at the end.
    is_streamed: bool = False
    exit_code: ExitCode = ExitCode.DONE
    #: What to type next, whole: ``lovecampaign plan spring``.
    next_command: str | None = None


def to_json(value: object) -> object:
    """The JSON form of a value, for ``json.dumps(default=to_json)``.

    Dataclasses become objects of their fields, instants are UTC with ``Z``, enums their values.
    """
    match value:
        case datetime():
            return format_instant(value)
        case Problem():
            return value.as_json()
        case Enum():
            return value.value
        case Path():
            return str(value)
        case Mapping():
            return dict(value)
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        return {f.name: getattr(value, f.name) for f in fields if f.metadata.get("json", True)}
    raise TypeError(f"{type(value).__name__} has no form in JSON")
