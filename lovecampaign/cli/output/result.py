"""What does a verb hand back to be shown?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from lovecampaign.core.errors import ExitCode
from lovecampaign.core.problems import Problem

#: What JSON can say.
Data: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The end of a command: the same facts once for programs and once for people."""

    data: Data = field(default_factory=dict)
    #: For people; may be styled, the output takes styles off where they would hurt.
    text: str = ""
    #: What is wrong: where the exit code is not 0, here or in ``told`` stands an error.
    problems: Sequence[Problem] = ()
    #: Problems that the text tells already, in the verb's own way: only programs hear of them.
    told: Sequence[Problem] = ()
    #: The command said everything in lines on its way: no envelope comes at the end.
    is_told: bool = False
    exit_code: ExitCode = ExitCode.DONE
    #: What to type next, whole: ``lovecampaign plan spring``.
    next_command: str | None = None
