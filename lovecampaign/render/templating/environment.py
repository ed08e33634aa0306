"""The Jinja environment of emails: sandboxed, strict, with tokens for printed values."""

from __future__ import annotations

from collections.abc import Mapping
from types import CodeType
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template, nodes
from jinja2.bccache import Bucket, BytecodeCache
from jinja2.compiler import CodeGenerator, Frame
from jinja2.environment import TemplateModule
from jinja2.exceptions import TemplateSyntaxError
from jinja2.runtime import Context
from jinja2.utils import missing, pass_context
from jinja2.visitor import NodeTransformer

from lovecampaign.core.lru import LruCache
from lovecampaign.core.suggestions import did_you_mean
from lovecampaign.render.templating.captured import (
    Captured,
    CapturedBlocks,
    CapturedMacro,
    CapturingContext,
    print_value,
)
from lovecampaign.render.templating.deferring_environment import DeferringEnvironment, join_parts
from lovecampaign.render.templating.source_map import SourceMap
from lovecampaign.render.values.budget import TURN, spend

#: Compiled templates that are cached: a month has some ten, and an edit adds one.
_CACHED_TEMPLATES = 64
#: Functions of Jinja that templates may use.
GLOBALS = frozenset({"cycler", "dict", "joiner", "namespace", "range"})
#: Prints the result of a filter over a block, which is a value; no author can write this name.
_PRINTED_VALUE = "printed value"
_LOOP_TURN = "loop turn"
#: Constructs that Jinja writes without asking ``finalize``.
_WRITTEN_DIRECTLY = (nodes.CallBlock, nodes.For)


class EmailEnvironment(DeferringEnvironment):
    """Renders the templates of one email.

    ``sources`` are all templates that can be loaded, by the name that ``include`` uses; ``files``
    are their files in the workspace.
    """

    context_class = CapturingContext

    def __init__(
        self,
        sources: Mapping[str, str],
        files: Mapping[str, str],
        source_map: SourceMap | None = None,
    ) -> None:
        def load(name: str) -> tuple[str, str, None] | None:
            source = sources.get(name)
            return None if source is None else (source, files.get(name, name), None)

        super().__init__(
            loader=FunctionLoader(load),
            undefined=UnknownName,
            autoescape=True,
            finalize=_finalize,
            auto_reload=False,
            cache_size=-1,
            # For a source map a template must be parsed, which marks its pieces.
            bytecode_cache=_BYTECODE if source_map is None else None,
        )
        self.filters[_PRINTED_VALUE] = print_value
        self.filters[_LOOP_TURN] = _spend_turn
        self.globals = {name: self.globals[name] for name in GLOBALS}
        self._source_map = source_map
        self._lengths = {name: len(source) for name, source in sources.items()}

    def template_from(self, source: str, file: str) -> Template:
        """A template without a file of its own: a subject, or a day's copy."""
        code = self.compile(source, file, file)
        return self.template_class.from_code(self, code, self.make_globals(None))

    def _load_template(self, name: str, globals: Any) -> Template:  # noqa: A002 - Jinja's name
        # An include may include itself, twice.
        spend(TURN + self._lengths.get(name, 0))
        return super()._load_template(name, globals)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        _refuse_autoescape_switches(tree, name, filename)
        for block in tree.find_all(nodes.FilterBlock):
            block.filter = _printed(block.filter)
        for capture in tree.find_all(nodes.AssignBlock):
            if capture.filter is not None:
                capture.filter = _printed(capture.filter)
        _MembershipAsTest().visit(tree)
        _BudgetedLoops().visit(tree)
        if self._source_map is not None:
            self._source_map.mark(self.lexer, tree, source, filename or "")
        return tree


