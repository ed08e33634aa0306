"""A pattern that is compiled late matches what it would match if it were compiled at once."""

from __future__ import annotations

import re
from itertools import product

import pytest

from lovecampaign.checks.base.locate import LazyPattern
from lovecampaign.checks.rules.deal import deadline
from lovecampaign.checks.rules.message import confirmation
from lovecampaign.checks.rules.method import promises

DAYS = (
    *("tomorrow", "Tomorrow’s letter", "DEMAIN", "domani", "amanhã", "Mañana", "morgen", "day 9"),
    *("Friday", "le dimanche", "am Sonntag", "on MONDAY", "segunda-feira", "Friday, 5 March", ""),
)
WORDS = (
    *("you will meet", "du bekommst", "vous recevrez", "the next letter", "we open", "öffnet", ""),
    *(
        "nous ouvrons",
        "until",
        "bis",
        "our special offer",
        "the story of",
        "kommt der nächste Brief",
    ),
)
SENTENCES = [
    f"{one} {join}{other}."
    for first, second, join in product(DAYS, WORDS, ("", "it ends on "))
    for one, other in ((first, second), (second, first))
]
PATTERNS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": value
    for module in (promises, deadline, confirmation)
    for name, value in vars(module).items()
    if isinstance(value, LazyPattern)
}


@pytest.mark.parametrize("name", PATTERNS)
def test_what_a_pattern_needs_leaves_no_match_out(name: str) -> None:
    lazy = PATTERNS[name]
    found = [[each[0] for each in lazy.finditer(text)] for text in SENTENCES]
    assert found == [[each[0] for each in lazy.pattern.finditer(text)] for text in SENTENCES]
    assert any(found)
    assert sum(map(bool, found)) == sum(lazy.search(text) is not None for text in SENTENCES)


def test_a_pattern_is_compiled_for_a_text_that_may_match() -> None:
    compiled: list[str] = []

    def compile_it() -> re.Pattern[str]:
        compiled.append("once")
        return re.compile("a good day")

    lazy = LazyPattern(compile_it, needs=re.compile("day"))
    assert lazy.search("a good letter") is None
    assert compiled == []
    assert lazy.search("today") is None
    assert [found.start() for found in lazy.finditer("It is a good day")] == [6]
    assert compiled == ["once"]
