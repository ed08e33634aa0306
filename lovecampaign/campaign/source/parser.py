"""YAML → tree: an event-based parser with YAML 1.2 scalars, duplicate keys and limits.

The tree is built from PyYAML's events, not with ``compose()``: events also show anchors and
aliases, which are rejected, and need no recursion, so nesting cannot exhaust the stack.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import yaml

from lovecampaign.campaign.source.fix_mistakes import FixedText, YamlMistake
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.source import Source, Spot
from lovecampaign.campaign.source.tree import MappingEntry, Node, Scalar, Tree, WrittenFloat
from lovecampaign.campaign.source.yaml_errors import TOO_DEEP_HINT, translate_yaml_error
from lovecampaign.core.problems import Problem

#: campaign.yaml needs five levels, and 27 days with every setting some 400 nodes.
MAX_DEPTH = 20
MAX_NODES = 20_000

#: The C parser (libyaml) where PyYAML was built with it: ten times as fast.
LOADER: type[yaml.BaseLoader] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

#: Mistakes after which the other values of the line are not what the author meant.
_MISREAD = frozenset(
    {ProblemCode.BARE_BRACES, ProblemCode.COMMA_SPLITS, ProblemCode.YAML_MACHINERY}
)

_CORE_SCHEMA = (
    (re.compile(r"[-+]?[0-9]+\.[0-9]*0"), WrittenFloat),
    (re.compile(r"~|null|Null|NULL|"), lambda _: None),
    (re.compile(r"true|True|TRUE"), lambda _: True),
    (re.compile(r"false|False|FALSE"), lambda _: False),
    (re.compile(r"[-+]?[0-9]{1,18}"), int),
    (re.compile(r"0o[0-7]{1,18}"), lambda text: int(text, 0)),
    (re.compile(r"0x[0-9a-fA-F]{1,16}"), lambda text: int(text, 0)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.(inf|Inf|INF)"), lambda text: float(text.replace(".", ""))),
    (re.compile(r"\.(nan|NaN|NAN)"), lambda _: float("nan")),
)


def read_tree(
    source: Source, fixed_text: FixedText, loader: type[yaml.BaseLoader] = LOADER
) -> Tree:
    """Parse the settings. Never raises: an error of YAML becomes a problem with its place."""
    tree = Tree(problems=list(fixed_text.problems))
    builder = _TreeBuilder(source)
    try:
        for event in yaml.parse(fixed_text.text, Loader=loader):
            if not builder.take(event):
                tree.is_whole = False
                break
    except yaml.YAMLError as error:
        builder.problems.append(translate_yaml_error(source, error))
        tree.is_whole = False
    tree.root = builder.root
    tree.silent_lines = fixed_text.lines_with_errors
    problems = [problem for problem in builder.problems if not tree.is_silent(problem)]
    tree.problems += problems
    tree.silent_lines |= {_line(problem) for problem in problems if problem.code in _MISREAD}
    return tree


def core_value(text: str) -> Scalar:
    """A plain scalar's value by the core schema of YAML 1.2 (section 10.3.2)."""
    for pattern, convert in _CORE_SCHEMA:
        if pattern.fullmatch(text):
            value: Scalar = convert(text)
            return value
    return text


