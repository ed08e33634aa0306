"""A Jinja sandbox in which look-ups, calls, filters and tests of deferred values are deferred.

Jinja asks the environment for every attribute, item, call, filter and test, so here each is
recorded instead of run. Without deferred values nothing changes.
"""

from __future__ import annotations

from functools import partial, wraps
from types import BuiltinMethodType
from typing import Any

from jinja2.nodes import EvalContext
from jinja2.runtime import Context, markup_join
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import _PassArg

from lovecampaign.render.templating.filters import (
    ALLOWED_FILTERS,
    ALLOWED_TESTS,
    Function,
    deferring_filter,
    refuse_sources,
)
from lovecampaign.render.templating.limits import LIMITED_OPERATORS, limit_method, spend_on_call
from lovecampaign.render.values.budget import TURN, require_size, size_of, spend
from lovecampaign.render.values.deferred import Deferred, Untraceable, find_deferred
from lovecampaign.render.values.expressions import join_values
from lovecampaign.render.values.inputs import SubscriberFields, field_leaf


class DeferringEnvironment(SandboxedEnvironment):
    """A sandbox in which deferred values stay deferred."""

    #: ``"%s" % name`` never asks its right side; all of them can make endless texts or numbers.
    intercepted_binops = frozenset(LIMITED_OPERATORS)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.binop_table = {**self.binop_table, **LIMITED_OPERATORS}
        self.filters = {
            name: deferring_filter(name, one, self._for_one(one))
            for name, one in ALLOWED_FILTERS.items()
        }
        self.tests = {name: self._test(name, one) for name, one in ALLOWED_TESTS.items()}

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Deferred):
            return self._look_up(obj, attribute, super().getattr)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Deferred):
            return self._look_up(obj, argument, super().getitem)
        if (found := find_deferred(argument)) is not None:
            refuse_sources(obj)
            return found.__apply__(super().getitem, obj, argument)
        return super().getitem(obj, argument)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        if isinstance(obj, Deferred):
            return obj.__apply__(self._call_for_one, obj, *args, **kwargs)
        if (text := _text_of_method(obj)) is not None:
            found = find_deferred([*args, *kwargs.values()])
            if found is not None:
                method = found.__apply__(super().getattr, text, obj.__name__)
                return found.__apply__(self._call_for_one, method, *args, **kwargs)
        if (owner := _owner_of_method(obj)) is not None:
            limit_method(owner, obj.__name__, args, kwargs)
        spend(TURN)
        result = super().call(context, obj, *args, **kwargs)
        spend_on_call([*args, *kwargs.values()], result)
        return result

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        found = find_deferred([left, right])
        if found is None:
            result = super().call_binop(context, operator, left, right)
            spend(size_of(result))
            return result
        return found.__apply__(self.binop_table[operator], left, right)

    def _look_up(self, owner: Deferred, name: Any, look_up: Function) -> Deferred:
        """An attribute or item; each custom field is a leaf of its own."""
        if owner.__is_leaf__("subscriber.fields") and _is_field(name):
            return owner.__leaf__(
                field_leaf(
                    name, lambda each: look_up(SubscriberFields(each.subscriber.fields), name)
                )
            )
        return owner.__apply__(look_up, owner, name)

    def _call_for_one(self, method: Any, *args: Any, **kwargs: Any) -> Any:
        if (owner := _owner_of_method(method)) is not None:
            limit_method(owner, method.__name__, args, kwargs)
        return super().call(self._blank_context(), method, *args, **kwargs)

    def _test(self, name: str, function: Function) -> Function:
        takes_context = _PassArg.from_obj(function) is not None
        for_one = self._for_one(function)

        @wraps(function)
        def ask(*args: Any, **kwargs: Any) -> Any:
            given = args[1:] if takes_context else args
            found = find_deferred([*given, *kwargs.values()])
            if found is None:
                if name == "in":
                    spend(size_of(given[1]))
                return function(*args, **kwargs)
            if name == "sameas":
                raise Untraceable("a personal value is asked whether it is the same object")
            return found.__apply__(for_one, *given, **kwargs)

        return ask

    def _for_one(self, function: Function) -> Function:
        """The filter or test for one subscriber's values, without a template's context."""
        match _PassArg.from_obj(function):
            case _PassArg.context:
                return lambda *args, **kwargs: function(self._blank_context(), *args, **kwargs)
            case _PassArg.eval_context:
                return partial(function, EvalContext(self))
            case _PassArg.environment:
                return partial(function, self)
        return function

    def _blank_context(self) -> Context:
        return self.context_class(self, {}, None, {})


def join_parts(parts: tuple[Any, ...]) -> Any:
    """Replaces Jinja's function for ``~``."""
    found = find_deferred(parts)
    if found is not None:
        return found.__apply__(join_values, *parts)
    units = sum(map(size_of, parts))
    require_size(units)
    spend(units)
    return markup_join(parts)


def _is_field(name: object) -> bool:
    return isinstance(name, str) and not hasattr(SubscriberFields, name)


def _text_of_method(method: Any) -> str | None:
    """The text that the method belongs to."""
    owner = _owner_of_method(method)
    return owner if isinstance(owner, str) else None


def _owner_of_method(method: Any) -> Any:
    """The value that a built-in method belongs to, or None; Jinja wraps ``format``."""
    bound = getattr(method, "__wrapped__", method)
    return bound.__self__ if isinstance(bound, BuiltinMethodType) else None