class UnknownName(StrictUndefined):
    """Raises for anything but ``default`` and ``is defined``, and suggests a known name."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:
            return self._undefined_hint
        owner, name = self._undefined_obj, str(self._undefined_name)
        if owner is missing:
            return f"emails have no name {name!r}"
        if owner is None:
            return f"{name!r} is read from a value that is missing (it is none)"
        spoken = getattr(type(owner), "TEMPLATE_NAME", type(owner).__name__)
        known = [one for one in dir(owner) if one.islower() and not one.startswith("_")]
        near = did_you_mean(name, known)
        return f"{spoken} has no {name!r}" + (f"; {near}" if near else "")


class _EmailTemplate(Template):
    """A template with generated code that captures text instead of marking it as safe."""

    @classmethod
    def _from_namespace(cls, environment: Environment, namespace: Any, shared: Any) -> Template:
        namespace["Markup"] = Captured.from_source
        namespace["Macro"] = CapturedMacro
        namespace["TemplateReference"] = CapturedBlocks
        namespace["markup_join"] = join_parts
        return super()._from_namespace(environment, namespace, shared)

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        """Never cached: a cached module would hold the tokens of its first recipient."""
        keys = (ctx.globals_keys - self.globals.keys()) if ctx is not None else frozenset()
        return self.make_module({key: ctx.parent[key] for key in keys} if ctx else None)


class _PrintingGenerator(CodeGenerator):
    """Passes through ``finalize`` what Jinja would write as it is."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._is_wrapped: list[bool] = []

    def start_write(self, frame: Frame, node: nodes.Node | None = None) -> None:
        super().start_write(frame, node)
        self._is_wrapped.append(isinstance(node, _WRITTEN_DIRECTLY))
        if self._is_wrapped[-1]:
            self.write("environment.finalize(context, ")

    def end_write(self, frame: Frame) -> None:
        if self._is_wrapped.pop():
            self.write(")")
        super().end_write(frame)


class _MembershipAsTest(NodeTransformer):
    """``a in b`` as ``a is in(b)``: Python's ``in`` makes a bool of every answer."""

    def visit_Compare(self, node: nodes.Compare) -> nodes.Expr:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        if len(node.ops) != 1 or node.ops[0].op not in ("in", "notin"):
            return node
        [operand] = node.ops
        test = nodes.Test(node.expr, "in", [operand.expr], [], None, None, lineno=node.lineno)
        return test if operand.op == "in" else nodes.Not(test, lineno=node.lineno)


class _BudgetedLoops(NodeTransformer):
    """Each turn of a loop draws on the budget, and each item that its ``if`` looks at."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        turn = _turn(node, TURN + _static_length(node.body))
        node.body.insert(0, nodes.ExprStmt(turn, lineno=node.lineno))
        if node.test is not None:
            node.test = nodes.And(_turn(node, TURN), node.test, lineno=node.lineno)
        return node


class _CompiledTemplates(BytecodeCache):
    """Compiled templates in memory, by name and source, shared by the emails of a month.

    Compiling takes 5 ms: a quarter of the time that checking a month takes.
    """

    def __init__(self) -> None:
        self._cache: LruCache[tuple[str, str], CodeType | None] = LruCache(_CACHED_TEMPLATES)

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._cache.get((bucket.key, bucket.checksum), lambda _: None)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._cache.put((bucket.key, bucket.checksum), bucket.code)


_BYTECODE = _CompiledTemplates()
EmailEnvironment.template_class = _EmailTemplate
EmailEnvironment.code_generator_class = _PrintingGenerator


@pass_context
def _finalize(_: Context, value: object) -> object:
    # With a context Jinja cannot call this at compile time: tokens are numbered while rendering.
    return print_value(value)


@pass_context  # so that Jinja cannot call it at compile time
def _spend_turn(_: Context, units: int) -> bool:
    spend(units)
    return True


def _turn(loop: nodes.For, units: int) -> nodes.Filter:
    count = nodes.Const(units, lineno=loop.lineno)
    return nodes.Filter(count, _LOOP_TURN, [], [], None, None, lineno=loop.lineno)


def _static_length(body: list[nodes.Node]) -> int:
    """Characters of template text in a loop's body; loops inside it count their own."""
    length, waiting = 0, list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, nodes.TemplateData):
            length += len(node.data)
        elif not isinstance(node, nodes.For):
            waiting += node.iter_child_nodes()
    return length


def _printed(found: nodes.Filter) -> nodes.Filter:
    return nodes.Filter(found, _PRINTED_VALUE, [], [], None, None, lineno=found.lineno)


def _refuse_autoescape_switches(
    tree: nodes.Template, name: str | None, filename: str | None
) -> None:
    for switch in tree.find_all(nodes.ScopedEvalContextModifier):
        raise TemplateSyntaxError(
            "autoescape cannot be switched: values are always escaped for their place",
            switch.lineno,
            name,
            filename,
        )


#: For parsing alone: to make an environment takes longer than to parse a subject.
PARSER = EmailEnvironment({}, {})


def open_parser() -> Environment:
    """A parser that may be given more filters and tests."""
    parser = PARSER.overlay()
    parser.filters, parser.tests = dict(PARSER.filters), dict(PARSER.tests)
    return parser
