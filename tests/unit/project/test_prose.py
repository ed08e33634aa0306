"""Docstrings and comments are statements in standard terms (CONTRIBUTING.md, "Words")."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.support.paths import REPOSITORY

FILES = [
    file
    for file in sorted((REPOSITORY / "lovecampaign").rglob("*.py"))
    if "versions" not in file.parts
]
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_PERSONS = re.compile(
    r"\b(?:somebody|nobody|everybody|whoever|whose|whom|anybody)\b", re.IGNORECASE
)
#: Of 1,000 words; seven model projects have 0.0 to 0.5.
MOST_PERSON_WORDS = 0.5
#: What was written in place of a usual word, and what to write.
INDIRECTIONS = {
    r"mend(?:s|ed|ing)?": "fix",
    r"(?:is|are|was|were) away": "cannot be reached",
    r"lets? no mail": "rejects the login",
    r"stands? (?:in|on|there|beside|behind|alone)": "is",
    r"lanes?": "connection",
    r"slips?": "typo, mistake",
    r"(?:is|are) told": "is reported",
    r"make-believe": "reserved, made up",
    r"work(?:s|ed)? out": "compute",
    r"rapport": "server history",
    r"crowd": "group commit",
    r"wishes": "options, preferences",
    r"troubles?": "fault, problem",
    r"fates?": "disposition",
    r"who is": "name it",
    r"riddles?": "name it",
}
_INDIRECTION = re.compile(rf"\b(?:{'|'.join(INDIRECTIONS)})\b", re.IGNORECASE)


class Text(NamedTuple):
    """A docstring or a comment, and its place."""

    place: str
    is_docstring: bool
    words: str


def texts_of(source: str, name: str) -> Iterator[Text]:
    """All docstrings and comments of a source text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, _DOCUMENTED) and (words := ast.get_docstring(node)):
            yield Text(f"{name}:{node.body[0].lineno}", is_docstring=True, words=words)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            words = token.string.lstrip("#: ")
            yield Text(f"{name}:{token.start[0]}", is_docstring=False, words=words)


TEXTS = [
    text
    for file in FILES
    for text in texts_of(file.read_text("utf-8"), str(file.relative_to(REPOSITORY)))
]


def is_question(text: Text) -> bool:
    return text.is_docstring and text.words.split("\n\n")[0].rstrip().endswith("?")


def indirections_in(text: Text) -> list[str]:
    return [match[0] for match in _INDIRECTION.finditer(text.words)]


def test_no_docstring_opens_with_a_question() -> None:
    assert [text.place for text in TEXTS if is_question(text)] == []


def test_what_acts_is_named() -> None:
    """ "Somebody" and its kin hide the subscriber, the worker or the caller that is meant."""
    found = [
        f"{text.place}: {match[0]}" for text in TEXTS for match in _PERSONS.finditer(text.words)
    ]
    words = sum(len(text.words.split()) for text in TEXTS)

    assert len(found) * 1000 / words <= MOST_PERSON_WORDS, "\n".join(found)


def test_the_usual_word_is_used() -> None:
    assert [f"{text.place}: {word}" for text in TEXTS for word in indirections_in(text)] == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(file.relative_to(REPOSITORY))
        for file in FILES
        if ast.get_docstring(ast.parse(file.read_text("utf-8"))) is None
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("source", "questions", "indirections"),
    [
        ('"""Who gets it?"""', 1, 0),
        ('"""Recipients of an email."""', 0, 0),
        ('"""Answers "who?" in SQL.\n\nWhy not in Python?"""', 0, 0),
        ("def f():\n    '''Is it due?\n\n    Yes.'''", 1, 0),
        ("x = 1  # the lane mends itself", 0, 2),
        ('x = "a lane?"', 0, 0),
    ],
)
def test_texts_are_found_and_judged(source: str, questions: int, indirections: int) -> None:
    texts = list(texts_of(source, "a.py"))

    assert sum(map(is_question, texts)) == questions
    assert sum(len(indirections_in(text)) for text in texts) == indirections
