"""Addresses of a command line, or one a line on standard input, to take off lists together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lovecampaign.audience.address import InvalidAddress, normalise
from lovecampaign.audience.cells import clean
from lovecampaign.cli.framework.options import read_address
from lovecampaign.cli.output.format import count_of
from lovecampaign.cli.output.output import Output
from lovecampaign.cli.output.result import Result
from lovecampaign.core.errors import ExitCode, UsageError
from lovecampaign.core.problems import Place, Problem

#: In place of an address: one a line on standard input.
STDIN = "-"
_SHOWN_AS = "standard input"


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedAddresses:
    """The addresses of a command, and what is none."""

    #: As typed, by the normalised address.
    by_key: Mapping[str, str]
    problems: Sequence[Problem] = field(default_factory=tuple)
    #: One address that was typed: the result names it.
    is_single: bool = False

    @property
    def keys(self) -> Sequence[str]:
        return list(self.by_key)


def read_addresses(words: Sequence[str], output: Output) -> TypedAddresses:
    """Every valid address, and a problem for each line or word that is none.

    Raises UsageError where there is no valid one.
    """
    if len(words) == 1 and words[0] != STDIN:
        return TypedAddresses(by_key={read_address(words[0]): words[0]}, is_single=True)
    by_key: dict[str, str] = {}
    problems: list[Problem] = []
    for text, place in _read_words(words, output):
        try:
            by_key.setdefault(normalise(text), text)
        except InvalidAddress as error:
            message = f"{text} is not an email address: {error}"
            problems.append(Problem(code="address", message=message, place=place))
    if not by_key:
        raise UsageError(
            problems[0].message if problems else f"there is no address on {_SHOWN_AS}",
            hint="write one address a line, and nothing else",
        )
    return TypedAddresses(by_key=by_key, problems=problems)


def report_addresses(
    typed: TypedAddresses,
    changed: int,
    words_for: Callable[[int], str],
    warnings: Sequence[Problem],
) -> Result:
    """The end of the command. ``words_for``: what happened to that many addresses."""
    if typed.is_single:
        (address,) = typed.by_key.values()
        return Result(
            data={"email": address, "changed": bool(changed)},
            text=f"{address} {words_for(1)}{'' if changed else ' already'}.",
            problems=warnings,
            next_command=f"lovecampaign subscribers show {address}",
        )
    unchanged, rejected = len(typed.by_key) - changed, len(typed.problems)
    text = f"{count_of(len(typed.by_key), 'address')} {words_for(len(typed.by_key))}"
    return Result(
        data={
            "read": len(typed.by_key) + rejected,
            "changed": changed,
            "unchanged": unchanged,
            "rejected": rejected,
        },
        text=f"{text}: {changed:,} new, {unchanged:,} already, {rejected:,} rejected.",
        problems=[*warnings, *typed.problems],
        exit_code=ExitCode.PROBLEMS if rejected else ExitCode.DONE,
        next_command="lovecampaign status",
    )


def _read_words(words: Sequence[str], output: Output) -> Iterator[tuple[str, Place | None]]:
    """Each text that should be an address, and its line on standard input."""
    for word in words:
        if word != STDIN:
            yield word.strip(), None
            continue
        for number, line in enumerate(output.read_lines(), start=1):
            if text := clean(line).strip("\"',;<>"):
                yield text, Place(file=_SHOWN_AS, line=number)
