"""Static check of a Jinja source for unknown names, filters and tests.

It does not run the source, so it also finds what a ``default`` would hide:
``{{ frist_name | default("friend") }}`` would greet all subscribers as friend.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain

from jinja2 import TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables

from lovecampaign.campaign.source.quotes import MERGE_FIELD_START
from lovecampaign.core.problems import Place, Problem
from lovecampaign.core.suggestions import did_you_mean
from lovecampaign.render.model.problem_codes import RenderCode
from lovecampaign.render.templating.environment import GLOBALS, PARSER, open_parser
from lovecampaign.render.templating.filters import ALLOWED_FILTERS, ALLOWED_TESTS, REFUSED_FILTERS
from lovecampaign.render.templating.foreign_tags import hint_for_name, hint_for_syntax
from lovecampaign.render.templating.names import NAMES, PARTS

#: Sources with cached results: a month has some 120, of 20 kB at most.
_CACHED_SOURCES = 256
#: Names that hold others.
_WHOLE = frozenset(PARTS) | {"fields", "heroes"}
#: What to write instead of a name without parts.
_SINGLE = {"fields": "write fields.NAME", "heroes": "write {% for hero in heroes %}"}
#: Filters that print something else than what they are given.
_SUMMARIES = frozenset({"attr", "count", "length", "map", "selectattr", "dictsort"})
#: Jinja's own names inside macros, loops and blocks.
_BUILTINS = frozenset({"caller", "kwargs", "loop", "self", "super", "varargs"})


@dataclass(frozen=True, slots=True, kw_only=True)
class JinjaSource:
    """A Jinja source, and its place in its file."""

    text: str
    file: str
    #: The line of ``file`` on which the source begins.
    first_line: int = 1
    #: Names beyond those of every email: ``content``, and what other templates set.
    extra: frozenset[str] = field(default_factory=frozenset)

    def place(self, line: int, column: int | None = None) -> Place:
        return Place(file=self.file, line=self.first_line + line - 1, column=column)

    def line(self, number: int) -> str:
        lines = self.text.split("\n")
        return lines[number - 1] if 0 < number <= len(lines) else ""


@lru_cache(maxsize=_CACHED_SOURCES)
def check_names(source: JinjaSource) -> tuple[Problem, ...]:
    """Syntax errors, unknown names and parts of names, refused filters and tests.

    Cached: most emails of a month share their templates.
    """
    if "{" not in source.text:
        return ()
    try:
        tree = _parse(source)
        loaded = find_undeclared_variables(tree)
    except TemplateSyntaxError as error:
        message = error.message or ""
        opening = MERGE_FIELD_START.search(source.line(error.lineno))
        column = opening.start() + 1 if opening else None
        hint = hint_for_syntax(message, source.line(error.lineno))
        return (_syntax_problem(source, error.lineno, column, message, hint),)
    except RecursionError:
        message, hint = "brackets are nested too deep", "look for a long row of {{, ( or ["
        return (_syntax_problem(source, 1, None, message, hint),)
    finder = _UseFinder(source)
    return (
        *_unknown_names(source, tree, loaded, finder),
        *_unknown_parts(tree, loaded, finder),
        *_refused_filters(tree, finder),
        *_whole_objects(tree, loaded, finder),
    )


def _parse(source: JinjaSource) -> nodes.Template:
    environment = open_parser()
    tree = environment.parse(source.text, source.file, source.file)
    # Jinja stops at the first filter or test it does not know; we report all of them.
    for filter_ in tree.find_all(nodes.Filter):
        environment.filters.setdefault(filter_.name, _placeholder)
    for test in tree.find_all(nodes.Test):
        environment.tests.setdefault(test.name, _placeholder)
    return tree


def _placeholder(value: object) -> object:
    return value


@lru_cache(maxsize=_CACHED_SOURCES)
def names_set_in(source: str) -> frozenset[str]:
    """Names that a template sets, imports or takes as arguments: its includes can use them."""
    try:
        tree = PARSER.parse(source)
    except (TemplateSyntaxError, RecursionError):
        return frozenset()
    names = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}
    names |= {macro.name for macro in tree.find_all(nodes.Macro)}
    names |= {found.target for found in tree.find_all(nodes.Import)}
    for found in tree.find_all(nodes.FromImport):
        names |= {name if isinstance(name, str) else name[1] for name in found.names}
    return frozenset(names)


class _UseFinder:
    """Finds the column of the n-th use of a name in a line."""

    def __init__(self, source: JinjaSource) -> None:
        self._source = source
        self._seen: dict[tuple[int, str], int] = {}

    def problem(
        self,
        code: RenderCode,
        message: str,
        *,
        line: int,
        pattern: str,
        width: int,
        hint: str | None,
    ) -> Problem:
        """A problem about the next match of the pattern in a line."""
        text = self._source.line(line)
        uses = [found.start() for found in re.finditer(pattern, text)]
        index = self._seen.get((line, pattern), 0)
        self._seen[line, pattern] = index + 1
        column = uses[min(index, len(uses) - 1)] + 1 if uses else None
        return Problem(
            code=code,
            message=message,
            place=self._source.place(line, column),
            hint=hint,
            excerpt=text,
            width=width,
        )


def _unknown_names(
    source: JinjaSource, tree: nodes.Template, loaded: set[str], finder: _UseFinder
) -> Iterator[Problem]:
    known = NAMES | _BUILTINS | GLOBALS | source.extra
    unknown = loaded - known
    for use in tree.find_all(nodes.Name):
        if use.name in unknown and use.ctx == "load":
            near = did_you_mean(use.name, known - _BUILTINS - GLOBALS)
            yield finder.problem(
                RenderCode.UNKNOWN_NAME,
                f"emails have no name {use.name!r}",
                line=use.lineno,
                pattern=rf"(?<![\w.]){re.escape(use.name)}\b",
                width=len(use.name),
                hint=_owner_hint(use.name) or near or f"the names are: {_listed(NAMES)}",
            )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _owner_hint(name: str) -> str | None:
    """A hint for a bare ``last_name``, which must be ``subscriber.last_name``."""
    if known := hint_for_name(name):
        return known
    homes = [f"{owner}.{name}" for owner, parts in sorted(PARTS.items()) if name in parts]
    return f"write {homes[0]}" if homes else None


def _unknown_parts(tree: nodes.Template, loaded: set[str], finder: _UseFinder) -> Iterator[Problem]:
    uses: Iterable[nodes.Getattr | nodes.Getitem] = chain(
        tree.find_all(nodes.Getattr), tree.find_all(nodes.Getitem)
    )
    for use in uses:
        owner, part = _owner_and_part(use)
        if owner not in loaded or owner not in PARTS or part is None or part in PARTS[owner]:
            continue
        yield finder.problem(
            RenderCode.UNKNOWN_ATTRIBUTE_OF_NAME,
            f"{owner} has no part {part!r}",
            line=use.lineno,
            pattern=rf"\b{owner}\s*(?:\.\s*|\[\s*[\"']){re.escape(part)}\b",
            width=len(owner) + 1 + len(part),
            hint=did_you_mean(part, PARTS[owner]) or f"{owner} has: {_listed(PARTS[owner])}",
        )


def _owner_and_part(use: nodes.Getattr | nodes.Getitem) -> tuple[str | None, str | None]:
    owner = use.node.name if isinstance(use.node, nodes.Name) else None
    if isinstance(use, nodes.Getattr):
        return owner, use.attr
    value = use.arg.value if isinstance(use.arg, nodes.Const) else None
    return owner, value if isinstance(value, str) else None


def _whole_objects(tree: nodes.Template, loaded: set[str], finder: _UseFinder) -> Iterator[Problem]:
    """``{{ subscriber }}``: readers would see the object with everything that is in it."""
    printed = chain.from_iterable(output.nodes for output in tree.find_all(nodes.Output))
    for use in chain.from_iterable(map(_printed_names, printed)):
        if use.name in _WHOLE and use.name in loaded:
            parts = PARTS.get(use.name)
            yield finder.problem(
                RenderCode.WHOLE_OBJECT,
                f"{use.name} is printed whole, with everything in it",
                line=use.lineno,
                pattern=rf"(?<![\w.]){use.name}\b(?!\s*[.\[])",
                width=len(use.name),
                hint=f"{use.name} has: {_listed(parts)}" if parts else _SINGLE[use.name],
            )


def _printed_names(node: nodes.Node) -> Iterator[nodes.Name]:
    """The names that an expression may give as they are."""
    match node:
        case nodes.Name():
            yield node
        case nodes.Filter(node=nodes.Expr() as value) if node.name not in _SUMMARIES:
            yield from _printed_names(value)
        case nodes.CondExpr():
            for each in filter(None, (node.expr1, node.expr2)):
                yield from _printed_names(each)
        case nodes.Concat():
            for each in node.nodes:
                yield from _printed_names(each)
        case nodes.BinExpr():
            for each in (node.left, node.right):
                yield from _printed_names(each)


def _refused_filters(tree: nodes.Template, finder: _UseFinder) -> Iterator[Problem]:
    for use in (*tree.find_all(nodes.Filter), *tree.find_all(nodes.Test)):
        is_filter = isinstance(use, nodes.Filter)
        allowed: Mapping[str, object] = ALLOWED_FILTERS if is_filter else ALLOWED_TESTS
        if use.name in allowed or " " in use.name:
            continue
        kind = "filter" if is_filter else "test"
        reason = REFUSED_FILTERS.get(use.name) if is_filter else None
        yield finder.problem(
            RenderCode.FILTER_REFUSED,
            f"the {kind} {use.name!r} {'cannot be used in emails' if reason else 'is not known'}",
            line=use.lineno,
            pattern=rf"\b{re.escape(use.name)}\b",
            width=len(use.name),
            hint=reason or did_you_mean(use.name, allowed),
        )


def _syntax_problem(
    source: JinjaSource, line: int, column: int | None, message: str, hint: str | None
) -> Problem:
    return Problem(
        code=RenderCode.JINJA_SYNTAX,
        message=f"Jinja cannot read this: {message}",
        place=source.place(line, column),
        hint=hint,
        excerpt=source.line(line),
        width=2 if column else 1,
    )
