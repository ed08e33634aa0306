"""Rule about names: each has a default for subscribers without one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import nodes

from lovecampaign.checks.base.merge_fields import dotted_name, find_fields, walk_source
from lovecampaign.checks.base.rule import EmailDraft, EmailRule
from lovecampaign.core.problems import Problem

_NAMES = frozenset({"first_name", "subscriber.first_name", "subscriber.last_name"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bare:
    """A name that is printed without a default."""

    written: str
    line: int
    #: It has ``default("friend")``, without ``true``.
    has_half_a_default: bool = False


class MissingFallback(EmailRule, code="LC217"):
    """Every printed name has a default for readers without one.

    Many people sign up with an address only. Then "Hi {{ first_name }}," reads "Hi ,". A name
    that is not known is an empty text, not an undefined one: `default` needs its `true`.

    Bad:  Hi {{ first_name }},
    Good: Hi {{ first_name | default("friend", true) }},
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        for bare, passage in find_fields(draft, _find_bare):
            says = "is empty for readers without one"
            if bare.has_half_a_default:
                says = "has a default that an empty name does not use"
            hint = f'write {{{{ {bare.written} | default("friend", true) }}}}, with true'
            yield passage.warning(f"{bare.written} {says}", hint=hint)


@lru_cache(maxsize=256)
def _find_bare(source: str) -> tuple[_Bare, ...]:
    """Cached: most emails of a month share their templates."""
    if "{{" not in source:
        return ()
    return walk_source(source, lambda tree: _walk(tree, frozenset()))


def _walk(node: nodes.Node, tested: frozenset[str]) -> Iterator[_Bare]:
    """Bare names under a node; ``tested`` are the names that an ``if`` around it tests."""
    if isinstance(node, nodes.If):
        used = (node.test, *node.test.find_all((nodes.Name, nodes.Getattr)))
        within = tested | {_name(one) for one in used}
        for child in node.body:
            yield from _walk(child, within)
        for other in (*node.elif_, *node.else_):
            yield from _walk(other, tested)
        return
    if isinstance(node, nodes.Output):
        for printed in node.nodes:
            yield from _printed(printed, tested)
        return
    for child in node.iter_child_nodes():
        yield from _walk(child, tested)


def _printed(node: nodes.Node, tested: frozenset[str]) -> Iterator[_Bare]:
    """The names that an expression prints without a default."""
    if isinstance(node, nodes.Or | nodes.CondExpr):
        return
    if isinstance(node, nodes.Filter) and node.name in ("default", "d"):
        name = _name(node.node) if node.node else ""
        if name and not _has_true(node):
            yield _Bare(written=name, line=node.lineno, has_half_a_default=True)
        return
    if (name := _name(node)) and name not in tested:
        yield _Bare(written=name, line=node.lineno)
        return
    for child in node.iter_child_nodes():
        yield from _printed(child, tested)


def _has_true(node: nodes.Filter) -> bool:
    values = [*node.args[1:], *(one.value for one in node.kwargs if one.key == "boolean")]
    return any(isinstance(one, nodes.Const) and one.value is True for one in values)


def _name(node: nodes.Node) -> str:
    """``first_name`` or ``subscriber.first_name`` for a node that reads it; else empty."""
    name = dotted_name(node)
    return name if name in _NAMES else ""