class _TreeBuilder:
    """Builds nodes from events, with an explicit stack."""

    def __init__(self, source: Source) -> None:
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._source = source
        self._open: list[_OpenCollection] = []
        self._nodes = 0
        self._documents = 0

    def take(self, event: yaml.Event) -> bool:
        """Add an event; False stops the parser."""
        match event:
            case yaml.DocumentStartEvent():
                return self._start_document(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                return self._open_collection(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._open.pop()
            case yaml.ScalarEvent():
                return self._add_scalar(event)
            case yaml.AliasEvent():
                self._refuse_machinery(event, f"*{event.anchor}")
                return self._add(Node(spot=_spot(event)))
        return True

    def _start_document(self, event: yaml.Event) -> bool:
        self._documents += 1
        if self._documents > 1:
            message = "three dashes start a second document here, and it would be ignored"
            hint = "delete the dashes"
            self._report(ProblemCode.SECOND_DOCUMENT, message, _spot(event), hint=hint)
        return self._documents == 1

    def _open_collection(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> bool:
        self._refuse_properties(event)
        node = Node(spot=_spot(event), is_flow=bool(event.flow_style))
        if isinstance(event, yaml.MappingStartEvent):
            node.entries = []
        else:
            node.items = []
        if len(self._open) >= MAX_DEPTH:
            return self._too_much(node.spot, f"more than {MAX_DEPTH} levels are nested here")
        going_on = self._add(node)
        self._open.append(_OpenCollection(node))
        return going_on

    def _add_scalar(self, event: yaml.ScalarEvent) -> bool:
        self._refuse_properties(event)
        is_plain = not event.style
        value = core_value(event.value) if is_plain else event.value
        return self._add(Node(spot=_spot(event), scalar=value, is_plain=is_plain))

    def _add(self, node: Node) -> bool:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            return self._too_much(node.spot, "there are too many settings for a campaign")
        if not self._open:
            self.root = node
            return True
        parent = self._open[-1]
        if parent.node.items is not None:
            parent.node.items.append(node)
        elif parent.key is None:
            parent.key = node
        else:
            self._add_entry(parent, parent.key, node)
            parent.key = None
        return True

    def _add_entry(self, parent: _OpenCollection, key: Node, value: Node) -> None:
        if mistake := _entry_mistake(parent, key, value):
            self._report(mistake.code, mistake.message, key.spot, mistake.hint)
            return
        entry = MappingEntry(key=key.scalar, key_spot=key.spot, value=value)
        parent.entries[str(key.scalar)] = entry
        if parent.node.entries is not None:
            parent.node.entries.append(entry)

    def _refuse_properties(
        self, event: yaml.ScalarEvent | yaml.MappingStartEvent | yaml.SequenceStartEvent
    ) -> None:
        if event.anchor:
            self._refuse_machinery(event, f"&{event.anchor}")
        elif event.tag and event.tag != "!":
            self._refuse_machinery(event, event.tag)

    def _refuse_machinery(self, event: yaml.Event, what: str) -> None:
        message = f"{what} means something to YAML that campaigns do not use"
        hint = "if it is a part of the text, put quotes around all of it"
        self._report(ProblemCode.YAML_MACHINERY, message, _spot(event), hint=hint)

    def _too_much(self, spot: Spot, message: str) -> bool:
        self._report(ProblemCode.TOO_DEEP, message, spot, hint=TOO_DEEP_HINT)
        return False

    def _report(self, code: ProblemCode, message: str, spot: Spot, hint: str) -> None:
        self.problems.append(self._source.problem(code, message, spot, hint=hint))


@dataclass(slots=True)
class _OpenCollection:
    """A collection that is not complete; ``key`` has no value yet."""

    node: Node
    key: Node | None = None
    #: The entries of a mapping so far, by key.
    entries: dict[str, MappingEntry] = field(default_factory=dict)


def _entry_mistake(parent: _OpenCollection, key: Node, value: Node) -> YamlMistake | None:
    if key.entries is not None or key.items is not None:
        message = "there are brackets here where a key belongs"
        hint = "a value with braces needs quotes; merge fields work in subject, preheader and copy"
        return YamlMistake(ProblemCode.BARE_BRACES, message, hint)
    is_alone = value.is_plain and value.scalar is None
    if parent.node.is_flow and is_alone and parent.entries:
        written = str(key.scalar)
        message = f"inside {{ }} a comma starts a new entry, so {written} is alone here"
        hint = "write a colon and its value behind it; for several words, use brackets: [one, two]"
        if written[:1].isdigit():  # no word on the comma: it may be a decimal one
            hint = 'put quotes around a number with a comma: "1,299 EUR"'
        return YamlMistake(ProblemCode.COMMA_SPLITS, message, hint)
    if first := parent.entries.get(str(key.scalar)):
        message = f"{key.scalar} is here twice: first on line {first.key_spot.line}"
        return YamlMistake(ProblemCode.DUPLICATE_KEY, message, "keep one of them")
    return None


def _line(problem: Problem) -> int:
    return problem.place.line or 0 if problem.place else 0


def _spot(event: yaml.Event) -> Spot:
    start, end = event.start_mark, event.end_mark
    if start is None or end is None:  # only events of the stream itself have no marks
        return Spot(line=1)
    width = end.column - start.column if end.line == start.line else 1
    return Spot(line=start.line + 1, column=start.column + 1, width=max(1, width))
