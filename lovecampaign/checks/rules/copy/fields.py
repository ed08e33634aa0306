"""Rule about custom fields: each has a default, or all subscribers have it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from jinja2 import nodes

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.checks.base.facts import EmailFacts
from lovecampaign.checks.base.merge_fields import dotted_name, find_fields, walk_source
from lovecampaign.checks.base.rule import EmailDraft, EmailRule
from lovecampaign.core.errors import ProblemsFound
from lovecampaign.core.problems import Problem, Severity
from lovecampaign.render.model.template_files import TemplateFiles

_DEFAULTS = frozenset({"default", "d"})
_Node = TypeVar("_Node", bound=nodes.Node)
_BRANCHES = (nodes.If, nodes.CondExpr, nodes.And, nodes.Or)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """A field that is used without a default."""

    name: str
    #: As in the source: ``fields.pet``.
    written: str
    line: int


class NeededField(EmailRule, code="LC219"):
    """Every field has a default for readers without it.

    A reader without the field does not get the letter: there would be a gap in it. With a
    database, check counts the readers who have the field; one that no reader has is an error.

    Bad:  How is {{ fields.pet }}?
    Good: How is {{ fields.pet | default("your garden") }}?
    Good: {% if fields.pet is defined %}How is {{ fields.pet }}?{% endif %}
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        seen = set()
        for use, passage in find_fields(draft, _find_uses):
            told = None if use.name in seen else _judge(use, draft.email, draft.facts)
            seen.add(use.name)
            if told:
                message, severity = told
                yield passage.problem(
                    message,
                    hint=f"import the field, or add words for readers without it: "
                    f'{{{{ {use.written} | default("your words") }}}}',
                    severity=severity,
                )


def needed_fields(campaign: Campaign) -> frozenset[str]:
    """Every field that an email of the campaign uses without a default."""
    sources: set[str] = set()
    files = TemplateFiles(campaign)
    for email in campaign.emails:
        sources |= {email.subject, email.preheader, email.copy.text}
        with suppress(ProblemsFound):  # reported by the check of that email
            sources |= set(files.sources(email).values())
    return frozenset(use.name for source in sources for use in _find_uses(source))


def _judge(use: _Use, email: Email, facts: EmailFacts) -> tuple[str, Severity] | None:
    """Message and severity for a field; None where every subscriber has it."""
    reachable = facts.reachable
    if not reachable:
        says = f"without {use.written} does not get this letter"
        return f"{email.key}: a reader {says}", Severity.WARNING
    known = facts.known_fields.get(use.name, 0)
    if known == 0:
        return f"no subscriber has the field {use.name}, so no one gets {email.key}", Severity.ERROR
    if known == reachable or email.tags.with_tags:
        return None
    lacking = f"{reachable - known:,} of {reachable:,} readers"
    return f"{lacking} have no field {use.name}, and do not get {email.key}", Severity.WARNING


@lru_cache(maxsize=256)
def _find_uses(source: str) -> tuple[_Use, ...]:
    """Cached: most emails of a month share their templates."""
    if "fields" not in source:
        return ()
    return walk_source(source, lambda tree: _walk(tree, frozenset()))


def _walk(node: nodes.Node, known: frozenset[str]) -> Iterator[_Use]:
    """Uses under a node; ``known`` are the fields that a condition around it tests."""
    if isinstance(node, _BRANCHES):
        known |= frozenset(_asked_for(node))
    if isinstance(node, nodes.Filter) and node.name in _DEFAULTS:
        yield from _walk_all([*node.args, *node.kwargs], known)
        return
    if isinstance(node, nodes.Test) and node.name in ("defined", "undefined"):
        return
    use = _use(node)
    if use is not None and use.name not in known:
        yield use
    yield from _walk_all(node.iter_child_nodes(), known)


def _walk_all(children: Iterable[nodes.Node], known: frozenset[str]) -> Iterator[_Use]:
    for child in children:
        yield from _walk(child, known)


def _asked_for(node: nodes.Node) -> Iterator[str]:
    """Fields that a condition tests safely, also where they are missing."""
    asked = node.test if isinstance(node, nodes.If | nodes.CondExpr) else node
    for test in _all(asked, nodes.Test):
        if test.name in ("defined", "undefined") and (use := _use(test.node)):
            yield use.name
    for used in _all(asked, nodes.Filter):
        if used.name in _DEFAULTS and used.node is not None and (use := _use(used.node)):
            yield use.name
    for compared in _all(asked, nodes.Compare):
        if isinstance(compared.expr, nodes.Const) and compared.ops[0].op in ("in", "notin"):
            yield str(compared.expr.value)


def _all(node: nodes.Node, kind: type[_Node]) -> Iterator[_Node]:
    if isinstance(node, kind):
        yield node
    yield from node.find_all(kind)


def _use(node: nodes.Node) -> _Use | None:
    """The field that a node reads, as ``fields.pet`` or ``fields["pet"]``."""
    if isinstance(node, nodes.Getattr):
        name = node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        name = str(node.arg.value)
    else:
        return None
    owner = dotted_name(node.node)
    if owner not in ("fields", "subscriber.fields"):
        return None
    written = f"{owner}.{name}" if isinstance(node, nodes.Getattr) else owner
    return _Use(name=name, written=written, line=node.lineno)
